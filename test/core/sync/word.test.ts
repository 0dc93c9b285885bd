import { expect, test } from 'vitest'
import type { Instant, Oid, RoomId } from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { base64url, fromBase64url, utf8 } from '../../../src/core/bytes/text.ts'
import { readWord, type Word, writeWord } from '../../../src/core/sync/word.ts'
import { alice, bob, room, verify } from '../room/cast.ts'

const word: Word = {
  actor: alice.actor,
  n: 7,
  commit: 'c0ffee'.padEnd(40, '0') as Oid,
  at: 1_700_000_000_000 as Instant,
}

test('S608: a word reads back as it was written, and has one spelling', () => {
  const text = writeWord(room, word, alice)
  expect(readWord(room, text, verify)).toEqual(word)
  expect(writeWord(room, word, alice)).toBe(text)
  const based = { ...word, base: 'ba5e'.padEnd(40, '0') as Oid }
  expect(readWord(room, writeWord(room, based, alice), verify)).toEqual(based)
  expect(text).toMatch(/^[\w-]{100,260}$/)
})

test('S608: a word of another room, or signed by another, is none', () => {
  const elsewhere = hashOf(utf8('another room')) as RoomId
  expect(readWord(elsewhere, writeWord(room, word, alice), verify)).toBeUndefined()
  expect(readWord(room, writeWord(room, word, bob), verify)).toBeUndefined()
})

test('S608: a changed, cut or extended word is none', () => {
  const bytes = fromBase64url(writeWord(room, word, alice)) as Uint8Array
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice()
    changed[at] = (changed[at] as number) ^ (1 << (at % 8))
    expect(readWord(room, base64url(changed), verify)).toBeUndefined()
    expect(readWord(room, base64url(bytes.subarray(0, at)), verify)).toBeUndefined()
  }
  expect(readWord(room, base64url(Uint8Array.of(...bytes, 0)), verify)).toBeUndefined()
  expect(readWord(room, 'no base64url!', verify)).toBeUndefined()
})
