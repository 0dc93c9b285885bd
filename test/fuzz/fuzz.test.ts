/** A slice of `npm run fuzz`, and that the fuzzer itself would notice. */
import { expect, test } from 'vitest'
import { DECODERS, fuzzDecoders } from './decoders.ts'
import { fuzzGate } from './gate.ts'
import { weigh } from './weigh.ts'

test('S766: what the gate takes of damaged changes Automerge loads, with the same facts', () => {
  const sum = { tried: 0, accepted: 0 }
  for (let seed = 1; seed <= 6; seed++) {
    const { tried, accepted } = fuzzGate(seed)
    sum.tried += tried
    sum.accepted += accepted
  }
  // A damaged text or time is an honest change of another wording: some must pass, most must not.
  expect(sum.accepted).toBeGreaterThan(20)
  expect(sum.tried).toBeGreaterThan(4 * sum.accepted)
})

test('S766: no decoder throws, keeps more than it was given, or reads two spellings', () => {
  let read = 0
  for (let seed = 1; seed <= 40; seed++) read += fuzzDecoders(seed)
  expect(read).toBeGreaterThan(500)
})

test('S766: every decoder reads its own samples back to the byte', () => {
  for (const { name, samples, read } of DECODERS) {
    expect(samples.length, name).toBeGreaterThan(0)
    for (const sample of samples) {
      const found = read(sample)
      expect(found, name).toBeDefined()
      if (found?.again !== undefined) expect(Buffer.from(found.again).equals(sample), name).toBe(true)
    }
  }
})

test('one seed gives one round', () => {
  expect(fuzzGate(7, { changes: 6 })).toEqual(fuzzGate(7, { changes: 6 }))
  expect(fuzzDecoders(7)).toBe(fuzzDecoders(7))
})

test('a value weighs what it keeps, and what it shares costs nothing', () => {
  const bytes = new Uint8Array(1_000)
  expect(weigh({ a: bytes.subarray(0, 9) })).toBeGreaterThan(1_000)
  expect(weigh({ a: bytes.subarray(0, 9), b: bytes }, [bytes.buffer])).toBeLessThan(200)
  expect(weigh(new Map([['k', 'x'.repeat(500)]]))).toBeGreaterThan(500)
})
