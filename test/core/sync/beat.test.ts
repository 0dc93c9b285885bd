import { expect, test } from 'vitest'
import type { RoomId } from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import { Writer } from '../../../src/core/bytes/writer.ts'
import { type Beat, encodeBeat, readBeat } from '../../../src/core/sync/beat.ts'
import { alice, bob, dice, room, verify } from '../room/cast.ts'

const beat: Beat = {
  actor: alice.actor,
  counter: 1_700_000_000_000,
  addresses: ['192.168.1.7:7117', '[fe80::1%en0]:7117', 'büro.local:7117'],
  integrates: 'yes',
}

test('S470: a beat reads back as it was written', () => {
  expect(readBeat(room, encodeBeat(room, beat, alice), verify)).toEqual(beat)
  const least: Beat = { ...beat, counter: 0, addresses: [], integrates: 'no' }
  expect(readBeat(room, encodeBeat(room, least, alice), verify)).toEqual(least)
})

test('S470: a beat of another room, or signed by another, is none', () => {
  const elsewhere = hashOf(utf8('another room')) as RoomId
  const bytes = encodeBeat(room, beat, alice)
  expect(readBeat(elsewhere, bytes, verify)).toBeUndefined()
  expect(readBeat(room, encodeBeat(room, beat, bob), verify)).toBeUndefined()
})

test('S470: a changed, cut or extended beat is none', () => {
  const bytes = encodeBeat(room, beat, alice)
  const roll = dice(3)
  for (let i = 0; i < 100; i++) {
    const changed = bytes.slice()
    const at = roll(bytes.length)
    changed[at] = (changed[at] as number) ^ (1 << roll(8))
    expect(readBeat(room, changed, verify)).toBeUndefined()
  }
  for (let size = 0; size < bytes.length; size++) {
    expect(readBeat(room, bytes.subarray(0, size), () => true)).not.toEqual(beat)
    expect(readBeat(room, bytes.subarray(0, size), verify)).toBeUndefined()
  }
  expect(readBeat(room, Uint8Array.of(...bytes, 0), verify)).toBeUndefined()
})

test('S471: a peer with more addresses than a beat takes tells the first ones', () => {
  const addresses = Array.from({ length: 20 }, (_, i) => `10.0.0.${i}:7117`)
  const long = `${'x'.repeat(300)}:7117`
  const crowded = { ...beat, addresses: [long, ...addresses] }
  const read = readBeat(room, encodeBeat(room, crowded, alice), verify)
  expect(read?.addresses).toEqual(addresses.slice(0, 8))
})

test('S471: a beat that lists more addresses is none, whoever signed it', () => {
  const w = new Writer().id(alice.actor).uint(1)
  w.list(Array<string>(9).fill('a:1'), (address) => w.text(address)).uint(0)
  const bytes = new Writer().raw(w.done()).raw(new Uint8Array(64)).done()
  expect(readBeat(room, bytes, () => true)).toBeUndefined()
})
