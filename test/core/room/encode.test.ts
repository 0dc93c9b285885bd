import { expect, test } from 'vitest'
import { hex } from '../../../src/core/bytes/text.ts'
import { messageOf } from '../../../src/core/room/change.ts'
import { decodeChange } from '../../../src/core/room/decode.ts'
import { alice, chat, dice, later, lines, now, pen, volume, write } from './cast.ts'
import { automergePen, genesisByAutomerge, writeByAutomerge } from './oracle.ts'

test('S151: the genesis is what Automerge writes for the topics as empty maps', () => {
  expect(hex(volume.bytes)).toBe(hex(genesisByAutomerge()))
})

test('S153: a change is byte for byte what Automerge writes for the same edits', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const roll = dice(seed)
    const ours = pen(alice)
    const theirs = automergePen(alice.actor)
    let under = now
    for (let i = 0; i < 40; i++) {
      const facts = lines(roll)
      const next = i > 0 && roll(10) === 0 ? (under === now ? later : now) : under
      const message = i === 0 || next !== under ? messageOf(next) : ''
      under = next
      const bytes = write(ours, facts, under)
      const expected = writeByAutomerge(theirs, facts, { time: 1_700_000_000, message })
      expect(hex(bytes), `seed ${seed}, change ${i}`).toBe(hex(expected))
      expect(decodeChange(bytes).kind).toBe('ok')
    }
  }
})

test('S153: … over bucket after bucket, and with as many ops as a change may hold', () => {
  const ours = pen(alice)
  const theirs = automergePen(alice.actor)
  for (const count of [1, 255, 1, 900, 256, 990]) {
    const facts = Array.from({ length: count }, (_, i) => chat(`${i}`))
    const first = ours.changes.length === 0
    const bytes = write(ours, facts)
    const message = first ? messageOf(now) : ''
    const expected = writeByAutomerge(theirs, facts, { time: 1_700_000_000, message })
    expect(hex(bytes)).toBe(hex(expected))
  }
})
