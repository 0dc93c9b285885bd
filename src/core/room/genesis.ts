/**
 * The first change of a volume. It makes the topics, and every peer computes the same bytes, so it
 * is never sent, signed or judged: those of the first volume from the room's id, those of a later
 * one from the cut before it and from what the cut carried over.
 */
import type { Hash, RoomId } from '../brand.ts'
import { hashOf, tagged } from '../bytes/hash.ts'
import { Writer } from '../bytes/writer.ts'
import { BUCKET_FACTS } from '../limits.ts'
import { type AnyOp, encodeGenesis } from './encode.ts'
import type { Origin } from './origin.ts'
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

/** Computes the genesis of a room's first volume. */
export function openVolume(room: RoomId, number: number): Volume {
  // The format stands in the purpose: a volume that starts with carried state is another one, and
  // its actor must not be able to name maps of this one.
  const actor = hashOf(tagged('knot/volume/1', new Writer().id(room).uint(number).done()))
  return begun({ room, number, actor, ops: TOPICS.map(topicMap) })
}

/** What a later volume begins with: the record that cut the one before, and what it carried. */
export type Beginning = {
  readonly number: number
  readonly cut: Hash
  /** In their order. */
  readonly facts: readonly Origin[]
}

/** Computes the genesis of the volume behind a cut. */
export function openNext(room: RoomId, { number, cut, facts }: Beginning): Volume {
  const body = new Writer().id(room).uint(number).id(cut).done()
  const actor = hashOf(tagged('knot/volume/2', body))
  const ops = TOPICS.map(topicMap)
  for (const topic of TOPICS) {
    const own = facts.filter(({ place }) => place.topic === topic)
    if (own.length > 0) ops.push(...carriedOps(topic, own, ops.length + 1))
  }
  return begun({ room, number, actor, ops })
}

/** The op of the genesis that made a topic's map. */
export function topicOp(topic: Topic): number {
  return TOPICS.indexOf(topic) + 1
}

/** The topic whose map an op of the genesis made; undefined when it made none. */
export function topicOfOp(op: number): Topic | undefined {
  return TOPICS[op - 1]
}

function begun(volume: Pick<Volume, 'room' | 'number' | 'actor'> & { ops: AnyOp[] }): Volume {
  const { room, number, actor, ops } = volume
  const { bytes, hash } = encodeGenesis(actor, ops)
  return { room, number, id: hash, bytes, actor, maxOp: ops.length }
}

function topicMap(topic: Topic): AnyOp {
  return { into: undefined, key: topic, value: undefined }
}

/** A map `carried` below a topic, shaped as an author's own: buckets, and facts in them. */
function carriedOps(topic: Topic, facts: readonly Origin[], first: number): AnyOp[] {
  const ops: AnyOp[] = [
    { into: { by: 'own', op: topicOp(topic) }, key: 'carried', value: undefined },
  ]
  let bucket = 0
  for (const [at, fact] of facts.entries()) {
    if (at % BUCKET_FACTS === 0) {
      bucket = first + ops.length
      const key = String(at / BUCKET_FACTS)
      ops.push({ into: { by: 'own', op: first }, key, value: undefined })
    }
    ops.push({ into: { by: 'own', op: bucket }, key: String(at), value: carriedValue(fact) })
  }
  return ops
}

/** The value is a JSON object already: only such a fact is ever shown, and carried. */
function carriedValue({ place, value }: Origin): string {
  return `{"was":["${place.actor}",${place.n}],"is":${value}}`
}
