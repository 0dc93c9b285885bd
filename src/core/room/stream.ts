/**
 * One author's stream in one volume: what must be known of it to write its next change, and to
 * judge it. That is little, because nothing in a stream is ever overwritten or deleted.
 */
import type { ActorId, Hash } from '../brand.ts'
import { tagged } from '../bytes/hash.ts'
import { utf8 } from '../bytes/text.ts'
import { Writer } from '../bytes/writer.ts'
import {
  AUTH_HEADS_MAX,
  BUCKET_FACTS,
  CHANGE_MAX_BYTES,
  CHANGE_OPS_MAX,
  CHANGE_TIME_MAX_S,
  FACT_MAX_BYTES,
} from '../limits.ts'
import type { Change, Fact, Op } from './change.ts'
import { type Encoded, encodeChange } from './encode.ts'
import { type Volume, topicOp } from './genesis.ts'
import type { Topic } from './topics.ts'

/** Where a stream stands under one topic: its facts, its own map and the bucket being filled. */
export type TopicState = {
  readonly count: number
  readonly map: number
  readonly bucket: number
}

/** A stream up to its last accepted change. A plain value: it is replaced, never changed. */
export type StreamState = {
  readonly actor: ActorId
  /** The last seq; 0 before the first change. */
  readonly seq: number
  /** The hash of the last change; the volume's id before the first. */
  readonly hash: Hash
  readonly maxOp: number
  /** The auth heads that the last change was written under, ascending. */
  readonly heads: readonly Hash[]
  readonly topics: { readonly [T in Topic]?: TopicState }
}

export type Draft = {
  readonly facts: readonly Omit<Fact, 'n'>[]
  /** Seconds since the Unix epoch. */
  readonly time: number
  /** The heads of the auth log, in any order. */
  readonly heads: readonly Hash[]
}

export type Written =
  | (Encoded & { readonly kind: 'ok'; readonly change: Change; readonly stream: StreamState })
  | { readonly kind: 'refused'; readonly why: string }

/** A stream that holds no change yet. */
export function openStream(volume: Volume, actor: ActorId): StreamState {
  return { actor, seq: 0, hash: volume.id, maxOp: volume.maxOp, heads: [], topics: {} }
}

/** Writes the next change of a stream; `stream` in the answer is the stream that holds it. */
export function writeChange(volume: Volume, stream: StreamState, draft: Draft): Written {
  const why = refusal(draft)
  if (why !== undefined) return { kind: 'refused', why }

  const topics = { ...stream.topics }
  const ops: Op[] = []
  for (const fact of draft.facts) {
    const plan = planFact(topics[fact.topic], {
      ...fact,
      actor: stream.actor,
      nextOp: stream.maxOp + ops.length + 1,
    })
    topics[fact.topic] = plan.after
    ops.push(...plan.ops)
  }
  if (ops.length > CHANGE_OPS_MAX) {
    return { kind: 'refused', why: `${ops.length} ops, over ${CHANGE_OPS_MAX}: write two changes` }
  }

  const heads = [...new Set(draft.heads)].sort()
  const change: Change = {
    actor: stream.actor,
    seq: stream.seq + 1,
    startOp: stream.maxOp + 1,
    time: draft.time,
    predecessor: stream.hash,
    heads: sameHeads(heads, stream.heads) ? [] : heads,
    genesis: ops.some(op => op.into.by === 'genesis') ? volume.actor : undefined,
    ops,
  }
  const { bytes, hash } = encodeChange(change)
  if (bytes.length > CHANGE_MAX_BYTES) {
    const size = `${bytes.length} bytes, over ${CHANGE_MAX_BYTES}`
    return { kind: 'refused', why: `${size}: write two changes` }
  }
  return { kind: 'ok', bytes, hash, change, stream: advance(stream, { change, hash, topics }) }
}

/** The stream that holds one more change, which was found to be right. */
export function advance(
  stream: StreamState,
  next: { change: Change; hash: Hash; topics: StreamState['topics'] },
): StreamState {
  const { change, hash, topics } = next
  return {
    actor: stream.actor,
    seq: change.seq,
    hash,
    maxOp: change.startOp + change.ops.length - 1,
    heads: change.heads.length > 0 ? change.heads : stream.heads,
    topics,
  }
}

/** The ops that write the next fact of a topic, each map made exactly when it is first needed. */
export function planFact(
  at: TopicState | undefined,
  fact: { topic: Topic; value: string; actor: ActorId; nextOp: number },
): { n: number; ops: Op[]; after: TopicState } {
  const n = at?.count ?? 0
  const bucketKey = String(Math.floor(n / BUCKET_FACTS))
  let { map, bucket } = at ?? { map: 0, bucket: 0 }
  const ops: Op[] = []
  const nextOp = (): number => fact.nextOp + ops.length

  if (at === undefined) {
    map = nextOp()
    const into = { by: 'genesis', op: topicOp(fact.topic) } as const
    ops.push({ into, key: fact.actor, value: undefined })
  }
  if (n % BUCKET_FACTS === 0) {
    bucket = nextOp()
    ops.push({ into: { by: 'own', op: map }, key: bucketKey, value: undefined })
  }
  ops.push({ into: { by: 'own', op: bucket }, key: String(n), value: fact.value })
  return { n, ops, after: { count: n + 1, map, bucket } }
}

/** Whether two ascending lists of heads are the same. */
export function sameHeads(a: readonly Hash[], b: readonly Hash[]): boolean {
  return a.length === b.length && a.every((head, at) => head === b[at])
}

/** What an author signs of a run: the place and the hash of its last change. */
export function signingBytes(
  volume: Volume,
  last: { actor: ActorId; seq: number; hash: Hash },
): Uint8Array {
  const body = new Writer().id(volume.room).id(volume.id).id(last.actor).uint(last.seq)
  return tagged('knot/op/1', body.id(last.hash).done())
}

function refusal({ facts, time, heads }: Draft): string | undefined {
  if (facts.length === 0) return 'no facts'
  if (facts.length > CHANGE_OPS_MAX) {
    return `${facts.length} facts, over ${CHANGE_OPS_MAX}: write two changes`
  }
  if (!Number.isSafeInteger(time) || time < 0 || time > CHANGE_TIME_MAX_S) {
    return `time ${time} is not whole seconds since 1970`
  }
  if (heads.length === 0) return 'no auth heads'
  if (heads.length > AUTH_HEADS_MAX) {
    return `${heads.length} auth heads, over ${AUTH_HEADS_MAX}: write an auth op that joins them`
  }
  for (const { topic, value } of facts) {
    if (!value.isWellFormed()) return `a fact of ${topic} holds half a surrogate pair`
    const size = utf8(value).length
    if (size > FACT_MAX_BYTES) return `a fact of ${topic} of ${size} bytes, over ${FACT_MAX_BYTES}`
  }
  return undefined
}
