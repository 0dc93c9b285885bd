import { expect, test } from 'vitest'
import type { ActorId, Hash } from '../../../src/core/brand.ts'
import { hex } from '../../../src/core/bytes/text.ts'
import { AUTH_OP_MAX_BYTES, FRAME_MAX_BYTES } from '../../../src/core/limits.ts'
import { type FactId, factId } from '../../../src/core/room/facts.ts'
import { partsOf } from '../../../src/core/sync/parts.ts'
import { decodeFrame, encodeFrame, type Frame, type Reach, SYNC_VERSION } from '../../../src/core/sync/wire.ts'
import { alice } from '../room/cast.ts'
import { frames } from './frames.ts'

const digits = (n: number, size: number) => n.toString(16).padStart(size, '0')
const reach = (n: number): Reach => {
  return { actor: digits(n, 80) as ActorId, seq: n + 1, hash: digits(n, 64) as Hash }
}

function many<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n))
}

/** The parts of a frame, each as a peer reads it. */
function told(frame: Frame): Frame[] {
  return partsOf(frame).map((part) => {
    const bytes = encodeFrame(part)
    expect(bytes.length).toBeLessThanOrEqual(FRAME_MAX_BYTES)
    const read = decodeFrame(bytes)
    if (read.kind === 'malformed') throw new Error(read.why)
    return read.value
  })
}

test('a frame within the limits is its own part', () => {
  for (const frame of frames) {
    const empty = frame.kind === 'have' && frame.frontier.length === 0
    expect(told(frame)).toEqual(empty ? [] : [frame])
  }
})

test('S467: a room of more ops than a frame takes sends them in several', () => {
  const small = many(2_500, (n) => Uint8Array.of(n >> 8, n & 255))
  const heads = [digits(1, 64) as Hash]
  const read = told({ kind: 'auth', heads, ops: small })
  const opsOf = (part: Frame) => (part.kind === 'auth' ? part.ops : [])
  expect(read.map((part) => opsOf(part).length)).toEqual([1000, 1000, 500])
  expect(read.flatMap(opsOf).map(hex)).toEqual(small.map(hex))

  const large = many(5, () => new Uint8Array(AUTH_OP_MAX_BYTES))
  const sizes = told({ kind: 'auth', heads, ops: large })
  expect(sizes.map((part) => opsOf(part).length)).toEqual([3, 2])
})

test('S467: a hello of more streams than a frame takes goes on in have', () => {
  const frontier = many(10_001, reach)
  const authHeads = many(20, (n) => digits(n, 64) as Hash)
  const read = told({ kind: 'hello', volume: 0, version: SYNC_VERSION, actor: alice.actor, authHeads, frontier })
  expect(read.map(({ kind }) => kind)).toEqual(['hello', 'have'])
  const all = read.flatMap((part) => ('frontier' in part ? part.frontier : []))
  expect(all.map(({ seq }) => seq)).toEqual(frontier.map(({ seq }) => seq))
  expect(read[0]).toMatchObject({ authHeads: authHeads.slice(0, 16) })
})

test('S467: so do have, want and held', () => {
  const streams = many(10_001, (n) => ({ actor: digits(n, 80) as ActorId, seq: 0 }))
  expect(told({ kind: 'want', volume: 0, streams })).toHaveLength(2)
  expect(told({ kind: 'have', volume: 0, frontier: many(10_000, reach) })).toHaveLength(1)
  const pushes: FactId[] = many(1_001, (n) => factId({ actor: alice.actor, topic: 'refs', n }))
  const read = told({ kind: 'held', pushes })
  expect(read.flatMap((part) => (part.kind === 'held' ? part.pushes : []))).toEqual(pushes)
})
