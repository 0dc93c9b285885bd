/**
 * The view of a room: tasks, chat and pushes, folded from every author's facts.
 *
 * A fold of the same facts in any order that keeps each author's own gives the same board: every
 * fact lands under its own id, and whoever asks gets it sorted. What a leader confirmed is folded
 * from the term chain only; a landing or a verdict in the document alone is a claim, not an event.
 */
import type { ActorId, Instant, Oid } from '../../brand.ts'
import type { Queued } from '../../integration/planner.ts'
import { type FactId, factId, type Landed, type Place, type Pushed, readFact } from '../facts.ts'
import type { Based, Refused, Said, TaskAdded } from '../facts.ts'

/** A fact with where it stands. */
export type Entry<F> = { id: FactId; place: Place; fact: F }

/** A landing that the term chain confirmed, at its place there. */
export type Landing = { seq: number; term: number; id: FactId; by: ActorId; fact: Landed }

export type Board = {
  chat: Map<FactId, Entry<Said>>
  tasks: Map<FactId, Entry<TaskAdded>>
  bases: Map<FactId, Entry<Based>>
  pushes: Map<FactId, Entry<Pushed>>
  /** By push; several leaders may have spoken of one. */
  verdicts: Map<FactId, Entry<Refused>[]>
  /** In the order of the chain. */
  landings: Landing[]
  landed: Map<FactId, Landing>
}

/** A board before any fact. */
export function emptyBoard(): Board {
  return {
    chat: new Map(),
    tasks: new Map(),
    bases: new Map(),
    pushes: new Map(),
    verdicts: new Map(),
    landings: [],
    landed: new Map(),
  }
}

/** What a fold made visible, for the log. */
export type Shown =
  | { kind: 'said'; entry: Entry<Said> }
  | { kind: 'task'; entry: Entry<TaskAdded> }
  | { kind: 'based'; entry: Entry<Based> }
  | { kind: 'pushed'; entry: Entry<Pushed> }
  | { kind: 'refused'; entry: Entry<Refused> }
  | { kind: 'nothing' }

/** Takes one accepted fact into the board. */
export function foldFact(board: Board, place: Place, value: string): Shown {
  const id = factId(place)
  switch (place.topic) {
    case 'chat': {
      const fact = readFact('chat', value)
      return fact ? { kind: 'said', entry: put(board.chat, { id, place, fact }) } : NOTHING
    }
    case 'tasks': {
      const fact = readFact('tasks', value)
      return fact ? { kind: 'task', entry: put(board.tasks, { id, place, fact }) } : NOTHING
    }
    case 'refs': {
      const fact = readFact('refs', value)
      if (fact === undefined) return NOTHING
      return fact.kind === 'base'
        ? { kind: 'based', entry: put(board.bases, { id, place, fact }) }
        : { kind: 'pushed', entry: put(board.pushes, { id, place, fact }) }
    }
    case 'verdicts': {
      const fact = readFact('verdicts', value)
      if (fact === undefined) return NOTHING
      const entry = { id, place, fact }
      board.verdicts.set(fact.push, [...(board.verdicts.get(fact.push) ?? []), entry])
      return { kind: 'refused', entry }
    }
    default:
      return NOTHING
  }
}

const NOTHING: Shown = { kind: 'nothing' }

function put<F>(map: Map<FactId, Entry<F>>, entry: Entry<F>): Entry<F> {
  map.set(entry.id, entry)
  return entry
}

/** Takes one landing that the chain confirmed; undefined when its bytes are not a landing. */
export function foldLanding(
  board: Board,
  at: { seq: number; term: number; place: Place; value: string },
): Landing | undefined {
  const fact = readFact('landings', at.value)
  if (fact === undefined) return undefined
  const { seq, term, place } = at
  const landing = { seq, term, id: factId(place), by: place.actor, fact }
  board.landings.push(landing)
  board.landed.set(fact.push, landing)
  return landing
}

/** The integration commit: the newest confirmed landing's, or undefined before the first. */
export function integrationOf(board: Board): Oid | undefined {
  return board.landings.at(-1)?.fact.commit
}

/** Where the first landing starts: the base that the founder named first; undefined without one. */
export function baseOf(board: Board, founder: ActorId): Oid | undefined {
  const named = [...board.bases.values()].filter(({ place }) => place.actor === founder)
  return named.sort((a, b) => a.place.n - b.place.n)[0]?.fact.commit
}

/** Where a push stands. A verdict counts when its author led the term that it names. */
export type Standing =
  | { kind: 'landed'; landing: Landing }
  | { kind: 'refused'; entry: Entry<Refused> }
  | { kind: 'queued' }

export function standingOf(board: Board, push: FactId, leader: LeaderOf): Standing {
  const landing = board.landed.get(push)
  if (landing !== undefined) return { kind: 'landed', landing }
  const refusal = refusalOf(board, push, leader)
  return refusal === undefined ? { kind: 'queued' } : { kind: 'refused', entry: refusal }
}

/** Who led a term, as the term chain proves it. */
export type LeaderOf = (term: number) => ActorId | undefined

/** The verdict on a push that counts: of several, the one of the lowest term, then id. */
export function refusalOf(
  board: Board,
  push: FactId,
  leader: LeaderOf,
): Entry<Refused> | undefined {
  const said = board.verdicts.get(push) ?? []
  return said
    .filter(({ place, fact }) => leader(fact.term) === place.actor)
    .sort((a, b) => a.fact.term - b.fact.term || (a.id < b.id ? -1 : 1))[0]
}

/** The pushes that wait for a leader, in no order. */
export function queueOf(board: Board, leader: LeaderOf): Queued[] {
  const queue: Queued[] = []
  for (const { id, fact } of board.pushes.values()) {
    if (standingOf(board, id, leader).kind !== 'queued') continue
    queue.push({ push: id, commit: fact.commit, at: fact.at })
  }
  return queue
}

/** The newest push of each actor, by its own count. */
export function newestPushes(board: Board): Map<ActorId, Entry<Pushed>> {
  const newest = new Map<ActorId, Entry<Pushed>>()
  for (const entry of board.pushes.values()) {
    const known = newest.get(entry.place.actor)
    if (known === undefined || known.place.n < entry.place.n) newest.set(entry.place.actor, entry)
  }
  return newest
}

/** Facts of one map, oldest first by their authors' clocks; the id settles ties. */
export function sorted<F extends { at: Instant }>(map: ReadonlyMap<FactId, Entry<F>>): Entry<F>[] {
  return [...map.values()].sort((a, b) => a.fact.at - b.fact.at || (a.id < b.id ? -1 : 1))
}
