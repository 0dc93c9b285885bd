/** Members on real daemons: removed, told so, let in again, and let in by their key. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Output } from '../src/api/types.ts'
import { makeRoom, type Peer, type Peers, refused, setPeers } from './peers.ts'
import { until } from './world.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let set: Peers
let link: string
let [ada, bob, carol, eve, finn]: Peer[] = []

beforeAll(async () => {
  set = await setPeers(['ada', 'bob', 'carol', 'eve', 'finn'])
  ;[ada, bob, carol, eve, finn] = set.peers
  link = (await makeRoom([ada!, bob!, carol!])).link
})
afterAll(() => set.strike())

async function texts(peer: Peer): Promise<string[]> {
  return (await peer.events()).filter(({ kind }) => kind === 'said').map(({ text }) => text)
}

async function seen(peer: Peer, name: string) {
  return (await peer.status()).members.find((member) => member.name === name)
}

test('S694, S701: who is removed is told by whom, and loses its connections at once', async () => {
  await bob!.told('say', 'before')
  await until('ada hears bob', async () => (await texts(ada!)).includes('before'))
  await bob!.told('doing', 'mend', '--files', 'src', '--confirmed')
  const began = Date.now()
  await ada!.told('remove', 'bob')
  for (const peer of [ada!, carol!]) {
    await until(`bob is gone at ${peer.name}`, async () => {
      const row = await seen(peer, 'bob')
      return row?.status === 'removed' && row.path === 'none'
    }, 5_000)
  }
  await until('bob knows', async () => (await bob!.asked('status')).exit === 4, 5_000)
  expect(Date.now() - began).toBeLessThan(8_000)
  const says = [/bob was removed from the room by ada/, /ask ada to add it again: knot key add/]
  await refused(bob!, ['status'], { exit: 4, code: 'UNAUTHORISED', says })
  await refused(bob!, ['say', 'still here'], { exit: 4, code: 'UNAUTHORISED', says })
  await refused(bob!, ['remove', 'carol'], { exit: 4, code: 'UNAUTHORISED', says })
  expect((await bob!.asked<Output<'status'>>('status')).result.members).toHaveLength(3)
  expect(await texts(bob!)).toContain('before')
  // What bob had is somebody else's to have, of which nobody tells him.
  const { locks } = await bob!.told<Output<'locks.list'>>('locks')
  expect(locks.map(({ standing }) => standing)).toEqual(['provisional'])
  expect((await ada!.told<Output<'doing.list'>>('doing')).doing).toEqual([])
})

test('S707: who was removed does not come back through a link that it knows', async () => {
  const { invites } = await carol!.told<Output<'invite.list'>>('invite', 'list')
  expect(invites.map(({ state }) => state)).toEqual(['revoked'])
  // With its old key, and with a new one.
  const says = [/bob was removed from the room by ada/, /knot key add/]
  for (const words of [['join', link], ['up']]) {
    await refused(bob!, words, { exit: 4, code: 'UNAUTHORISED', says })
  }
  await refused(finn!, ['join', link], {
    exit: 4, code: 'INVITE_REFUSED', says: [/The invite was revoked/],
  })
})

test('S700: who is added again goes on under a new incarnation, with what it was before', async () => {
  const { line } = await bob!.told<{ line: string }>('key', 'show')
  await ada!.told('key', 'add', line)
  await until('bob hears of it', async () => (await bob!.asked('status')).exit === 0)
  await until('bob may write', async () => (await bob!.asked('say', 'back again')).exit === 0)
  await until('ada hears bob', async () => (await texts(ada!)).includes('back again'))
  expect(await texts(ada!)).toContain('before')
  expect((await ada!.events()).map(({ text }) => text)).toContain('removed bob')
})

test('S694: what a removed agent says has no effect, even passed on by who knew no better', async () => {
  await carol!.kill()
  await bob!.kill()
  await ada!.told('remove', 'bob')
  await ada!.told('down')
  // Neither of the two has heard of it.
  await bob!.told('say', 'later')
  await until('carol hears bob', async () => (await texts(carol!)).includes('later'))
  await ada!.status()
  await until('carol knows', async () => (await seen(carol!, 'bob'))?.status === 'removed')
  await until('bob knows', async () => (await bob!.asked('status')).exit === 4)
  await carol!.told('say', 'and now?')
  await until('ada hears carol', async () => (await texts(ada!)).includes('and now?'))
  expect(await texts(ada!)).not.toContain('later')
})

test('S704: who was removed while it was away learns it from whoever hangs up on it', async () => {
  const { line } = await bob!.told<{ line: string }>('key', 'show')
  await ada!.told('key', 'add', line)
  await until('bob is back', async () => (await bob!.asked('status')).exit === 0)
  await bob!.kill()
  await ada!.told('remove', 'bob')
  expect((await bob!.asked('status')).exit).toBe(0)
  await until('bob was told', async () => (await bob!.asked('status')).exit === 4)
  const says = [/(ada|carol) says: bob was removed from the room/, /knot key add/]
  await refused(bob!, ['status'], { exit: 4, code: 'UNAUTHORISED', says })
})

test('S702: a key that was added enters by a link that lets in nobody else', async () => {
  const { line, fingerprint } = await eve!.told<{ line: string; fingerprint: string }>('key', 'show')
  expect(line).toMatch(/^ssh-ed25519 AAAA\S{64} eve$/)
  const added = await ada!.told<Output<'key.add'>>('key', 'add', line, '--role', 'observer')
  expect(added).toMatchObject({ agent: { name: 'eve' }, fingerprint, role: 'observer' })
  await eve!.told('join', added.link)
  await refused(finn!, ['join', added.link], {
    exit: 4, code: 'INVITE_REFUSED', says: [/No member here knows this invite/],
  })
  await ada!.told('say', 'eve reads this')
  await until('eve hears ada', async () => (await texts(eve!)).includes('eve reads this'))
})

test('S701: an observer reads everything, and is refused wherever it would write', async () => {
  const says = ['eve may not write here: it is an observer', 'ask ada for: knot role eve member']
  const writing = [['say', 'x'], ['tasks', 'add', 'x'], ['sync'], ['invite'], ['remove', 'carol']]
  for (const words of writing) {
    await refused(eve!, words, { exit: 4, code: 'UNAUTHORISED', says })
  }
  for (const words of [['status'], ['log'], ['tasks', 'list'], ['members'], ['sync', '--pull-only']]) {
    expect([words, (await eve!.asked(...words)).exit]).toEqual([words, 0])
  }
  await ada!.told('role', 'eve', 'member')
  await until('eve may write', async () => (await eve!.asked('say', 'now me')).exit === 0)
})
