import { expect, test } from 'vitest'
import { hashOf, tagged } from '../../../src/core/bytes/hash.ts'
import {
  base32,
  base64url,
  fromBase64url,
  fromHex,
  fromUtf8,
  hex,
  utf8,
} from '../../../src/core/bytes/text.ts'
import { dice } from '../room/cast.ts'

test('the text forms are those of the platform', () => {
  const roll = dice(1)
  for (let size = 0; size < 70; size++) {
    const bytes = Uint8Array.from({ length: size }, () => roll(256))
    expect(hex(bytes)).toBe(Buffer.from(bytes).toString('hex'))
    expect(base64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
    expect(fromHex(hex(bytes))).toEqual(bytes)
    expect(fromBase64url(base64url(bytes))).toEqual(bytes)
  }
})

test('base32 is that of RFC 4648, without padding', () => {
  const vectors = { '': '', f: 'my', fo: 'mzxq', foo: 'mzxw6', foob: 'mzxw6yq', fooba: 'mzxw6ytb' }
  for (const [text, form] of Object.entries(vectors)) expect(base32(utf8(text))).toBe(form)
})

test('a second spelling is refused', () => {
  for (const text of ['0', 'AB', 'a ', 'g0', '0x', 'é0', '/0', ':0', '0`', '0\u0130']) {
    expect(fromHex(text), text).toBeUndefined()
  }
  // Padding, another alphabet, a digit too many, and unused bits that are not zero.
  for (const text of ['AA==', 'A+', 'A/', 'A', 'AAAAA', 'AB', 'A\n']) {
    expect(fromBase64url(text)).toBeUndefined()
  }
  expect(fromUtf8(Uint8Array.of(0xc0, 0x80))).toBeUndefined()
})

test('bytes made for one purpose never equal those of another', () => {
  expect(hex(tagged('ab', utf8('c')))).toBe('616200' + '63')
  expect(hashOf(tagged('ab', utf8('c')))).not.toBe(hashOf(tagged('a', utf8('bc'))))
  expect(hashOf(utf8('abc'))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
  expect(hashOf(utf8('a'), utf8('bc'))).toBe(hashOf(utf8('abc')))
})
