/** Where a fact stands in the room document, and the id that follows from it. */
import { type ActorId, type Brand, type Instant, keyOf } from '../brand.ts'
import { sha256, tagged } from '../bytes/hash.ts'
import { base32 } from '../bytes/text.ts'
import { Writer } from '../bytes/writer.ts'
import { VOLUME_FACTS } from '../limits.ts'
import { isCount, isInstant, isObject, type Json } from './json.ts'
import type { Topic } from './topics.ts'

/** A fact's name in every surface: 16 base32 digits of the hash of its place in the document. */
export type FactId = Brand<string, 'FactId'>

/** Where a fact stands: whose, on which topic, the how-manieth there; see `placeIn`. */
export type Place = { actor: ActorId; topic: Topic; n: number }

/**
 * The place of the nth fact of its author on a topic in a volume. Places go on from volume to
 * volume, so that no two facts of a stream that did not fork ever have one place.
 */
export function placeIn(volume: number, n: number): number {
  return volume * VOLUME_FACTS + n
}

/** The volume in which a fact was first written. */
export function volumeOf({ n }: { n: number }): number {
  return Math.floor(n / VOLUME_FACTS)
}

/** Where an ask stands: its topic is that of the fact that names it. */
export type AskPlace = Omit<Place, 'topic'>

/** Facts that take something back, by what they take back; of each key one, in their order. */
export type Withdrawals = Map<FactId, AskPlace[]>

/** Notes a withdrawal; whether it means anything is for whoever reads it. */
export function withdraw(withdrawals: Withdrawals, id: FactId, { actor, n }: AskPlace): void {
  const known = withdrawals.get(id) ?? []
  const all = [...known, { actor, n }].sort((a, b) =>
    a.actor === b.actor ? a.n - b.n : a.actor < b.actor ? -1 : 1,
  )
  const isFirst = (place: AskPlace, at: number) =>
    at === 0 || keyOf((all[at - 1] as AskPlace).actor) !== keyOf(place.actor)
  withdrawals.set(id, all.filter(isFirst))
}

/** Whether an actor's own key took something back. */
export function isWithdrawn(withdrawals: Withdrawals, id: FactId, by: ActorId): boolean {
  const known = withdrawals.get(id) ?? []
  return known.some((place) => keyOf(place.actor) === keyOf(by))
}

/** What every fact carries: when its author's clock says it was made, and the term it knew. */
export type Stamp = { at: Instant; term: number }

/** The id of the fact at a place. */
export function factId({ actor, topic, n }: Place): FactId {
  const body = new Writer().id(actor).text(topic).uint(n).done()
  return base32(sha256(tagged('knot/fact/1', body)).subarray(0, 10)) as FactId
}

/** Whether a text is a whole fact id. */
export function isFactId(value: unknown): value is FactId {
  return typeof value === 'string' && /^[a-z2-7]{16}$/.test(value)
}

/** Whether a value is a place without its topic. */
export function isAskPlace(value: unknown): value is AskPlace {
  return isObject(value) && isCount(value['n']) && isActor(value['actor'])
}

/** Whether an object carries what every fact does. */
export function isStamped(json: Json): json is Json & Stamp {
  return isInstant(json['at']) && isCount(json['term'])
}

function isActor(value: unknown): value is ActorId {
  return typeof value === 'string' && /^[0-9a-f]{80}$/.test(value)
}
