/**
 * The fast path against the rule itself, spelled out on noble's points: S < L, canonical A and R,
 * neither of small order, and encode(S·B - k·A) equal to the bytes of R.
 */
import { hashes, Point } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { expect, test } from 'vitest'
import type { PublicKey } from '../../src/core/brand.ts'
import { fromHex, hex, utf8 } from '../../src/core/bytes/text.ts'
import { sha256 } from '../../src/core/bytes/hash.ts'
import { KEY_CACHE_MAX } from '../../src/core/limits.ts'
import {
  newIncarnation,
  newSeed,
  publicKeyOf,
  signerFrom,
  verifyFast,
} from '../../src/store/ed25519.ts'

hashes.sha512 = sha512
const L = 2n ** 252n + 27742317777372353535851937790883648493n

const SMALL = [
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '00'.repeat(32),
  `${'00'.repeat(31)}80`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
].map(bytes)

/** y ≥ p, and x = 0 with its sign set: points that have another, canonical, encoding. */
const NOT_CANONICAL = [
  `ee${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}ff`,
  `ed${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}ff`,
  `f0${'ff'.repeat(30)}7f`,
  `01${'00'.repeat(30)}80`,
  `ec${'ff'.repeat(30)}ff`,
].map(bytes)

test('S401: RFC 8032 vector 2 is signed to the byte and verifies', () => {
  const seed = bytes('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb')
  const { key, sign } = signerFrom(seed)
  const signature = sign(bytes('72'))

  expect(key).toBe('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
  expect(publicKeyOf(seed)).toBe(key)
  expect(hex(signature)).toBe(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  )
  expect(verifyFast(key, bytes('72'), signature)).toBe(true)
  expect(verifyFast(key, bytes('73'), signature)).toBe(false)
})

test('S401: S + L, a long or short signature and text that is no key are refused', () => {
  const { key, sign } = signerFrom(newSeed())
  const message = utf8('hello')
  const signature = sign(message)
  const raised = signature.slice()
  raised.set(littleEndian(number(signature.subarray(32)) + L), 32)

  expect(verifyFast(key, message, signature)).toBe(true)
  expect(verifyFast(key, message, raised)).toBe(false)
  expect(verifyFast(key, message, signature.subarray(0, 63))).toBe(false)
  expect(verifyFast(key, message, new Uint8Array([...signature, 0]))).toBe(false)
  expect(verifyFast(key.toUpperCase() as PublicKey, message, signature)).toBe(false)
  expect(verifyFast('' as PublicKey, message, signature)).toBe(false)
  expect(verifyFast(`02${'00'.repeat(31)}` as PublicKey, message, signature)).toBe(false)
})

test('S401: a key of small order, or not canonical, signs nothing, equation or not', () => {
  let held = 0
  for (const key of SMALL) {
    for (let i = 0; i < 12; i++) {
      const message = utf8(`m${i}`)
      const s = seeded(`s${i}`)
      for (const torsion of SMALL) {
        const nonce = times(s, Point.BASE).add(pointOf(torsion)).toBytes()
        const signature = joined(nonce, littleEndian(s))
        if (equationHolds(key, message, signature)) held++
        expect(verifyFast(hex(key) as PublicKey, message, signature)).toBe(false)
      }
    }
  }
  // The test says something only if the equation alone would have let signatures through.
  expect(held).toBeGreaterThan(20)
  for (const key of NOT_CANONICAL) {
    expect(verifyFast(hex(key) as PublicKey, utf8('m'), joined(SMALL[0]!, littleEndian(0n)))).toBe(
      false,
    )
  }
})

test('S401: R of small order, or not canonical, is refused even where the equation holds', () => {
  const secret = seeded('secret')
  const key = times(secret, Point.BASE).toBytes()
  const message = utf8('m')

  for (const nonce of [...SMALL, ...NOT_CANONICAL]) {
    const s = (challenge(nonce, key, message) * secret) % L
    expect(verifyFast(hex(key) as PublicKey, message, joined(nonce, littleEndian(s)))).toBe(false)
  }
  const identity = SMALL[0]!
  const s = (challenge(identity, key, message) * secret) % L
  expect(equationHolds(key, message, joined(identity, littleEndian(s)))).toBe(true)
})

test('S402: the fast path agrees with the rule on mixed-order keys, torsion, flipped bits', () => {
  let accepted = 0
  for (let i = 0; i < 60; i++) {
    const secret = seeded(`a${i}`)
    const key = times(secret, Point.BASE)
      .add(pointOf(SMALL[i % 8]!))
      .toBytes()
    const r = seeded(`r${i}`)
    const nonce = times(r, Point.BASE)
      .add(pointOf(SMALL[(i >> 3) % 8]!))
      .toBytes()
    const message = utf8(`message ${i}`)
    const s = (r + challenge(nonce, key, message) * secret) % L
    const signature = joined(nonce, littleEndian(s))
    if (i % 4 === 3) signature[i] = (signature[i] as number) ^ (1 << (i % 8))

    const verdict = verifyFast(hex(key) as PublicKey, message, signature)
    expect(verdict, `case ${i}`).toBe(rule(key, message, signature))
    if (verdict) accepted++
  }
  expect(accepted).toBeGreaterThan(2)
})

test('S402: judging changes no byte, whoever owns the buffer', () => {
  // A Buffer's slice is a view where an array's is a copy.
  for (const nonce of [...SMALL, ...NOT_CANONICAL]) {
    const signature = Buffer.from(joined(nonce, littleEndian(1n)))
    const before = signature.toString('hex')
    verifyFast(hex(SMALL[4]!) as PublicKey, Buffer.from('m'), signature)
    verifyFast(publicKeyOf(seededBytes('sound')), Buffer.from('m'), signature)
    expect(signature.toString('hex')).toBe(before)
  }
})

test('S402: a verdict does not depend on which keys were looked at before', () => {
  const { key, sign } = signerFrom(seededBytes('kept'))
  const signature = sign(utf8('m'))
  for (let i = 0; i < KEY_CACHE_MAX + 8; i++) {
    verifyFast(hex(seededBytes(`other ${i}`)) as PublicKey, utf8('m'), signature)
  }
  expect(verifyFast(key, utf8('m'), signature)).toBe(true)
})

test('seeds and incarnations are drawn, not counted', () => {
  expect(newSeed()).toHaveLength(32)
  expect(newIncarnation()).toMatch(/^[0-9a-f]{16}$/)
  expect(newIncarnation()).not.toBe(newIncarnation())
  expect(hex(newSeed())).not.toBe(hex(newSeed()))
})

function rule(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const nonce = signature.subarray(0, 32)
  if (number(signature.subarray(32)) >= L) return false
  if (!isCanonical(key) || !isCanonical(nonce)) return false
  const [a, r] = [pointOrNothing(key), pointOrNothing(nonce)]
  if (a === undefined || r === undefined || a.isSmallOrder() || r.isSmallOrder()) return false
  return equationHolds(key, message, signature)
}

function equationHolds(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const nonce = signature.subarray(0, 32)
  const k = challenge(nonce, key, message)
  const left = times(number(signature.subarray(32)), Point.BASE)
  return hex(left.subtract(times(k, pointOf(key))).toBytes()) === hex(nonce)
}

function isCanonical(encoded: Uint8Array): boolean {
  const point = pointOrNothing(encoded)
  return point !== undefined && hex(point.toBytes()) === hex(encoded)
}

function pointOrNothing(encoded: Uint8Array): Point | undefined {
  try {
    return pointOf(encoded)
  } catch {
    return undefined
  }
}

function pointOf(encoded: Uint8Array): Point {
  return Point.fromBytes(encoded, true)
}

function times(scalar: bigint, point: Point): Point {
  return scalar === 0n ? Point.ZERO : point.multiply(scalar, false)
}

function challenge(nonce: Uint8Array, key: Uint8Array, message: Uint8Array): bigint {
  return number(sha512(joined(nonce, key, message))) % L
}

function seeded(name: string): bigint {
  return number(seededBytes(name).subarray(0, 31)) + 1n
}

function seededBytes(name: string): Uint8Array {
  return sha256(utf8(name))
}

function bytes(text: string): Uint8Array {
  return fromHex(text) as Uint8Array
}

function number(littleEndianBytes: Uint8Array): bigint {
  return BigInt(`0x${hex(littleEndianBytes.slice().reverse())}`)
}

function littleEndian(value: bigint): Uint8Array {
  return bytes(value.toString(16).padStart(64, '0')).reverse()
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap(part => [...part]))
}
