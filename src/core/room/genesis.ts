/**
 * The first change of a volume. It makes the topics, and every peer computes the same bytes from
 * the room's id and the volume's number, so it is never sent, signed or judged.
 */
import type { Hash, RoomId } from '../brand.ts'
import { hashOf, tagged } from '../bytes/hash.ts'
import { Writer } from '../bytes/writer.ts'
import { encodeGenesis } from './encode.ts'
import { TOPICS, type Topic } from './topics.ts'

export type Volume = {
  readonly room: RoomId
  /** 0 for the room's first volume. */
  readonly number: number
  /** The hash of the genesis change, which names the volume. */
  readonly id: Hash
  /** The genesis change: the first thing an Automerge document of the volume is given. */
  readonly bytes: Uint8Array
  /** Who wrote the genesis: a hash that no one holds a key for, shorter than any author's actor. */
  readonly actor: Hash
  /** The number of the last op of the genesis. */
  readonly maxOp: number
}

/** Computes the genesis of a volume. */
export function openVolume(room: RoomId, number: number): Volume {
  // The format stands in the purpose: a volume that starts with re-published state is another one,
  // and its actor must not be able to name maps of this one.
  const actor = hashOf(tagged('knot/volume/1', new Writer().id(room).uint(number).done()))
  const { bytes, hash } = encodeGenesis(actor, TOPICS)
  return { room, number, id: hash, bytes, actor, maxOp: TOPICS.length }
}

/** The op of the genesis that made a topic's map. */
export function topicOp(topic: Topic): number {
  return TOPICS.indexOf(topic) + 1
}

/** The topic whose map an op of the genesis made; undefined when it made none. */
export function topicOfOp(op: number): Topic | undefined {
  return TOPICS[op - 1]
}
