/** Keys of the tests of core/auth, all from words. */
import { isSoundKey, signerFrom, verifyReference } from '../../../src/core/auth/ed25519.ts'
import { type Name, parseName } from '../../../src/core/auth/name.ts'
import type { PublicKey } from '../../../src/core/brand.ts'
import { hashOf, sha256 } from '../../../src/core/bytes/hash.ts'
import { hex, utf8 } from '../../../src/core/bytes/text.ts'
import type { Signer, Verify } from '../../../src/core/crypto.ts'

/** 32 bytes that follow from a word. */
export function seedOf(word: string): Uint8Array {
  return sha256(utf8(`test ${word}`))
}

export function signer(word: string): Signer {
  return signerFrom(seedOf(word))
}

export const alice = signer('alice')
export const bob = signer('bob')
export const carol = signer('carol')
export const dave = signer('dave')
export const erin = signer('erin')

export function name(text: string): Name {
  const parsed = parseName(text)
  if (parsed.kind === 'bad') throw new Error(parsed.why)
  return parsed.name
}

// The reference takes a millisecond for each verdict, and permutations ask for the same ones again.
const verdicts = new Map<string, boolean>()
export const verify: Verify = (key, message, signature) => {
  const question = `${key} ${hashOf(message)} ${hex(signature)}`
  const verdict = verdicts.get(question) ?? verifyReference(key, message, signature)
  verdicts.set(question, verdict)
  return verdict
}

const sound = new Map<PublicKey, boolean>()
export function isSound(key: PublicKey): boolean {
  const verdict = sound.get(key) ?? isSoundKey(key)
  sound.set(key, verdict)
  return verdict
}
