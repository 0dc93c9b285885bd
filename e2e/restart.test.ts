/** Everybody goes, everybody comes back: the room is what it was. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Output } from '../src/api/types.ts'
import { type Event, makeRoom, type Peer, type Peers, setPeers, settled } from './peers.ts'
import { until } from './world.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 90_000 })

let set: Peers
let [ada, bob, carol, dave]: Peer[] = []
let first: { link: string }
let before: { room: string; log: Event[]; tasks: unknown; head: string; term: number }

beforeAll(async () => {
  set = await setPeers(['ada', 'bob', 'carol', 'dave'])
  ;[ada, bob, carol, dave] = set.peers
  first = await makeRoom(three())
  await bob!.told('say', 'a word')
  await carol!.told('tasks', 'add', 'a task')
  await carol!.commit({ 'carol.js': 'export const by = "carol"\n' })
  const { id } = await carol!.told<{ id: string }>('sync')
  await until('it has landed everywhere', async () => {
    const logs = await Promise.all(three().map((peer) => peer.events()))
    const landed = ({ kind, fields }: Event) => kind === 'landed' && fields['push'] === id
    if (!logs.every((log) => log.some(landed) && log.length === logs[0]?.length)) return false
    // Objects come after the word of them: the ref of each moves once they are there.
    const heads = await Promise.all(three().map(async (peer) => (await everything(peer)).head))
    return heads.every((head) => head !== '' && head === heads[0])
  })
  before = await everything(ada!)
})
afterAll(() => set.strike())

function three(): Peer[] {
  return [ada!, bob!, carol!]
}

async function everything(peer: Peer): Promise<typeof before> {
  const { room, term, integration } = await peer.status()
  const { tasks } = await peer.told<Output<'tasks.list'>>('tasks', 'list')
  const log = await peer.events()
  return { room: room?.id ?? '', log, tasks, head: integration.commit ?? '', term }
}

test('one that comes back alone shows all it had, confirms nothing, and keeps what is added', async () => {
  for (const peer of three()) await peer.told('down')
  const { term, ...alone } = await everything(carol!)
  expect(alone).toEqual({ ...before, term: undefined })
  expect(term).toBe(before.term)
  const { mode, members } = await carol!.status()
  expect(mode).toBe('provisional')
  expect(members.filter(({ online }) => online).map(({ name }) => name)).toEqual(['carol'])

  await carol!.commit({ 'later.js': 'export const by = "carol"\n' })
  const pushed = await carol!.asked<{ id: string }>('sync')
  expect({ exit: pushed.exit, code: pushed.error?.code }).toEqual({ exit: 7, code: 'QUEUED' })
  expect((await everything(carol!)).head).toBe(before.head)

  // Two of three are enough to lead, and what was queued lands.
  await bob!.status()
  await until('what was queued has landed', async () => {
    const log = await bob!.events()
    return log.some(({ kind, fields }) => kind === 'landed' && fields['push'] === pushed.result.id)
  }, 60_000)
  await settled(three())
  before = await everything(bob!)
})

test('after kill -9 of all at once the room, its log and its leader are there again', async () => {
  await Promise.all(three().map((peer) => peer.kill()))
  await Promise.all(three().map((peer) => peer.status()))
  await settled(three())
  for (const peer of three()) {
    await until(`${peer.name} has everything`, async () => {
      const { term, ...now } = await everything(peer)
      expect({ ...now, term: before.term }).toEqual(before)
      return term >= before.term
    })
    expect(await peer.git('rev-parse', 'refs/knot/integration')).toBe(before.head)
  }
})

test('knot up resumes the room and prints a link that works', async () => {
  await Promise.all(three().map((peer) => peer.told('down')))
  const up = await ada!.told<{ kind: string; link: string; room: { id: string } }>('up')
  expect(up).toMatchObject({ kind: 'resumed', room: { id: before.room } })
  // The same invite at the same port: links that were passed on before still lead here.
  expect(up.link).toBe(first.link)
  const joined = await dave!.told<{ kind: string; room: { id: string } }>('join', up.link)
  expect(joined).toMatchObject({ kind: 'admitted', room: { id: before.room } })
  await Promise.all(three().map((peer) => peer.status()))
  await settled(set.peers)
  await until('dave has it all', async () => {
    const { log, tasks } = await everything(dave!)
    expect(tasks).toEqual(before.tasks)
    return before.log.every(({ id }) => log.some((event) => event.id === id))
  })
  await dave!.git('rev-parse', `refs/knot/integration`)
})
