/** A key that is replaced, and a process that dies at every step of it. */
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Output } from '../src/api/types.ts'
import { newSeed } from '../src/store/ed25519.ts'
import { writeKey } from '../src/store/keys.ts'
import { makeRoom, type Peer, type Peers, refused, setPeers, settled } from './peers.ts'
import { until } from './world.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let set: Peers
let [ada, bob, carol]: Peer[] = []

beforeAll(async () => {
  set = await setPeers(['ada', 'bob', 'carol'])
  ;[ada, bob, carol] = set.peers
  await makeRoom([ada!, bob!, carol!])
})
afterAll(() => set.strike())

async function hears(peer: Peer, text: string): Promise<void> {
  await until(`${peer.name} hears "${text}"`, async () => {
    return (await peer.events()).some((event) => event.text === text && event.by.name === 'bob')
  })
}

const whoami = (peer: Peer) => peer.told<Output<'whoami'>>('whoami')

test('S706: an agent with a new key is who it was, and the room goes on with it', async () => {
  await bob!.told('say', 'with the old key')
  await hears(ada!, 'with the old key')
  const old = await whoami(bob!)
  const follower = bob!.follow()
  await follower.until('the past', ({ text }) => text === 'with the old key')
  const { fingerprint, before } = await bob!.told<Output<'key.rotate'>>('key', 'rotate')
  expect(before).toBe(old.fingerprint)
  expect(fingerprint).not.toBe(before)
  expect(await whoami(bob!)).toMatchObject({ id: old.id, name: 'bob', role: 'member', fingerprint })
  expect(existsSync(bob!.knotPath('keys', 'agent.key.next.json'))).toBe(false)
  await bob!.told('say', 'with the new key')
  await follower.until('what comes', ({ text }) => text === 'with the new key')
  follower.close()
  for (const peer of [ada!, carol!]) {
    await hears(peer, 'with the new key')
    await hears(peer, 'with the old key')
    await hears(peer, `has a new key: ${fingerprint}`)
    const { members } = await peer.told<Output<'members'>>('members')
    expect(members.map(({ name, status }) => [name, status]).sort()).toEqual([
      ['ada', 'active'], ['bob', 'active'], ['carol', 'active'],
    ])
  }
  await until('bob votes again', async () => {
    const { voters, mode, leader } = await ada!.status()
    return voters.some(({ id }) => id === old.id) && mode === 'quorum' && leader?.lapsed === false
  })
})

test('S706: what an agent pushed, locked and does is its own under the new key', async () => {
  const leader = await settled([ada!, bob!, carol!])
  const { id: lock } = await bob!.told<{ id: string }>('lock', 'src', '--reason', 'mine')
  await bob!.told('doing', 'turn the key')
  await bob!.commit({ 'queued.txt': 'queued' })
  // Nobody lands it meanwhile, but where bob leads himself.
  if (leader !== bob) leader.signal('SIGSTOP')
  const { push } = await bob!.told<Output<'sync'>>('sync', '--push-only')
  await bob!.told('key', 'rotate')
  const again = await bob!.told<Output<'sync'>>('sync')
  leader.signal('SIGCONT')
  if (leader !== bob) expect(again.push).toBe(push)
  expect(again.rows.map(({ name }) => name)).not.toContain('bob')
  const { doing } = await bob!.told<Output<'doing.list'>>('doing')
  expect(doing.map(({ text, online }) => [text, online])).toEqual([['turn the key', true]])
  await refused(bob!, ['lock', 'src/a.js', '--reason', 'more'], {
    exit: 3, code: 'HELD', says: ['with the key before this one', `knot unlock ${lock}`],
  })
  await bob!.told('unlock', '--all')
})

test('S706: a process that died before the new key was in its place goes on with it', async () => {
  const path = bob!.knotPath('keys', 'agent.key.json')
  const next = bob!.knotPath('keys', 'agent.key.next.json')
  const old = readFileSync(path)
  const { fingerprint } = await bob!.told<Output<'key.rotate'>>('key', 'rotate')
  await bob!.kill()
  copyFileSync(path, next)
  writeFileSync(path, old)
  expect((await whoami(bob!)).fingerprint).toBe(fingerprint)
  expect(existsSync(next)).toBe(false)
  await bob!.told('say', 'still me')
  await hears(ada!, 'still me')
})

test('S706: a new key that was told to nobody changes nothing, and is the next one', async () => {
  const next = bob!.knotPath('keys', 'agent.key.next.json')
  const { fingerprint } = await whoami(bob!)
  await bob!.kill()
  await writeKey(next, { seed: newSeed(), made: new Date() })
  const made = JSON.parse(readFileSync(next, 'utf8')) as { public: string }
  expect((await whoami(bob!)).fingerprint).toBe(fingerprint)
  await bob!.told('say', 'as before')
  await hears(ada!, 'as before')
  expect(existsSync(next)).toBe(true)
  await until('bob may rotate', async () => (await bob!.asked('key', 'rotate')).exit === 0)
  const kept = JSON.parse(readFileSync(bob!.knotPath('keys', 'agent.key.json'), 'utf8'))
  expect(kept).toMatchObject({ public: made.public })
})

test('S706: a key whose vote the room needs is not replaced', async () => {
  const alone = await setPeers(['dora'])
  try {
    const [dora] = alone.peers
    await dora!.told('up')
    await refused(dora!, ['key', 'rotate'], {
      exit: 4, code: 'UNAUTHORISED', says: [/no leader could be elected/, /two others vote/],
    })
    expect((await dora!.told<{ id: string }>('say', 'all is well')).id).toBeTruthy()
  } finally {
    await alone.strike()
  }
})
