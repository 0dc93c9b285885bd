/**
 * Cuts what a peer lacks of a stream into runs.
 *
 * A run ends in a change whose own signature is held here; everything before it is covered by that
 * one, because each change names its predecessor by hash.
 */
import type { Hash } from '../brand.ts'
import { FRAME_MAX_BYTES, RUN_MAX_BYTES, RUN_MAX_CHANGES } from '../limits.ts'

/** One change of a stream as this peer keeps it. */
export type HeldChange = { hash: Hash; bytes: Uint8Array; signature: Uint8Array | undefined }

export type Run = { seq: number; changes: Uint8Array[]; signature: Uint8Array }

/**
 * The longest run that begins after `seq` and is not above RUN_MAX_BYTES, or else the shortest;
 * `held[0]` is seq 1. Undefined when nothing is lacking, or when no signature is held as far as one
 * frame reaches; the next change of the stream brings one.
 */
export function runAfter(held: readonly HeldChange[], seq: number): Run | undefined {
  let bytes = 0
  let best: { end: number; signature: Uint8Array } | undefined
  const stop = Math.min(held.length, seq + RUN_MAX_CHANGES)
  for (let at = seq; at < stop; at++) {
    const { bytes: change, signature } = held[at] as HeldChange
    bytes += change.length
    if (bytes > (best === undefined ? CHANGES_BYTES : RUN_MAX_BYTES)) break
    if (signature !== undefined) best = { end: at + 1, signature }
  }
  if (best === undefined) return undefined
  const changes = held.slice(seq, best.end).map((change) => change.bytes)
  return { seq: seq + 1, changes, signature: best.signature }
}

/** Room for changes in a frame beside the actor, the seq, the lengths and the signature. */
const CHANGES_BYTES = FRAME_MAX_BYTES - 1024
