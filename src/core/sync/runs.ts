/**
 * Cuts what a peer lacks of a stream into runs.
 *
 * A run ends in a change whose own signature is held here; everything before it is covered by that
 * one, because each change names its predecessor by hash.
 */
import type { Hash } from '../brand.ts'
import { RUN_MAX_BYTES, RUN_MAX_CHANGES } from '../limits.ts'

/** One change of a stream as this peer keeps it. */
export type HeldChange = { hash: Hash; bytes: Uint8Array; signature: Uint8Array | undefined }

export type Run = { seq: number; changes: Uint8Array[]; signature: Uint8Array }

/**
 * The longest run that begins after `seq`; `held[0]` is seq 1. Undefined when nothing is lacking,
 * or when no signature lies within one run's bounds (the author's own fault: a run that long was
 * refused when it came in).
 */
export function runAfter(held: readonly HeldChange[], seq: number): Run | undefined {
  const changes: Uint8Array[] = []
  let bytes = 0
  let best: Run | undefined
  for (let at = seq; at < held.length && changes.length < RUN_MAX_CHANGES; at++) {
    const { bytes: change, signature } = held[at] as HeldChange
    bytes += change.length
    if (best !== undefined && bytes > RUN_MAX_BYTES) break
    changes.push(change)
    if (signature !== undefined) best = { seq: seq + 1, changes: changes.slice(), signature }
  }
  return best
}
