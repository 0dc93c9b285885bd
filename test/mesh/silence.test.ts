import { afterAll, expect, test } from 'vitest'
import { wireTo } from './wire.ts'
import { libp2pWorld, type World } from './world.ts'

// In a file of their own, and at the same time, because silence takes seconds.
const used: { world: World; cleanups: (() => unknown)[] }[] = []
afterAll(async () => {
  for (const { world, cleanups } of used) {
    await world.stopAll()
    for (const cleanup of cleanups) await cleanup()
  }
})

function fresh() {
  const world = { world: libp2pWorld(), cleanups: [] }
  used.push(world)
  return world
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test.concurrent('S269: a peer that fell silent is noticed in under 4 s, and dialled again', async () => {
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
