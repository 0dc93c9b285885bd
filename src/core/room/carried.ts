/**
 * The carried state: what every view needs to go on without the volume before. It is a function of
 * the facts within a cut's frontier and of the chain before the cut, in whatever order they came.
 */
import type { ActorId, Hash } from '../brand.ts'
import { hashOf, tagged } from '../bytes/hash.ts'
import { decode, type Decoded } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import { CARRIED_MAX_BYTES, CARRIED_MAX_FACTS, CARRIED_RECENT, FACT_MAX_BYTES } from '../limits.ts'
import { parseObject } from './json.ts'
import { idOf, type Origin } from './origin.ts'
import { factId, type FactId } from './place.ts'
import { TOPICS, type Topic } from './topics.ts'
import type { Board, LeaderOf } from './views/board.ts'
import { integrationOf, refusalOf, sorted } from './views/board.ts'

/** A board, and where each of its facts was first written. */
export type Folded = {
  readonly board: Board
  readonly facts: ReadonlyMap<FactId, Origin>
  readonly leader: LeaderOf
  readonly founder: ActorId
}

/** The facts that rule 1 carries over, in their order. */
export function carriedOf(folded: Folded): Origin[] {
  const ids = new Set<FactId>([
    ...recent(folded.board.chat),
    ...tasksOf(folded.board),
    ...pushesOf(folded),
    ...asksOf(folded.board),
    ...[...folded.board.doing.values()].map(({ id }) => id),
    ...(folded.board.asks.get(integrationOf(folded.board) as never)?.keys() ?? []),
  ])
  const facts = [...ids].flatMap((id) => folded.facts.get(id) ?? [])
  return facts.filter(({ value }) => parseObject(value) !== undefined).sort(inOrder)
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

function recent(map: Parameters<typeof sorted>[0]): FactId[] {
  return sorted(map).slice(-CARRIED_RECENT).map(({ id }) => id)
}

/** All that are open, and the newest of the others. */
function tasksOf({ tasks, claims }: Board): FactId[] {
  const isOver = (id: FactId) => {
    const status = claims.tasks.get(id)?.status
    return status === 'done' || status === 'dropped'
  }
  const over = new Map([...tasks].filter(([id]) => isOver(id)))
  return [...[...tasks.keys()].filter((id) => !isOver(id)), ...recent(over)]
}

/**
 * The base, each actor's newest push, and every push that did not land, with the verdict that
 * counts, that was undone, with those that bring it back, or whose landing is one of the newest.
 */
function pushesOf({ board, leader, founder }: Folded): FactId[] {
  const verdicts = [...board.unlanded.keys()].flatMap((id) => {
    return refusalOf(board, id, leader)?.id ?? []
  })
  const base = board.bases.get(founder)?.id
  return [
    ...(base === undefined ? [] : [base]),
    ...[...board.newest.values()].map(({ id }) => id),
    ...board.unlanded.keys(),
    ...verdicts,
    ...board.undone.keys(),
    ...[...board.undone.keys()].flatMap((id) => [...(board.again.get(id) ?? [])]),
    ...board.landings.slice(-CARRIED_RECENT).map(({ fact }) => fact.push),
  ]
}

/** Asks that wait, and words that take back what is held. */
function asksOf({ claims, locks }: Board): FactId[] {
  const ids: FactId[] = [...locks.asks.keys()]
  const held = new Set(locks.held.keys())
  const claimed = new Set<FactId>()
  for (const task of claims.live) {
    const life = claims.tasks.get(task)
    ids.push(...(life?.asks.keys() ?? []))
    if (life?.holder !== undefined) claimed.add(life.holder.ask)
  }
  for (const [topic, { withdrawn }, what] of [
    ['claims', claims, claimed],
    ['locks', locks, held],
  ] as const) {
    for (const [ask, places] of withdrawn) {
      if (what.has(ask)) ids.push(...places.map((place) => factId({ ...place, topic })))
    }
  }
  return ids
}

/** The facts of a carried state, by their ids. */
export function idsOf(facts: readonly Origin[]): Set<FactId> {
  return new Set(facts.map(idOf))
}
