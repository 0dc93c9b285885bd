import { expect, test } from 'vitest'
import { decodeChange } from '../../../src/core/room/decode.ts'
import { alice } from './cast.ts'
import { POISON, honest } from './poison.ts'
import { hashOfChunk } from './raw.ts'
import { reader, show, signed } from './reader.ts'

const only = (bytes: Uint8Array, seq: number) =>
  signed(alice, [bytes], { seq, hash: hashOfChunk(bytes) })

test('S170: the honest change that every poison is made from is accepted', () => {
  const bob = reader(alice)
  expect(show(bob, only(honest.first, 1)).rest).toEqual({ kind: 'none' })
  expect(show(bob, only(honest.second, 2)).rest).toEqual({ kind: 'none' })
})

test.each(POISON.map(poison => [poison.name, poison] as const))('S170: refuses %s', (_, poison) => {
  const bob = reader(alice)
  if (poison.seq > 1) show(bob, only(honest.first, 1))
  const before = structuredClone(bob.stream)

  const outcome = show(bob, only(poison.bytes, poison.seq))
  expect(outcome.rest).toMatchObject({ kind: poison.kind, why: expect.stringMatching(poison.why) })
  expect(outcome.accepted).toEqual([])
  expect(bob.stream).toEqual(before)

  // What is refused blocks nothing: the honest change still finds its place.
  if (poison.seq > 1) expect(show(bob, only(honest.second, 2)).accepted).toHaveLength(1)
})

test('S157: refuses 10^9 ops in few bytes before it expands them', () => {
  const bomb = POISON.find(poison => poison.name === '10^9 ops in few bytes')
  const bytes = bomb?.bytes as Uint8Array
  const times = Array.from({ length: 20 }, () => {
    const start = performance.now()
    expect(decodeChange(bytes)).toMatchObject({ kind: 'malformed' })
    return performance.now() - start
  })
  // The least of several, for a machine that is busy with something else.
  expect(Math.min(...times)).toBeLessThan(5)
})
