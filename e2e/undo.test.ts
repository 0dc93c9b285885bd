/** `knot undo`: a stack that only goes forward, and whose pushes only their author brings back. */
import { type ChildProcess, spawn } from 'node:child_process'
import { afterEach, expect, test, vi } from 'vitest'
import type { Item, Output } from '../src/api/types.ts'
import { LAUNCHER, makeRoom, type Peer, type Peers, refused, setPeers } from './peers.ts'
import { until } from './world.ts'

vi.setConfig({ testTimeout: 180_000 })

const HEAD = 'refs/knot/integration'

let set: Peers
let child: ChildProcess | undefined
afterEach(async () => {
  child?.kill()
  child = undefined
  await set.strike()
})

/** Commits files and has them land; gives the commit. */
async function land(peer: Peer, files: Record<string, string>): Promise<string> {
  const commit = await peer.commit(files)
  await peer.knot('sync')
  await landed(peer, commit)
  return commit
}

async function landed(peer: Peer, commit: string, times = 1): Promise<void> {
  await until(`${peer.name}’s ${commit.slice(0, 8)} landed`, async () => {
    const events = await peer.events()
    const mine = events.filter(({ kind, fields }) => kind === 'landed' && fields['commit'] === commit)
    return mine.length === times && (await peer.status()).integration.behind === 0
  })
}

const undo = (peer: Peer, ...args: string[]) => peer.told<Output<'undo'>>('undo', ...args)

/** The files of the known-good state, without those of the project. */
async function files(peer: Peer): Promise<string> {
  const all = (await peer.git('ls-tree', '--name-only', HEAD)).split('\n')
  return all.filter((name) => /^(ada|bob|carol)/.test(name)).join(' ')
}

async function everybodyHas(peers: readonly Peer[], expected: string): Promise<void> {
  for (const peer of peers) {
    await until(`${peer.name} has ${expected}`, async () => (await files(peer)) === expected)
  }
}

function watch(peer: Peer): Item<'sync.watch'>[] {
  const lines: Item<'sync.watch'>[] = []
  const { clone: cwd, env } = peer
  child = spawn(process.execPath, [LAUNCHER, 'sync', '--watch', '--json'], { cwd, env })
  let rest = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const all = (rest + text).split('\n')
    rest = all.pop() ?? ''
    lines.push(...all.map((line) => JSON.parse(line) as Item<'sync.watch'>))
  })
  return lines
}

test('S679, S680: what was undone comes back by its author’s sync, not by a watch or a teammate', async () => {
  set = await setPeers(['ada', 'bob', 'carol'])
  const [ada, bob, carol] = set.peers as [Peer, Peer, Peer]
  await makeRoom(set.peers)
  const one = await land(ada, { 'ada-1.txt': '1' })
  await bob.told('sync')
  await bob.git('merge', '-q', HEAD)
  const two = await land(ada, { 'ada-2.txt': '2' })
  await everybodyHas(set.peers, 'ada-1.txt ada-2.txt')
  const before = await bob.git('rev-parse', HEAD)

  const first = await undo(bob, '--reason', 'too slow')
  expect(first).toMatchObject({ standing: 'confirmed', name: 'ada', commit: two, reason: 'too slow' })
  const second = await undo(carol)
  expect(second).toMatchObject({ standing: 'confirmed', commit: one })
  await everybodyHas(set.peers, '')
  expect(await carol.git('rev-parse', HEAD)).toBe(second.head)
  await carol.git('merge-base', '--is-ancestor', before, second.head as string)
  await refused(bob, ['undo'], { exit: 5, code: 'NOT_FOUND', says: ['nothing has landed'] })
  const { integration } = await ada.status()
  expect(integration).toMatchObject({
    landings: 0, undone: [{ commit: one }, { commit: two, reason: 'too slow' }],
  })

  // Bob's work is on top of what was undone, and lands without it.
  await land(bob, { 'bob.txt': 'b' })
  await everybodyHas(set.peers, 'bob.txt')

  const lines = watch(ada)
  const steps = () => lines.filter((line) => line.kind === 'step' && line.step === 'undone')
  await until('the watch says why it publishes nothing', () => steps().length === 1)
  expect(steps()[0]).toMatchObject({ text: expect.stringContaining('undone by bob') })
  const three = await ada.commit({ 'ada-3.txt': '3' })
  await until('the watch says so of the next commit', () => steps().length === 2)
  await carol.told('say', 'anybody?')
  await until('another round', () => lines.filter(({ kind }) => kind === 'synced').length > 1)
  expect(lines.some((line) => line.kind === 'synced' && line.sync.push !== undefined)).toBe(false)
  expect(steps()).toHaveLength(2)

  const back = await ada.told<Output<'sync'>>('sync', one)
  expect(back.again).toHaveLength(1)
  await landed(ada, one, 2)
  await everybodyHas(set.peers, 'ada-1.txt bob.txt')
  expect((await ada.told<Output<'sync'>>('sync')).again).toHaveLength(1)
  await landed(ada, three)
  await everybodyHas(set.peers, 'ada-1.txt ada-2.txt ada-3.txt bob.txt')
  expect((await ada.status()).integration).toMatchObject({ landings: 3, undone: [] })
})

test('S681: what no majority confirms is provisional, and what landed first stays', async () => {
  set = await setPeers(['ada', 'bob', 'carol'])
  const [ada, bob, carol] = set.peers as [Peer, Peer, Peer]
  await makeRoom(set.peers)
  await refused(bob, ['undo'], { exit: 5, code: 'NOT_FOUND', says: ['nothing has landed'] })
  await land(ada, { 'ada.txt': '1' })
  await everybodyHas(set.peers, 'ada.txt')
  for (const peer of [ada, carol]) await peer.knot('down')
  const asked = await bob.asked<Output<'undo'>>('undo')
  expect(asked).toMatchObject({
    exit: 8, error: { code: 'PENDING' }, result: { standing: 'provisional', name: 'ada' },
  })
  expect(asked.error?.message).toContain('majority of ada, bob, carol')
  expect((await bob.status()).integration.undo).toMatchObject({ name: 'ada', by: { name: 'bob' } })
  expect(await files(bob)).toBe('ada.txt')
  for (const peer of [ada, carol]) await peer.status()
  await everybodyHas(set.peers, '')
  const log = (await carol.events()).map(({ text }) => text)
  expect(log).toContainEqual(expect.stringMatching(/^↶ undone ada@[0-9a-f]{8} by bob$/))
})

test('S682: the log tells an undo of its author, with who asked and why, and nobody says it', async () => {
  set = await setPeers(['ada'])
  const [ada] = set.peers as [Peer]
  await makeRoom(set.peers)
  const commit = await land(ada, { 'ada.txt': '1' })
  await undo(ada, '--reason', 'wrong branch')
  await ada.told('say', '↶ undone nothing')
  const events = await ada.events()
  const name = `ada@${commit.slice(0, 8)}`
  expect(events.slice(-2)).toMatchObject([
    { kind: 'undone', by: { name: 'ada' }, text: `↶ undone ${name} by ada: wrong branch` },
    { kind: 'said', text: 'says: ↶ undone nothing' },
  ])
})
