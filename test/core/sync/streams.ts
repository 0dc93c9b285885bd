/** Streams as a peer holds them; their changes are as large as they are told to be. */
import { type ActorId, actorOf, type PublicKey } from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import type { HeldChange } from '../../../src/core/sync/runs.ts'

export const key = (name: string): PublicKey => hashOf(utf8(name)) as string as PublicKey
export const actor = (name: string): ActorId => actorOf(key(name), '0000000000000001')

/** A stream of so many changes; `signed` tells which seq carry a signature of their own. */
export function stream(
  count: number,
  { size = 10, signed = () => true }: { size?: number; signed?: (seq: number) => boolean } = {},
): HeldChange[] {
  return Array.from({ length: count }, (_, i) => {
    const bytes = new Uint8Array(size).fill(i)
    const signature = signed(i + 1) ? new Uint8Array(64).fill(i + 1) : undefined
    return { hash: hashOf(utf8(`change ${i + 1}`)), bytes, signature }
  })
}
