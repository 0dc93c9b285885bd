/** Whoever stands between two members, with the room's secret (a link leaked) or without it. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fingerprintOf } from '../../src/core/auth/identity.ts'
import type { PublicKey } from '../../src/core/brand.ts'
import { keyOfSeed } from '../../src/mesh/key.ts'
import { type Middle, middleOf } from './middle.ts'
import { libp2pWorld, never, nextSeed, type Peer, PROLOGUE, type World } from './world.ts'

let world: World
let cleanups: (() => unknown)[] = []
beforeEach(() => {
  world = libp2pWorld()
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
  await world.stopAll()
})

async function before(peer: Peer, prologue = PROLOGUE): Promise<Middle> {
  const middle = await middleOf(peer.address, { seed: nextSeed(), prologue })
  cleanups.push(middle.stop)
  return middle
}

const soon = (holds: () => boolean) =>
  vi.waitFor(() => expect(holds()).toBe(true), { timeout: 10_000, interval: 20 })

const heard = ({ overheard }: Middle) => Buffer.concat(overheard)

test('S768: who stands before a member with another key hears nothing, and is told of', async () => {
  const lines: string[] = []
  const [ada, bob] = [nextSeed(), nextSeed()]
  const members = [await keyOfSeed(ada), await keyOfSeed(bob)]
  const isMember = (key: PublicKey) => members.includes(key)
  const a = await world.start({ seed: ada, isMember })
  const b = await world.start({ seed: bob, isMember, log: (line) => lines.push(line) })
  const middle = await before(a)
  a.mesh.want(b.key, [])
  b.mesh.want(a.key, [middle.address])
  const met = () => b.mesh.survey().peers[0]?.addresses[0]?.why
  await soon(() => met() !== undefined)

  const [meant, found] = [a.key, middle.key].map(fingerprintOf)
  expect(met()).toBe(`${middle.address} is another peer: it proved ${found}, not ${meant}`)
  expect(b.ups).toEqual([])
  expect(middle.opened).toEqual([])
  expect(heard(middle)).toHaveLength(0)

  // Told once, however often the address is dialled: and it is dialled again for ever.
  await new Promise((over) => setTimeout(over, 1_500))
  expect(lines.filter((line) => line.includes('somebody in the middle'))).toHaveLength(1)

  // And it keeps nobody out: at another address the true one is reached.
  b.mesh.want(a.key, [a.address])
  await Promise.all([a.until(() => a.ups.length === 1), b.until(() => b.ups.length === 1)])
  expect(heard(middle)).toHaveLength(0)
})

test('S768: who stands before a member without the secret does not get through a handshake', async () => {
  const lines: string[] = []
  const a = await world.start()
  const b = await world.start({ log: (line) => lines.push(line) })
  const middle = await before(a, new Uint8Array(32).fill(1))
  b.mesh.want(a.key, [middle.address])
  await soon(() => b.mesh.survey().peers[0]?.addresses[0]?.why !== undefined)
  expect(b.mesh.survey().peers[0]?.addresses[0]?.why).toContain('does not know this room')
  expect(lines.join()).toContain('somebody in the middle')
  expect(middle.opened).toEqual([])
})

test('S768: a question to join that goes through a middle is seen to come from another key', async () => {
  const asked: PublicKey[] = []
  const a = await world.start({
    isMember: () => false,
    on: {
      async ask(key) {
        asked.push(key)
        return Uint8Array.of(key === middle.key ? 0 : 1)
      },
    },
  })
  const middle = await before(a)
  const b = await world.start()
  const outcome = await b.mesh.ask({ address: middle.address }, Uint8Array.of(7), never())
  // What is above the mesh refuses a request that is not of the key that sent it (S522).
  expect(asked).toEqual([middle.key])
  expect(outcome).toMatchObject({ kind: 'answered', key: middle.key })
})
