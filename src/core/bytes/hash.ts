/** SHA-256, the one hash of knot. */
import { sha256 as noble } from '@noble/hashes/sha2.js'
import type { Hash } from '../brand.ts'
import { hex, utf8 } from './text.ts'

/** SHA-256 of the concatenation of the parts. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const digest = noble.create()
  for (const part of parts) digest.update(part)
  return digest.digest()
}

/** SHA-256 as an id. */
export function hashOf(...parts: readonly Uint8Array[]): Hash {
  return hex(sha256(...parts)) as Hash
}

/**
 * What is signed or hashed for one purpose: the purpose's name, a zero byte, then the body. No name
 * is a prefix of another with its zero byte, so bytes made for one purpose never serve another.
 */
export function tagged(purpose: string, body: Uint8Array): Uint8Array {
  const tag = utf8(purpose)
  const bytes = new Uint8Array(tag.length + 1 + body.length)
  bytes.set(tag)
  bytes.set(body, tag.length + 1)
  return bytes
}
