import { expect, test } from 'vitest'
import { agentIdOf, fingerprintOf, parseFingerprint } from '../../../src/core/auth/identity.ts'
import type { PublicKey } from '../../../src/core/brand.ts'
import { sha256 } from '../../../src/core/bytes/hash.ts'
import { base32, fromHex, hex } from '../../../src/core/bytes/text.ts'

const key = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a' as PublicKey
const digest = sha256(fromHex(key) as Uint8Array).slice(0, 10)

test('S100: an agent id is ag_ and 16 base32 digits of the hash of the key', () => {
  expect(agentIdOf(key)).toBe(`ag_${base32(digest)}`)
  expect(agentIdOf(key)).toMatch(/^ag_[a-z2-7]{16}$/)
})

test('S101: a fingerprint spells the same 80 bits in hex', () => {
  expect(fingerprintOf(key)).toMatch(/^knot(:[0-9a-f]{4}){5}$/)
  expect(fingerprintOf(key).slice(5).replaceAll(':', '')).toBe(hex(digest))
})

test('S101: a fingerprint is read in either case, with or without its prefix', () => {
  const fingerprint = fingerprintOf(key)
  expect(parseFingerprint(fingerprint)).toBe(fingerprint)
  expect(parseFingerprint(` ${fingerprint.toUpperCase()} `)).toBe(fingerprint)
  expect(parseFingerprint(fingerprint.slice(5))).toBe(fingerprint)
  for (const text of ['', 'knot:', fingerprint.slice(0, -1), `${fingerprint}:0000`, hex(digest)]) {
    expect(parseFingerprint(text)).toBeUndefined()
  }
})
