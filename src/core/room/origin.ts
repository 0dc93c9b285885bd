/**
 * Where a fact comes from. Mostly from where it stands; but an author whose stream was sealed says
 * again, in its next life, what was cut off, and such a fact names the place that it had. Views
 * show it there, under the id that was answered when it was first written, so it is one fact
 * whoever says it again, and however often: two daemons of one cloned disk may both do it.
 *
 * The two branches of a stream that forked give one place to two facts, and the room may have
 * confirmed something about either. So an id is bound to what the fact says too.
 */
import { actorOf, keyOf } from '../brand.ts'
import { sha256, tagged } from '../bytes/hash.ts'
import { base32, utf8 } from '../bytes/text.ts'
import { Writer } from '../bytes/writer.ts'
import { FACT_MAX_BYTES, ORIGIN_MAX_BYTES } from '../limits.ts'
import { type FactId, factId, type Place } from './facts.ts'
import { volumeOf } from './place.ts'
import type { Topic } from './topics.ts'

/** A fact as it was first written. */
export type Origin = { readonly place: Place; readonly value: string }

/** The id of a fact, given where it was first written and as what. */
export function idOf(origin: Origin): FactId {
  return isAboutAsks(origin.place.topic) ? factId(origin.place) : boundId(origin)
}

/** The id that no other fact has, not even the one at its place on another branch. */
export function boundId({ place, value }: Origin): FactId {
  const body = new Writer().id(place.actor).text(place.topic).uint(place.n)
  const bytes = body.raw(sha256(utf8(value))).done()
  return base32(sha256(tagged('knot/fact/2', bytes)).subarray(0, 10)) as FactId
}

/**
 * Whether a topic is one of asks and what answers them. Those name each other by place, so what is
 * said again there is a new fact where it then stands.
 */
export function isAboutAsks(topic: Topic): boolean {
  return topic === 'claims' || topic === 'locks'
}

const WAS = /^\{"was":\["([0-9a-f]{16})",(0|[1-9][0-9]{0,14})\],(?=")/

/**
 * Where views show the fact that stands at a place: there, or where it was first written. An ask
 * that its author says again in the next volume, in the same life, goes on waiting as what it was.
 */
export function originOf(place: Place, value: string): Origin {
  const origin = firstOf(place, value)
  const goesOn = origin.place.actor === place.actor && volumeOf(origin.place) < volumeOf(place)
  return isAboutAsks(place.topic) && !goesOn ? { ...origin, place } : origin
}

/** Where the fact that stands at a place was first written: there, or in an earlier life. */
export function firstOf(place: Place, value: string): Origin {
  const [head, incarnation, n] = WAS.exec(value) ?? []
  if (head === undefined || incarnation === undefined) return { place, value }
  // Below its author's own key only: nobody can say again what another said.
  const actor = actorOf(keyOf(place.actor), incarnation)
  return { place: { ...place, actor, n: Number(n) }, value: `{${value.slice(head.length)}` }
}

/** A fact as its author says it again; undefined for a value that no view could ever show. */
export function saidAgain({ place, value }: Origin): string | undefined {
  if (!value.startsWith('{"')) return undefined
  const { actor, n } = place
  const again = `{"was":["${actor.slice(64)}",${n}],${value.slice(1)}`
  return utf8(again).length > FACT_MAX_BYTES ? undefined : again
}

/** Whether a fact leaves room for the place that it would have to name, were it said again. */
export function mayBeSaidAgain(value: string): boolean {
  return utf8(value).length <= FACT_MAX_BYTES - ORIGIN_MAX_BYTES || WAS.test(value)
}
