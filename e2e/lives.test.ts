/** Disks that go back in time, and disks that are there twice: nothing is lost, and nobody mends it. */
import { cpSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import type { Output } from '../src/api/types.ts'
import { type Event, makeRoom, Peer, type Peers, setPeers, settled } from './peers.ts'
import { until } from './world.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 90_000 })

let set: Peers | undefined
afterEach(async () => {
  await set?.strike()
  set = undefined
})

/** A room of three, and one of them who does not lead it. */
async function room(): Promise<{ all: Peer[]; one: Peer; others: Peer[] }> {
  set = await setPeers(['ada', 'bob', 'carol'])
  const all = set.peers
  await makeRoom(all)
  const leader = await settled(all)
  const one = all.find((peer) => peer !== leader) as Peer
  return { all, one, others: all.filter((peer) => peer !== one) }
}

/** What somebody wrote, by the id that the command answered. */
class Acknowledged {
  readonly texts = new Map<string, string>()
  readonly pushes = new Set<string>()

  async say(peer: Peer, text: string): Promise<void> {
    const { id } = await peer.told<{ id: string }>('say', text)
    this.texts.set(id, text)
  }

  async task(peer: Peer, title: string): Promise<void> {
    const { id } = await peer.told<Output<'tasks.add'>>('tasks', 'add', title)
    this.texts.set(id, title)
  }

  /** Pushes a new file, whether or not anybody hears of it now. */
  async push(peer: Peer, file: string): Promise<void> {
    await peer.commit({ [file]: `export const by = '${peer.name}'\n` })
    const { error } = await peer.asked('sync')
    expect(['QUEUED', undefined]).toContain(error?.code)
    const pushed = (await peer.events()).filter(({ kind }) => kind === 'pushed')
    this.pushes.add((pushed.at(-1) as Event).id)
  }

  /** Waits until everybody shows all of it, once, and the same. */
  async everywhere(peers: readonly Peer[]): Promise<void> {
    await until('all that was acknowledged is everywhere, and the same', async () => {
      const logs = await Promise.all(peers.map((peer) => peer.events()))
      const has = (log: readonly Event[]) => {
        const told = new Map(log.map((event) => [event.id, JSON.stringify(event)]))
        const all = [...this.texts].every(([id, text]) => told.get(id)?.includes(text))
        return all && [...this.pushes].every((push) =>
          log.some(({ kind, fields }) => kind === 'landed' && fields['push'] === push))
      }
      return logs.every((log) => has(log) && JSON.stringify(log) === JSON.stringify(logs[0]))
    }, 120_000)
    const log = await (peers[0] as Peer).events()
    expect(new Set(log.map(({ id }) => id)).size).toBe(log.length)
  }
}

const begun = (peer: Peer) => peer.daemonLog().match(/a new incarnation begins/g)?.length ?? 0

const proved = (peer: Peer) => /the proof is published/.test(peer.daemonLog())

test('a disk that was rolled back, and worked on at once, loses nothing', async () => {
  const { all, one, others } = await room()
  const said = new Acknowledged()
  await said.say(one, 'before the copy')
  await said.everywhere(all)
  await one.told('down')
  const copy = `${one.clone}.copy`
  cpSync(one.knotPath(), copy, { recursive: true })

  for (const n of [1, 2, 3]) await said.say(one, `after the copy ${n}`)
  await said.task(one, 'a task after the copy')
  await said.push(one, 'after.js')
  await said.everywhere(all)
  await one.told('down')
  rmSync(one.knotPath(), { recursive: true })
  cpSync(copy, one.knotPath(), { recursive: true })

  // Nobody is there to tell it what it forgot.
  for (const other of others) other.signal('SIGSTOP')
  for (const n of [1, 2]) await said.say(one, `blind ${n}`)
  await said.task(one, 'a blind task')
  await said.push(one, 'blind.js')
  for (const other of others) other.signal('SIGCONT')

  await said.everywhere(all)
  expect(begun(one)).toBe(1)
  expect(all.some(proved)).toBe(true)
  await settled(all)
  for (const peer of all) await peer.told('down')
  await said.everywhere(all)
  expect(begun(one)).toBe(1)
})

test('two daemons of one cloned disk are one agent that loses nothing', async () => {
  const { all, one, others } = await room()
  const said = new Acknowledged()
  await said.say(one, 'before the copy')
  await said.everywhere(all)
  await one.told('down')
  const twin = new Peer({ name: 'twin', root: dirname(dirname(one.clone)) })
  cpSync(dirname(one.clone), dirname(twin.clone), { recursive: true })
  set?.peers.push(twin)

  for (const other of others) other.signal('SIGSTOP')
  for (const each of [one, twin]) {
    for (const n of [1, 2, 3]) await said.say(each, `apart ${each.name} ${n}`)
    await said.task(each, `a task of ${each.name}`)
    await said.push(each, `${each.name}-apart.js`)
  }
  for (const other of others) other.signal('SIGCONT')

  await said.everywhere([...all, twin])
  for (const each of [one, twin]) await said.say(each, `together ${each.name}`)
  await said.everywhere([...all, twin])
  for (const each of [one, twin]) expect(begun(each)).toBe(1)
  expect([...all, twin].some(proved)).toBe(true)
  for (const peer of [...all, twin]) await peer.told('down')
  await said.everywhere([...all, twin])
})
