/** `knot undo`: a stack that only goes forward, and whose pushes only their author brings back. */
import { afterEach, expect, test, vi } from 'vitest'
import type { Output } from '../src/api/types.ts'
import { makeRoom, type Peer, type Peers, refused, setPeers } from './peers.ts'
import { until } from './world.ts'

vi.setConfig({ testTimeout: 180_000 })

const HEAD = 'refs/knot/integration'

let set: Peers
afterEach(() => set.strike())

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
