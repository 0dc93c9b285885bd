/**
 * The carried state: what every view needs to go on without the volume before. It is a function of
 * the facts within a cut's frontier and of the chain before the cut, in whatever order they came.
 */
import type { ActorId, Hash, Instant } from '../brand.ts'
import { hashOf, tagged } from '../bytes/hash.ts'
import { decode, type Decoded } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import { CARRIED_MAX_BYTES, CARRIED_MAX_FACTS, CARRIED_RECENT, FACT_MAX_BYTES } from '../limits.ts'
import { parseObject } from './json.ts'
import { idOf, type Origin } from './origin.ts'
import { factId, type FactId, type Place } from './place.ts'
import { TOPICS, type Topic } from './topics.ts'
import type { Board, Entry, LeaderOf } from './views/board.ts'
import { integrationOf, refusalOf, sorted } from './views/board.ts'

/** Facts by their first places; the branches of a fork have some of them in common. */
export class Facts {
  readonly #streams = new Map<string, Map<number, Origin[]>>()

  /** Takes note of a fact. */
  add(origin: Origin): void {
    const { actor, topic, n } = origin.place
    const name = actor + topic
    const stream = this.#streams.get(name) ?? new Map<number, Origin[]>()
    this.#streams.set(name, stream)
    const known = stream.get(n)
    if (known === undefined) stream.set(n, [origin])
    else if (known.every(({ value }) => value !== origin.value)) known.push(origin)
  }

  /** The fact that a view shows. */
  find({ id, place: { actor, topic, n } }: Shown): Origin | undefined {
    const there = this.#streams.get(actor + topic)?.get(n) ?? []
    return there.length > 1 ? there.find((origin) => idOf(origin) === id) : there[0]
  }
}

/** A fact as a view names it. */
type Shown = { readonly id: FactId; readonly place: Place }

/** A board, and where each of its facts was first written. */
export type Folded = {
  readonly board: Board
  readonly facts: Facts
  readonly leader: LeaderOf
  readonly founder: ActorId
}

/** The facts that rule 1 carries over, in their order. */
export function carriedOf(folded: Folded): Origin[] {
  const { board } = folded
  const shown: Shown[] = [
    ...recent(board.chat),
    ...tasksOf(board),
    ...pushesOf(folded),
    ...asksOf(board),
    ...board.doing.values(),
    ...(board.asks.get(integrationOf(board) as never)?.values() ?? []),
  ]
  const facts = new Set(shown.flatMap((entry) => folded.facts.find(entry) ?? []))
  const read = [...facts].filter(({ value }) => parseObject(value) !== undefined)
  return read.sort(inOrder)
}

/** The bytes of a carried state. */
export function encodeCarried(facts: readonly Origin[]): Uint8Array {
  const w = new Writer()
  w.list(facts, ({ place: { actor, topic, n }, value }) => {
    w.id(actor).u8(TOPICS.indexOf(topic)).uint(n).text(value)
  })
  return w.done()
}

/** Reads such bytes, in their one spelling. */
export function decodeCarried(bytes: Uint8Array): Decoded<Origin[]> {
  return decode(bytes, (r) => {
    if (bytes.length > CARRIED_MAX_BYTES) r.fail(`a carried state of ${bytes.length} bytes`)
    const facts = r.list(CARRIED_MAX_FACTS, (): Origin => {
      const actor = r.id<ActorId>(40)
      const topic: Topic = TOPICS[r.u8()] ?? r.fail('no topic')
      return { place: { actor, topic, n: r.uint() }, value: r.text(FACT_MAX_BYTES) }
    })
    const wrong = facts.some((fact, at) => at > 0 && inOrder(facts[at - 1] as Origin, fact) >= 0)
    return wrong ? r.fail('carried facts out of order') : facts
  })
}

/** What a cut names of a carried state. */
export function carriedHash(bytes: Uint8Array): Hash {
  return hashOf(tagged('knot/carried/1', bytes))
}

/** By actor, topic and place; two branches of a fork have one place, and differ in the value. */
function inOrder(a: Origin, b: Origin): number {
  const [one, other] = [a.place, b.place]
  if (one.actor !== other.actor) return one.actor < other.actor ? -1 : 1
  if (one.topic !== other.topic) return one.topic < other.topic ? -1 : 1
  if (one.n !== other.n) return one.n - other.n
  return a.value === b.value ? 0 : a.value < b.value ? -1 : 1
}

function recent<F extends { at: Instant }>(map: ReadonlyMap<unknown, Entry<F>>): Shown[] {
  return sorted(map).slice(-CARRIED_RECENT)
}

/** All that are open, and the newest of the others. */
function tasksOf({ tasks, claims }: Board): Shown[] {
  const isOver = (id: FactId) => {
    const status = claims.tasks.get(id)?.status
    return status === 'done' || status === 'dropped'
  }
  const over = new Map([...tasks].filter(([id]) => isOver(id)))
  return [...[...tasks.values()].filter(({ id }) => !isOver(id)), ...recent(over)]
}

/**
 * The base, each actor's newest push, and every push that did not land, with the verdict that
 * counts, that was undone, with those that bring it back, or whose landing is one of the newest.
 */
function pushesOf({ board, leader, founder }: Folded): Shown[] {
  const verdicts = [...board.unlanded.keys()].flatMap((id) => {
    return refusalOf(board, id, leader) ?? []
  })
  const ids = [
    ...board.undone.keys(),
    ...[...board.undone.keys()].flatMap((id) => [...(board.again.get(id) ?? [])]),
    ...board.landings.slice(-CARRIED_RECENT).map(({ fact }) => fact.push),
  ]
  return [
    ...[board.bases.get(founder)].flatMap((base) => base ?? []),
    ...board.newest.values(),
    ...board.unlanded.values(),
    ...verdicts,
    ...ids.flatMap((id) => board.pushes.get(id) ?? []),
  ]
}

/** Asks that wait, claims that came to nothing, and words that take back what is held. */
function asksOf({ claims, locks }: Board): Shown[] {
  const shown: Shown[] = [...locks.asks.values()].map(({ id, place }) => {
    return { id, place: { ...place, topic: 'locks' as const } }
  })
  const claimed = new Set<FactId>()
  for (const task of claims.live) {
    const life = claims.tasks.get(task)
    shown.push(...(life?.asks.values() ?? []))
    if (life?.holder !== undefined) claimed.add(life.holder.ask)
  }
  // What is pushed under a claim that came to nothing is refused as long as its task goes on.
  for (const [id, { task, ask }] of claims.over) {
    const status = claims.tasks.get(task)?.status
    if (ask === undefined || status === 'done' || status === 'dropped') continue
    shown.push({ id, place: { ...ask, topic: 'claims' as const } })
  }
  for (const [topic, { withdrawn }, held] of [
    ['claims', claims, claimed],
    ['locks', locks, locks.held],
  ] as const) {
    for (const [ask, places] of withdrawn) {
      if (!held.has(ask)) continue
      for (const { actor, n } of places) {
        const place = { actor, topic, n }
        shown.push({ id: factId(place), place })
      }
    }
  }
  return shown
}

/** The facts of a carried state, by their ids. */
export function idsOf(facts: readonly Origin[]): Set<FactId> {
  return new Set(facts.map(idOf))
}
