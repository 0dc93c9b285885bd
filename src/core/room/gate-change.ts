/**
 * Whether one change is a right successor in its stream, by its ops alone: every map made exactly
 * when it is first needed, every fact at the next free place below the author's own name.
 *
 * The op that must stand at each place is computed, not searched for, so an op on another author's
 * map, on a missing one, or with a harmful key is simply not the expected one.
 */
import { type Change, type Fact, type ObjectId, type Op } from './change.ts'
import { type Volume, topicOfOp } from './genesis.ts'
import { placeIn } from './place.ts'
import { type StreamState, planFact } from './stream.ts'
import { TOPICS, type Topic } from './topics.ts'

export type ChangeVerdict =
  | { readonly kind: 'ok'; readonly facts: Fact[]; readonly topics: StreamState['topics'] }
  | { readonly kind: 'invalid'; readonly why: string }

/** Judges a change that is the stream's next by author, seq and predecessor. */
export function judgeChange(volume: Volume, stream: StreamState, change: Change): ChangeVerdict {
  const startOp = stream.maxOp + 1
  if (change.startOp !== startOp) {
    return invalid(`starts at op ${change.startOp}, not ${startOp}`)
  }
  if (change.genesis !== undefined && change.genesis !== volume.actor) {
    return invalid(`names maps of ${change.genesis}, not of this volume's genesis`)
  }

  const topics = { ...stream.topics }
  const facts: Fact[] = []
  let at = 0
  while (at < change.ops.length) {
    const topic = topicOf(topics, change.ops[at] as Op)
    if (topic === undefined) return invalid(`op ${startOp + at} is on no map of this stream`)

    const plan = planFact(topics[topic], {
      topic,
      value: '',
      actor: stream.actor,
      nextOp: startOp + at,
    })
    for (const expected of plan.ops) {
      const op = change.ops[at]
      if (op === undefined) return invalid('ends with a map instead of a fact')
      if (!alike(op, expected)) {
        return invalid(`op ${startOp + at} is ${describe(op)}, not ${describe(expected)}`)
      }
      at++
    }
    const value = (change.ops[at - 1] as Op).value as string
    facts.push({ topic, n: placeIn(volume.number, plan.n), value })
    topics[topic] = plan.after
  }
  return { kind: 'ok', facts, topics }
}

function invalid(why: string): ChangeVerdict {
  return { kind: 'invalid', why }
}

/** The topic that an op writes below, going by the map it stands in. */
function topicOf(topics: StreamState['topics'], op: Op): Topic | undefined {
  if (op.into.by === 'genesis') return topicOfOp(op.into.op)
  return TOPICS.find(topic => {
    const state = topics[topic]
    return state !== undefined && (state.map === op.into.op || state.bucket === op.into.op)
  })
}

function alike(op: Op, expected: Op): boolean {
  return (
    sameObject(op.into, expected.into) &&
    op.key === expected.key &&
    (op.value === undefined) === (expected.value === undefined)
  )
}

function sameObject(a: ObjectId, b: ObjectId): boolean {
  return a.by === b.by && a.op === b.op
}

function describe({ into, key, value }: Op): string {
  return `${value === undefined ? 'a map' : 'a fact'} at "${key}" of ${into.by} map ${into.op}`
}
