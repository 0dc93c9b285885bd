/**
 * The one rule for Ed25519, as the reference: RFC 8032 without the cofactor.
 *
 * Libraries disagree about keys and signatures that no honest signer makes, and one on which two
 * peers disagree would split the room. So everything here is compared as bytes in its one canonical
 * form: S below the group order, A a canonical point, and R exactly the encoding of S·B − k·A.
 * Neither A nor R is of small order: the platform's implementation refuses those, measured on
 * Node 24, and no honest signer makes them.
 */
import { Point, getPublicKey, hashes, sign } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import type { PublicKey } from '../brand.ts'
import { fromHex, hex } from '../bytes/text.ts'
import type { Signer, Verify } from '../crypto.ts'

// The synchronous half of @noble/ed25519 has no hash of its own until it is given one.
hashes.sha512 = sha512

const ORDER = Point.CURVE().n

/** Whether the signature holds under SPEC's rule; the oracle for every faster implementation. */
export const verifyReference: Verify = (key, message, signature) => {
  const A = pointOf(key)
  if (A === undefined || A.isSmallOrder() || signature.length !== 64) return false

  const R = signature.subarray(0, 32)
  const S = littleEndian(signature.subarray(32))
  if (S >= ORDER) return false

  const k = littleEndian(sha512(concat(R, A.toBytes(), message))) % ORDER
  const SB = S === 0n ? Point.ZERO : Point.BASE.multiplyUnsafe(S)
  const expected = SB.subtract(A.multiplyUnsafe(k))
  if (expected.isSmallOrder()) return false
  return expected.toBytes().every((byte, at) => byte === R[at])
}

/**
 * Whether a key may enter the auth log: a canonical point of the prime-order subgroup, and not its
 * neutral element. With any other key one signature can hold for more than one message.
 */
export function isSoundKey(key: PublicKey): boolean {
  const point = pointOf(key)
  return point !== undefined && !point.is0() && point.isTorsionFree()
}

/** The signer whose private key is the RFC 8032 seed of 32 bytes. */
export function signerFrom(seed: Uint8Array): Signer {
  const own = seed.slice()
  const key = hex(getPublicKey(own)) as PublicKey
  return { key, sign: message => sign(message, own) }
}

/** The point that a key spells canonically; noble's strict reading refuses y ≥ p and −0. */
function pointOf(key: PublicKey): Point | undefined {
  const bytes = fromHex(key)
  if (bytes === undefined || bytes.length !== 32) return undefined
  try {
    return Point.fromBytes(bytes)
  } catch {
    return undefined
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(bytes.slice().reverse())}`)
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
