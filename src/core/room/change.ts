/**
 * A change of one author's stream: the only thing that ever reaches the room document.
 *
 * Its bytes are an Automerge change chunk, narrowed to what knot writes: maps below the author's
 * own name, and facts in them, each written once. Nothing is overwritten or deleted, so an op
 * never names a predecessor op.
 */
import type { ActorId, Hash } from '../brand.ts'
import { fromHex } from '../bytes/text.ts'
import { AUTH_HEADS_MAX } from '../limits.ts'
import type { Topic } from './topics.ts'

/** One record: the n-th that its author wrote under the topic, counted from 0 in volume 0. */
export type Fact = { readonly topic: Topic; readonly n: number; readonly value: string }

/** A map of the document, by the op that made it: one of this stream's or one of the genesis. */
export type ObjectId = { readonly by: 'own' | 'genesis'; readonly op: number }

/** Writes one key of a map: a fact, or without a value a new map. */
export type Op = {
  readonly into: ObjectId
  readonly key: string
  readonly value: string | undefined
}

export type Change = {
  readonly actor: ActorId
  /** 1 for the first change of the stream. */
  readonly seq: number
  /** The number of the first op; the others follow it. */
  readonly startOp: number
  /** Seconds since the Unix epoch, as the author's clock told it. Never decides. */
  readonly time: number
  /** The change before it in the stream, or the volume's genesis. */
  readonly predecessor: Hash
  /** The auth heads it was written under, ascending; empty when they are the predecessor's. */
  readonly heads: readonly Hash[]
  /** The volume's genesis actor, where an op stands in one of its maps. */
  readonly genesis: Hash | undefined
  readonly ops: readonly Op[]
}

/** Auth heads as the message of a change: their hex digits in one line. */
export function messageOf(heads: readonly Hash[]): string {
  return heads.join('')
}

/** Auth heads out of a message; undefined unless they are hashes in strictly ascending order. */
export function headsOf(message: string): Hash[] | undefined {
  if (message.length % 64 !== 0 || message.length > 64 * AUTH_HEADS_MAX) return undefined
  if (fromHex(message) === undefined) return undefined

  const heads: Hash[] = []
  for (let at = 0; at < message.length; at += 64) {
    const head = message.slice(at, at + 64) as Hash
    const before = heads.at(-1)
    if (before !== undefined && head <= before) return undefined
    heads.push(head)
  }
  return heads
}
