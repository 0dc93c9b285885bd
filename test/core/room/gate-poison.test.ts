import { expect, test } from 'vitest'
import { decodeChange } from '../../../src/core/room/decode.ts'
import { alice } from './cast.ts'
import { POISON, type Poison, honest } from './poison.ts'
import { hashOfChunk } from './raw.ts'
import { reader, show, signed } from './reader.ts'

const only = (bytes: Uint8Array, seq: number) =>
  signed(alice, [bytes], { seq, hash: hashOfChunk(bytes) })

function refuses(poison: Poison): void {
  const { name, bytes, seq, kind, why } = poison
  const bob = reader(alice)
  if (seq > 1) show(bob, only(honest.first, 1))
  const before = structuredClone(bob.stream)

  const outcome = show(bob, only(bytes, seq))
  expect(outcome.rest, name).toMatchObject({ kind, why: expect.stringMatching(why) })
  expect(outcome.accepted, name).toEqual([])
  expect(bob.stream, name).toEqual(before)

  // What is refused blocks nothing: the honest change still finds its place.
  if (seq > 1) expect(show(bob, only(honest.second, 2)).accepted, name).toHaveLength(1)
}

function refusesAll(clause: string): void {
  const poisons = POISON.filter(poison => poison.clause === clause)
  expect(poisons.length).toBeGreaterThan(0)
  for (const poison of poisons) refuses(poison)
}

test('S170: the honest change that every poison is made from is accepted', () => {
  const bob = reader(alice)
  expect(show(bob, only(honest.first, 1)).rest).toEqual({ kind: 'none' })
  expect(show(bob, only(honest.second, 2)).rest).toEqual({ kind: 'none' })
})

test('S152: refuses what is not one plain change chunk', () => refusesAll('S152'))
test('S153: refuses columns and actions that knot does not write', () => refusesAll('S153'))
test('S154: refuses ops on maps that are not the author’s next', () => refusesAll('S154'))
test('S155: refuses skipped, repeated and harmful keys', () => refusesAll('S155'))
test('S156: refuses a wrong place in the stream', () => refusesAll('S156'))
test('S157: refuses what is over a bound', () => refusesAll('S157'))
test('S158: refuses every other spelling of a change', () => refusesAll('S158'))
test('S159: refuses a header out of form', () => refusesAll('S159'))
test('S165: refuses a message that is not ascending auth heads', () => refusesAll('S165'))
test('S168: refuses auth heads left out or repeated', () => refusesAll('S168'))
test('S180: refuses values that are not facts', () => refusesAll('S180'))

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
