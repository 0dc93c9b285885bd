import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import type { PublicKey } from '../../src/core/brand.ts'
import { serve, wireTo } from './wire.ts'
import { libp2pWorld, type World } from './world.ts'

// In a file of their own, and at the same time, because patience takes seconds.
const used: { world: World; cleanups: (() => unknown)[] }[] = []
afterAll(async () => {
  for (const { world, cleanups } of used) {
    await world.stopAll()
    for (const cleanup of cleanups) await cleanup()
  }
})

function fresh() {
  const cleanups: (() => unknown)[] = []
  const world = { world: libp2pWorld(), cleanups }
  used.push(world)
  return world
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test.concurrent('S269: a peer that fell silent is noticed in under 4 s', async () => {
  const { world, cleanups } = fresh()
  const [a, b] = [await world.start(), await world.start()]
  const wire = await wireTo(b, cleanups)
  a.mesh.want(b.key, [wire.address])
  await Promise.all([a.until(() => a.ups.length === 1), b.until(() => b.ups.length === 1)])
  await pause(300)
  const began = performance.now()
  wire.freeze()
  await Promise.all([a.until(() => a.downs.length === 1), b.until(() => b.downs.length === 1)])
  expect(performance.now() - began).toBeLessThan(4_000)
  expect(a.downs[0]?.why).toContain('nothing heard')
  await a.until(() => a.ups.length === 2)
  expect(performance.now() - began).toBeLessThan(5_000)
})

test.concurrent('S269: an idle session whose peer is well stays up', async () => {
  const { world } = fresh()
  const held = new Promise<void>(() => {})
  const [a, b] = [await world.start(), await world.start({ on: { frame: () => held } })]
  a.mesh.want(b.key, [b.address])
  await a.until(() => a.ups.length === 1)
  // The reader is held up with its window full, too: silence on one stream is not silence.
  for (let n = 0; n < 8; n++) a.mesh.send(b.key, new Uint8Array(512 << 10))
  await pause(3_700)
  expect([...a.downs, ...b.downs]).toEqual([])
})

test.concurrent('S270: addresses at which nothing answers cost moments only', async () => {
  const { world, cleanups } = fresh()
  const b = await world.start()
  const holes = await Promise.all([...Array(4)].map(() => serve({ take: () => {}, cleanups })))
  const a = await world.start()
  const began = performance.now()
  a.mesh.want(b.key, [...holes.map((port) => `127.0.0.1:${port}`), '127.0.0.1:1', b.address])
  await a.until(() => a.ups.length === 1)
  expect(performance.now() - began).toBeLessThan(2_000)
})

test.concurrent('S257: who takes sessions only to drop them is dialled ever less', async () => {
  const { world } = fresh()
  const b = await world.start()
  const drop = (key: PublicKey) => queueMicrotask(() => a.mesh.reset(key, 'no'))
  const a = await world.start({ on: { up: drop } })
  b.mesh.want(a.key, [a.address])
  await pause(1_200)
  expect(a.ups.length).toBeGreaterThan(1)
  expect(a.ups.length).toBeLessThan(7)
})

test.concurrent('S271: connections of one machine are not rationed', async () => {
  const { world, cleanups } = fresh()
  const hub = await world.start()
  const port = Number(hub.address.split(':').at(-1))
  const sockets = Array.from({ length: 30 }, () => connect(port, '127.0.0.1'))
  for (const socket of sockets) socket.on('error', () => {})
  cleanups.push(() => sockets.forEach((socket) => socket.destroy()))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  // A ration of libp2p's is five a second: the rest would be hung up on at once.
  await pause(500)
  const left = sockets.filter((socket) => !socket.closed && !socket.readableEnded)
  expect(left).toHaveLength(sockets.length)
})
