/**
 * Ed25519 on the platform's OpenSSL: the fast path of the one rule in SPEC.
 *
 * The rule is cofactorless RFC 8032 with everything refused that two libraries, or two releases of
 * one, were seen to judge differently. Node 24 refuses small-order A and R by itself and older
 * ones do not; so what can be told from the bytes alone is judged here, before OpenSSL is asked.
 */
import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { PublicKey } from '../core/brand.ts'
import { fromHex, hex } from '../core/bytes/text.ts'
import type { Signer, Verify } from '../core/crypto.ts'
import { KEY_CACHE_MAX } from '../core/limits.ts'

/** Judges one signature, 15 times faster than the reference and with the same verdict. */
export const verifyFast: Verify = (key, message, signature) => {
  if (signature.length !== 64) return false
  if (!isUsablePoint(signature.subarray(0, 32)) || !isReducedScalar(signature.subarray(32)))
    return false

  const held = imported(key)
  if (held === undefined) return false
  return verify(null, message, held, signature)
}

/** The signer of a 32-byte seed. */
export function signerFrom(seed: Uint8Array): Signer {
  const held = privateKeyOf(seed)
  return {
    key: publicHalf(held),
    sign: message => new Uint8Array(sign(null, message, held)),
  }
}

/** The public half of a 32-byte seed. */
export function publicKeyOf(seed: Uint8Array): PublicKey {
  return publicHalf(privateKeyOf(seed))
}

/** A seed from the system's generator. */
export function newSeed(): Uint8Array {
  return new Uint8Array(randomBytes(32))
}

/** An incarnation from the system's generator: 8 bytes; no two lives of one key share it. */
export function newIncarnation(): string {
  return randomBytes(8).toString('hex')
}

const PKCS8 = fromHex('302e020100300506032b657004220420') as Uint8Array
const SPKI = fromHex('302a300506032b6570032100') as Uint8Array

/** p - 1, little-endian, the y of the point of order 2. */
const Y_ORDER_2 = `ec${'ff'.repeat(30)}7f`

/** The y of every point whose order divides 8, in canonical form. */
const SMALL_ORDER_Y: ReadonlySet<string> = new Set([
  `01${'00'.repeat(31)}`,
  Y_ORDER_2,
  '00'.repeat(32),
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
])

/** L, the order of the base point, little-endian. */
const ORDER = fromHex(
  'edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010',
) as Uint8Array

/**
 * Whether the encoding is canonical and not of small order. The two encodings of x = 0 with the
 * sign set, which are not canonical either, have the y of a small-order point.
 */
function isUsablePoint(bytes: Uint8Array): boolean {
  const top = (bytes[31] as number) & 0x7f
  if (top === 0x7f && (bytes[0] as number) >= 0xed && allOnes(bytes)) return false

  // Hex costs a microsecond, and the first byte rules out nearly all.
  const first = bytes[0]
  if (first !== 0x00 && first !== 0x01 && first !== 0xec && first !== 0x26 && first !== 0xc7)
    return true
  const y = new Uint8Array(bytes)
  y[31] = top
  return !SMALL_ORDER_Y.has(hex(y))
}

/** Whether bytes 1 to 30 are all 0xff. */
function allOnes(bytes: Uint8Array): boolean {
  for (let i = 1; i < 31; i++) if (bytes[i] !== 0xff) return false
  return true
}

function isReducedScalar(bytes: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const digit = bytes[i] as number
    const bound = ORDER[i] as number
    if (digit !== bound) return digit < bound
  }
  return false
}

/** Imported keys, the least lately used first; undefined for a key that is refused. */
const cache = new Map<PublicKey, KeyObject | undefined>()

/** Importing costs half a verification, and a room has few keys. */
function imported(key: PublicKey): KeyObject | undefined {
  const known = cache.has(key)
  const held = known ? cache.get(key) : importKey(key)

  if (known) cache.delete(key)
  cache.set(key, held)
  if (cache.size > KEY_CACHE_MAX) cache.delete(cache.keys().next().value as PublicKey)
  return held
}

function importKey(key: PublicKey): KeyObject | undefined {
  const bytes = fromHex(key)
  if (bytes === undefined || bytes.length !== 32 || !isUsablePoint(bytes)) return undefined
  return createPublicKey({ key: Buffer.concat([SPKI, bytes]), format: 'der', type: 'spki' })
}

function privateKeyOf(seed: Uint8Array): KeyObject {
  if (seed.length !== 32) throw new Error(`bug: a seed has 32 bytes, not ${seed.length}`)
  return createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' })
}

function publicHalf(held: KeyObject): PublicKey {
  const der = createPublicKey(held).export({ format: 'der', type: 'spki' })
  return der.subarray(SPKI.length).toString('hex') as PublicKey
}
