import { expect, test } from 'vitest'
import type { ActorId } from '../../../src/core/brand.ts'
import { hex } from '../../../src/core/bytes/text.ts'
import { Writer } from '../../../src/core/bytes/writer.ts'
import { FRAME_MAX_BYTES } from '../../../src/core/limits.ts'
import { decodeFrame, encodeFrame, type Frame } from '../../../src/core/sync/wire.ts'
import { alice, bob, dice } from '../room/cast.ts'
import { frames } from './frames.ts'

const why = (bytes: Uint8Array) => {
  const read = decodeFrame(bytes)
  return read.kind === 'malformed' ? read.why : undefined
}

test('S460: every frame reads back as it was written', () => {
  for (const frame of frames) {
    expect(decodeFrame(encodeFrame(frame))).toEqual({ kind: 'ok', value: frame })
  }
  expect(new Set(frames.map(({ kind }) => kind)).size).toBe(11)
})

/** Frames whose last field is whatever bytes are left: what they carry has a form of its own. */
const open = ({ kind }: Frame) => ['lease', 'beat', 'carried'].includes(kind)

test('S461: a frame that is cut at any byte, or goes on, is refused', () => {
  for (const frame of frames) {
    const bytes = encodeFrame(frame)
    expect(why(bytes.subarray(0, 0))).toMatch(/cut short/)
    if (open(frame)) continue
    for (let size = 1; size < bytes.length; size++) {
      expect(why(bytes.subarray(0, size)), `${frame.kind} of ${size} bytes`).toMatch(/cut short/)
    }
    expect(why(Uint8Array.of(...bytes, 0))).toMatch(/left over/)
  }
})

test('S461: an unknown kind is refused', () => {
  for (let kind = 0; kind < 256; kind++) {
    if (kind >= 1 && kind <= 11) continue
    expect(why(Uint8Array.of(kind, 0, 0))).toBe('unknown kind of frame at byte 1')
  }
})

test('S466: a hello of another version is told from a broken one, whatever follows', () => {
  const hello = new Writer().u8(1).uint(1).text('of another form').done()
  const said = 'it speaks sync version 1, this peer 2; update the older knot, at byte 2'
  expect(why(hello)).toBe(said)
})

test('S462: a frame larger than 4 MiB is refused, whatever its kind', () => {
  const full = new Uint8Array(FRAME_MAX_BYTES).fill(1)
  full[0] = 6
  expect(decodeFrame(full).kind).toBe('ok')
  const over = new Uint8Array(FRAME_MAX_BYTES + 1).fill(1)
  for (let kind = 1; kind <= 11; kind++) {
    over[0] = kind
    expect(why(over)).toMatch(/a frame of 4194305 bytes/)
  }
})

test('S462: counts and lengths beyond their limits are refused', () => {
  const id = (size: number) => new Uint8Array(size)
  const hello = () => new Writer().u8(1).uint(2).raw(id(40)).uint(0)
  const run = () => new Writer().u8(3).uint(0).raw(id(40))
  const over: [string, Writer][] = [
    ['17 auth heads of a hello', hello().uint(17).raw(id(17 * 32 + 1))],
    ['10,001 streams of a hello', hello().uint(0).uint(10_001).raw(id(10_001 * 73))],
    ['17 heads', new Writer().u8(2).uint(17).raw(id(17 * 32 + 1))],
    ['1,001 ops', new Writer().u8(2).uint(0).uint(1_001).raw(id(1_001))],
    ['an op above 1 MiB', new Writer().u8(2).uint(0).uint(1).bytes(id(2 ** 20 + 1))],
    ['65 changes', run().uint(1).uint(65).raw(id(65 + 64))],
    ['a change above 256 KiB', run().uint(1).uint(1).bytes(id(2 ** 18 + 1))],
    ['a seq above 2^31 - 1', run().uint(2 ** 31).raw(id(66))],
    ['10,001 streams', new Writer().u8(4).uint(0).uint(10_001).raw(id(10_001 * 73))],
    ['10,001 wants', new Writer().u8(5).uint(0).uint(10_001).raw(id(10_001 * 41))],
    ['1,001 pushes', new Writer().u8(8).uint(1_001).raw(id(17 * 1_001))],
    ['an id of 17 bytes', new Writer().u8(8).uint(1).text('a'.repeat(17))],
  ]
  for (const [what, writer] of over) expect(why(writer.done()), what).toMatch(/out of range/)
})

test('S463: a run has a change at least, and begins at seq 1 at the lowest', () => {
  const run = { kind: 'run' as const, volume: 0, actor: alice.actor, signature: new Uint8Array(64) }
  const changes = [Uint8Array.of(1)]
  expect(why(encodeFrame({ ...run, seq: 1, changes: [] }))).toMatch(/a run of no changes/)
  expect(why(encodeFrame({ ...run, seq: 0, changes }))).toMatch(/no change has seq 0/)
  expect(why(encodeFrame({ ...run, seq: 1, changes }))).toBeUndefined()
})

test('S464: a frontier and a want name each stream once, in ascending order', () => {
  const [first, second] = [alice.actor, bob.actor].sort() as [ActorId, ActorId]
  const have = (...actors: ActorId[]): Frame => ({
    kind: 'have', volume: 0,
    frontier: actors.map((actor) => ({ actor, seq: 1, hash: hash(actor) })),
  })
  const want = (...actors: ActorId[]): Frame => ({
    kind: 'want', volume: 0,
    streams: actors.map((actor) => ({ actor, seq: 0 })),
  })
  for (const frame of [have, want]) {
    expect(why(encodeFrame(frame(first, second)))).toBeUndefined()
    expect(why(encodeFrame(frame(second, first)))).toMatch(/out of order/)
    expect(why(encodeFrame(frame(first, first)))).toMatch(/out of order/)
  }
  const nothing = { actor: first, seq: 0, hash: hash(first) }
  expect(why(encodeFrame({ kind: 'have', volume: 0, frontier: [nothing] }))).toMatch(/no change has seq 0/)
})

test('S465: held names pushes by whole fact ids', () => {
  for (const text of ['', 'a', 'A'.repeat(16), '0'.repeat(16), 'a'.repeat(15)]) {
    const bytes = new Writer().u8(8).uint(1).text(text).done()
    expect(why(bytes), text).toMatch(/not the id of a push/)
  }
})

test('S460: what reads has one encoding, however it was changed on the way', () => {
  const roll = dice(450)
  const known = frames.map(encodeFrame)
  let sound = 0
  for (let i = 0; i < 5_000; i++) {
    const bytes = (known[roll(known.length)] as Uint8Array).slice()
    for (let flips = roll(3) + 1; flips > 0; flips--) bytes[roll(bytes.length)] = roll(256)
    const read = decodeFrame(bytes)
    if (read.kind === 'malformed') continue
    sound++
    if (hex(encodeFrame(read.value)) !== hex(bytes)) throw new Error(`two forms: ${hex(bytes)}`)
  }
  expect(sound).toBeGreaterThan(250)
})

test('S461: random bytes after a kind never throw', () => {
  const roll = dice(461)
  for (let i = 0; i < 2_000; i++) {
    const some = () => (roll(3) === 0 ? roll(256) : roll(4))
    const bytes = Uint8Array.from({ length: roll(120) + 1 }, some)
    bytes[0] = roll(8) + 1
    expect(['ok', 'malformed']).toContain(decodeFrame(bytes).kind)
  }
})

function hash(actor: ActorId) {
  return actor.slice(0, 64) as Extract<Frame, { kind: 'have' }>['frontier'][number]['hash']
}
