/** kill -9 of every daemon, again and again, while all of them are at work. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Output } from '../src/api/types.ts'
import { decodeChange } from '../src/core/room/decode.ts'
import { homeAt } from '../src/store/home.ts'
import { nodeDisk } from '../src/store/node-disk.ts'
import { openRoom } from '../src/store/room.ts'
import { type Event, makeRoom, type Peer, type Peers, setPeers, settled } from './peers.ts'
import { until } from './world.ts'

const KILLS = 21
const BETWEEN_MS = 1_800
/** What a command may say while daemons are killed under it; anything else is a defect. */
const EXPECTED = ['DAEMON_GONE', 'DAEMON_FAILED', 'QUEUED']

let set: Peers

beforeAll(async () => {
  set = await setPeers(['ada', 'bob', 'carol'])
  await makeRoom(set.peers)
}, 90_000)
afterAll(() => set.strike(), 90_000)

test('what a command acknowledged is everywhere after 21 kills, once', async () => {
  const stopping = new AbortController()
  const work = set.peers.map((peer) => labour(peer, stopping.signal))
  let killed = 0
  for (let n = 0; n < KILLS; n++) {
    await sleep(Math.random() * BETWEEN_MS)
    if (await (set.peers[n % 3] as Peer).kill()) killed++
  }
  stopping.abort()
  const done = await Promise.all(work)
  const tasks = done.flatMap(({ tasks }) => tasks)
  const pushes = done.flatMap(({ pushes }) => pushes)
  const said = new Set(done.flatMap(({ errors }) => errors))
  expect([...said].filter((code) => !EXPECTED.includes(code))).toEqual([])
  expect(killed).toBeGreaterThan(KILLS / 2)

  await settled(set.peers, 90_000)
  await until('every task is everywhere', async () => {
    const boards = await Promise.all(set.peers.map(idsOfTasks))
    return boards.every((ids) => tasks.every((id) => ids.includes(id)))
  }, 60_000)
  // Those that nobody acknowledged are the room's just as well, once anybody has seen them.
  await until('every push has landed, or a reason why not', async () => {
    const logs = await Promise.all(set.peers.map((peer) => peer.events()))
    return logs.every((log) => {
      const seen = log.filter(({ kind }) => kind === 'pushed').map(({ id }) => id)
      const all = [...pushes, ...seen]
      return all.every((push) => seen.includes(push) && outcomesOf(log, push).length === 1)
    })
  }, 120_000)
  await until('the logs agree', async () => {
    const logs = await Promise.all(set.peers.map((peer) => peer.events()))
    return new Set(logs.map((log) => JSON.stringify(log))).size === 1
  }, 60_000)

  const log = await (set.peers[0] as Peer).events()
  expect(doubled(log.map(({ id }) => id))).toEqual([])
  expect(doubled(await idsOfTasks(set.peers[0] as Peer))).toEqual([])
  await oneLine(log)
  const pushed = log.filter(({ kind }) => kind === 'pushed').length
  const counts = { killed, tasks: tasks.length, acknowledged: pushes.length, pushed }
  console.log(`kill: ${JSON.stringify(counts)}`)
}, 360_000)

test('no stream was forked, and nobody lost a life', async () => {
  await Promise.all(set.peers.map((peer) => peer.told('down')))
  const rooms = await Promise.all(set.peers.map((peer) => changesOf(peer)))
  for (const room of rooms) expect(room).toEqual(rooms[0])
  const actors = new Set([...(rooms[0] as Map<string, string>).keys()].map((at) => at.split('/')[0]))
  expect(actors.size).toBe(set.peers.length)
  for (const peer of set.peers) {
    expect(peer.daemonLog()).not.toMatch(/signed two changes|did not sign|uncaught|unhandled|bug|INTERNAL/)
  }
}, 90_000)

type Labour = { tasks: string[]; pushes: string[]; errors: string[] }

/** Adds tasks and publishes commits until told to stop; keeps what was acknowledged. */
async function labour(peer: Peer, signal: AbortSignal): Promise<Labour> {
  const done: Labour = { tasks: [], pushes: [], errors: [] }
  const adding = async () => {
    for (let n = 0; !signal.aborted; n++) {
      const { result, error } = await peer.asked<{ id: string }>('tasks', 'add', `${peer.name} ${n}`)
      if (error === undefined) done.tasks.push(result.id)
      else done.errors.push(error.code)
    }
  }
  const publishing = async () => {
    for (let n = 0; !signal.aborted; n++) {
      await peer.commit({ [`${peer.name}-${n}.js`]: `export const n = ${n}\n` })
      const { result, error } = await peer.asked<{ id?: string }>('sync', '--push-only')
      if (error !== undefined) done.errors.push(error.code)
      if (result?.id !== undefined) done.pushes.push(result.id)
    }
  }
  await Promise.all([adding(), publishing()])
  return done
}

async function idsOfTasks(peer: Peer): Promise<string[]> {
  const { tasks } = await peer.told<Output<'tasks.list'>>('tasks', 'list')
  return tasks.map(({ id }) => id)
}

/** The verdicts on a push: there must be one. */
function outcomesOf(log: readonly Event[], push: string): Event[] {
  const kinds = ['landed', 'conflict', 'check-failed', 'unrelated', 'contained']
  return log.filter(({ kind, fields }) => kinds.includes(kind) && fields['push'] === push)
}

/** Landings are one line: each on top of the one before, none twice, the same at every peer. */
async function oneLine(log: readonly Event[]): Promise<void> {
  const landed = log.filter(({ kind }) => kind === 'landed')
  expect(doubled(landed.map(({ fields }) => String(fields['push'])))).toEqual([])
  const commits = landed.map(({ fields }) => String(fields['landed'])).sort()
  for (const peer of set.peers) {
    const line = async () => {
      const log = await peer.git('log', '--first-parent', '--format=%H', 'refs/knot/integration')
      // The last one is where the room began.
      return log.split('\n').slice(0, -1).sort()
    }
    await until(`${peer.name} has all landings`, async () => (await line()).length === commits.length)
    expect(await line()).toEqual(commits)
  }
}

/** Every change that a peer holds: its author and place, and its hash. */
async function changesOf(peer: Peer): Promise<Map<string, string>> {
  const changes = new Map<string, string>()
  const opened = await openRoom({
    home: homeAt(peer.clone),
    disk: nodeDisk,
    restore(entry) {
      if (entry.kind !== 'change') return
      const decoded = decodeChange(entry.bytes)
      if (decoded.kind === 'malformed') throw new Error(`${peer.name}: ${decoded.why}`)
      const at = `${decoded.change.actor}/${decoded.change.seq}`
      expect(changes.has(at), `${peer.name} holds ${at} twice`).toBe(false)
      changes.set(at, decoded.hash)
    },
  })
  if (opened.kind !== 'ok') throw new Error(`${peer.name}: the log does not open: ${opened.kind}`)
  await opened.room.close()
  return new Map([...changes].sort())
}

function doubled(ids: readonly string[]): string[] {
  return ids.filter((id, at) => ids.indexOf(id) !== at)
}
