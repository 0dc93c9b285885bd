/** Ids that follow from a key: what a program stores, and what people read to each other. */
import type { AgentId, Brand, PublicKey } from '../brand.ts'
import { sha256 } from '../bytes/hash.ts'
import { base32, fromHex, hex } from '../bytes/text.ts'

/** `knot:` and 5 groups of 4 hex digits: 80 bits of SHA-256 of a key, as 48 can be ground. */
export type Fingerprint = Brand<string, 'Fingerprint'>

/** The id of the agent whose first key this is; a rotation keeps it. */
export function agentIdOf(key: PublicKey): AgentId {
  return `ag_${base32(digestOf(key))}` as AgentId
}

/** The fingerprint of a key, for comparing over the phone. Holds the bits of the agent id. */
export function fingerprintOf(key: PublicKey): Fingerprint {
  return spell(hex(digestOf(key)))
}

/** Reads a fingerprint in either case and with or without its prefix; undefined when it is none. */
export function parseFingerprint(text: string): Fingerprint | undefined {
  const groups = text.trim().toLowerCase().replace(/^knot:/, '')
  if (!/^([0-9a-f]{4}:){4}[0-9a-f]{4}$/.test(groups)) return undefined
  return spell(groups.replaceAll(':', ''))
}

function digestOf(key: PublicKey): Uint8Array {
  const bytes = fromHex(key)
  if (bytes?.length !== 32) throw new Error(`bug: not a key: ${key}`)
  return sha256(bytes).subarray(0, 10)
}

function spell(digits: string): Fingerprint {
  const groups = digits.match(/.{4}/g) ?? []
  return `knot:${groups.join(':')}` as Fingerprint
}
