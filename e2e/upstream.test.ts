/** Three peers that share a remote: it holds what they publish, and the mesh never needs it. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Output } from '../src/api/types.ts'
import { makeRoom, type Peer, type Peers, run, setPeers, settled } from './peers.ts'
import { until } from './world.ts'

vi.setConfig({ testTimeout: 90_000 })

let set: Peers
let shared: string
let [ada, bob, carol]: Peer[] = []

beforeAll(async () => {
  set = await setPeers(['ada', 'bob', 'carol'])
  ;[ada, bob, carol] = set.peers as [Peer, Peer, Peer]
  shared = join(set.root, 'shared.git')
  await bare('init', '-q', '--bare', '-b', 'main', shared)
  for (const peer of set.peers) {
    delete peer.env['KNOT_TRANSPORT']
    await peer.git('remote', 'set-url', 'origin', shared)
  }
  await ada?.git('push', '-q', 'origin', 'main')
  await makeRoom(set.peers)
})
afterAll(() => set.strike())

async function bare(...args: string[]): Promise<string> {
  const { env } = set.peers[0] as Peer
  const { exit, stdout, stderr } = await run(['git', ...args], { cwd: set.root, env })
  if (exit !== 0) throw new Error(stderr)
  return stdout.trim()
}

const there = (ref: string) => bare('--git-dir', shared, 'rev-parse', ref)
const integration = (peer: Peer) => peer.git('rev-parse', 'refs/knot/integration')

test('S613: origin holds a push beside the peers, and the landing reaches it', async () => {
  const [author, other] = [ada, bob] as [Peer, Peer]
  const commit = await author.commit({ 'one.txt': '1' })
  const done = await author.told<Output<'sync'>>('sync')
  expect(done.heldBy.at(-1)).toEqual({ id: 'origin', name: 'origin' })
  expect(done).toMatchObject({ transport: 'upstream', upstream: { remote: shared, reach: 'answers' } })
  expect(await there(`refs/knot/push/${done.push}`)).toBe(commit)
  await until('the landing is there', async () => {
    const [here, everywhere] = [await integration(other), await there('refs/knot/integration')]
    return here === everywhere && (await other.git('log', '-1', '--format=%s', here)).includes('Land')
  })
})

test('S613, S614: a remote that refuses fails no sync that a peer holds, and status tells', async () => {
  const author = bob as Peer
  const hook = join(shared, 'hooks', 'pre-receive')
  writeFileSync(hook, '#!/bin/sh\necho "only from eight to five" >&2\nexit 1\n')
  chmodSync(hook, 0o755)
  await author.commit({ 'two.txt': '2' })
  const { exit, result } = await author.asked<Output<'sync'>>('sync')
  expect(exit).toBe(0)
  expect(result.heldBy.length).toBeGreaterThan(0)
  expect(result.heldBy.map(({ name }) => name)).not.toContain('origin')
  expect(result.upstream?.why).toMatch(/only from eight to five/)
  const { upstream, transport } = await author.status()
  expect({ upstream, transport }).toMatchObject({
    transport: 'upstream',
    upstream: { remote: shared, reach: 'answers', why: expect.stringContaining('eight to five') },
  })
  await until('it landed all the same', async () => {
    return (await author.status()).integration.landings === 2
  })
  writeFileSync(hook, '#!/bin/sh\nexit 0\n')
  await until('origin has it, and the landing', async () => {
    const held = await bare('--git-dir', shared, 'for-each-ref', '--format=%(refname)')
    const same = (await there('refs/knot/integration')) === (await integration(author))
    return held.includes(`refs/knot/push/${result.push}`) && same
  })
})

test('S610: a new leader moves the integration ref on from where the old one left it', async () => {
  const leader = await settled(set.peers)
  const others = set.peers.filter((peer) => peer !== leader) as [Peer, Peer]
  const before = await there('refs/knot/integration')
  await leader.kill()
  await until('another one leads', async () => {
    const { leader: now } = await others[0].status()
    return now !== undefined && !now.lapsed && now.name !== leader.name
  })
  await others[1].commit({ 'three.txt': '3' })
  await others[1].told('sync')
  await until('its landing is there', async () => {
    const now = await there('refs/knot/integration')
    return now !== before && now === (await integration(others[0]))
  })
  const { upstream } = await others[0].status()
  expect(upstream?.integration.standing).toMatch(/same|behind/)
  expect(carol).toBeDefined()
})
