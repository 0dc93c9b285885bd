import { Point } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { expect, test } from 'vitest'
import { isSoundKey, signerFrom, verifyReference } from '../../../src/core/auth/ed25519.ts'
import type { PublicKey } from '../../../src/core/brand.ts'
import { fromHex, hex, utf8 } from '../../../src/core/bytes/text.ts'

const ORDER = Point.CURVE().n
const P = Point.CURVE().p

const RFC8032 = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155' +
      '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
]

/** A point of order 8: noble's generator of the torsion has a well-known encoding. */
const TORSION = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')
const ONE = '01'.padEnd(64, '0')
const message = utf8('a message')

function bytes(text: string): Uint8Array {
  return fromHex(text) as Uint8Array
}

function little(number: bigint): string {
  return hex(bytes(number.toString(16).padStart(64, '0')).reverse())
}

function challenge(R: string, A: string, about: Uint8Array): bigint {
  const digest = sha512(new Uint8Array([...bytes(R), ...bytes(A), ...about]))
  return BigInt(`0x${hex(digest.reverse())}`) % ORDER
}

/** Signs with the scalar a for the public key spelled A, and a given R = r·B + torsion. */
function forge({ a, A, r, R }: { a: bigint; A: string; r: bigint; R: string }): Uint8Array {
  const S = (r + challenge(R, A, message) * a) % ORDER
  return bytes(R + little(S))
}

test('S105: a signature of the RFC 8032 vectors holds, and no other does', () => {
  for (const { seed, key, message: text, signature } of RFC8032) {
    const signer = signerFrom(bytes(seed))
    expect(signer.key).toBe(key)
    expect(hex(signer.sign(bytes(text)))).toBe(signature)
    expect(verifyReference(signer.key, bytes(text), bytes(signature))).toBe(true)
    expect(verifyReference(signer.key, utf8(`${text}!`), bytes(signature))).toBe(false)
  }
})

test('S105: S must be below the group order', () => {
  const { key, signature } = RFC8032[0] as (typeof RFC8032)[0]
  const S = BigInt(`0x${hex(bytes(signature.slice(64)).reverse())}`)
  const malleated = bytes(signature.slice(0, 64) + little(S + ORDER))
  expect(verifyReference(key as PublicKey, new Uint8Array(0), malleated)).toBe(false)
})

test('S105: a key or R that is not spelled canonically holds nothing', () => {
  // y = 1 is the neutral element; y = 1 + p is its other spelling, and x = −0 a third.
  const odd = [little(P + 1n), `01${'0'.repeat(60)}80`]
  const a = 12_345n
  const A = Point.BASE.multiply(a).toHex() as PublicKey
  for (const R of odd) {
    expect(verifyReference(A, message, forge({ a, A, r: 0n, R }))).toBe(false)
    expect(verifyReference(R as PublicKey, message, bytes(ONE + little(0n)))).toBe(false)
  }
})

test('S105: a key or R of small order holds nothing, though the equation would be met', () => {
  const pure = Point.BASE.toHex() as PublicKey
  const signature = forge({ a: 1n, A: pure, r: 0n, R: ONE })
  expect(verifyReference(pure, message, signature)).toBe(false)
  expect(verifyReference(ONE as PublicKey, message, bytes(ONE + little(0n)))).toBe(false)
  const A = TORSION.toHex()
  for (let r = 1n; r < 40n; r++) {
    const signature = forge({ a: 0n, A, r, R: Point.BASE.multiply(r).toHex() })
    expect(verifyReference(A as PublicKey, message, signature)).toBe(false)
  }
})

test('S105: what holds only with the cofactor does not hold', () => {
  const a = 12_345n
  const pure = Point.BASE.multiply(a).toHex() as PublicKey
  const mixed = Point.BASE.multiply(a).add(TORSION).toHex() as PublicKey
  const r = 67_890n
  const R = Point.BASE.multiply(r)

  const honest = forge({ a, A: pure, r, R: R.toHex() })
  expect(verifyReference(pure, message, honest)).toBe(true)
  const oddR = forge({ a, A: pure, r, R: R.add(TORSION).toHex() })
  expect(verifyReference(pure, message, oddR)).toBe(false)

  // With a mixed key the torsion of k·A cancels for one message in eight.
  const verdicts = Array.from({ length: 24 }, (_, at) => {
    const nonce = r + BigInt(at)
    const spelled = Point.BASE.multiply(nonce).toHex()
    const holds = challenge(spelled, mixed, message) % 8n === 0n
    const signature = forge({ a, A: mixed, r: nonce, R: spelled })
    return verifyReference(mixed, message, signature) === holds
  })
  expect(verdicts.every(Boolean)).toBe(true)
})

test('S105: bytes that are no key or no signature are refused without an error', () => {
  const key = RFC8032[0]?.key as PublicKey
  expect(verifyReference(key, message, new Uint8Array(63))).toBe(false)
  expect(verifyReference(key.slice(2) as PublicKey, message, new Uint8Array(64))).toBe(false)
  expect(verifyReference('zz' as PublicKey, message, new Uint8Array(64))).toBe(false)
  const noPoint = '02'.padEnd(64, '0') as PublicKey
  expect(verifyReference(noPoint, message, new Uint8Array(64))).toBe(false)
})

test('S106: a key is sound only if it lies in the prime-order subgroup and is not neutral', () => {
  const sound = Point.BASE.multiply(7n)
  expect(isSoundKey(sound.toHex() as PublicKey)).toBe(true)
  expect(isSoundKey(sound.add(TORSION).toHex() as PublicKey)).toBe(false)
  expect(isSoundKey(ONE as PublicKey)).toBe(false)
  expect(isSoundKey(little(P + 1n) as PublicKey)).toBe(false)
  let small = TORSION
  for (let multiple = 1; multiple < 8; multiple++) {
    expect(isSoundKey(small.toHex() as PublicKey)).toBe(false)
    small = small.add(TORSION)
  }
  expect(small.is0()).toBe(true)
})
