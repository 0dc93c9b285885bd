/**
 * The view of a room: tasks, chat and pushes, folded from every author's facts.
 *
 * A fold of the same facts in any order that keeps each author's own gives the same board: every
 * fact lands under its own id, and whoever asks gets it sorted. What a leader confirmed is folded
 * from the term chain only; a landing or a verdict in the document alone is a claim, not an event.
 */
import type { ActorId, Instant, Oid } from '../../brand.ts'
import type { Queued } from '../../integration/planner.ts'
import { type FactId, type Facts, type Place, readFact } from '../facts.ts'
import type {
  Based, Landed, Pushed, Refused, Said, TaskAdded, UndoAsked, Undone,
} from '../facts.ts'
import type { TaskAsked } from '../claim-facts.ts'
import type { Doing } from '../lock-facts.ts'
import { type Claims, foldAsk, foldWithdrawal, noClaims } from './claims.ts'
import {
  foldLockAsk,
  foldUnlock,
  type HeldLock,
  type Lock,
  type Locks,
  lockOf,
  noLocks,
} from './locks.ts'
import { idOf, originOf } from '../origin.ts'

/** A fact with where it stands. */
export type Entry<F> = { id: FactId; place: Place; fact: F }

/** A landing that the term chain confirmed, at its place there. */
export type Landing = { seq: number; term: number; id: FactId; by: ActorId; fact: Landed }

/** An undo that the term chain confirmed, and the landing that it took back. */
export type Undoing = {
  seq: number
  term: number
  id: FactId
  by: ActorId
  fact: Undone
  undoes: Landing
}

export type Board = {
  chat: Map<FactId, Entry<Said>>
  tasks: Map<FactId, Entry<TaskAdded>>
  /** The first that each actor named. */
  bases: Map<ActorId, Entry<Based>>
  pushes: Map<FactId, Entry<Pushed>>
  /** The newest push of each actor. */
  newest: Map<ActorId, Entry<Pushed>>
  /** Pushes that did not land, refused ones too. */
  unlanded: Map<FactId, Entry<Pushed>>
  /** Of those, the ones that `queueOf` has not seen refused: the queue costs what is live. */
  open: Map<FactId, Entry<Pushed>>
  /** By push, in the order in which they count; several leaders may have spoken of one. */
  verdicts: Map<FactId, Entry<Refused>[]>
  /** In the order of the chain, those that were undone too. */
  landings: Landing[]
  /** The landing of each push that ever landed. */
  landed: Map<FactId, Landing>
  claims: Claims
  locks: Locks
  /** What each actor said last that it is doing. */
  doing: Map<ActorId, Entry<Doing>>
  /** Every confirmed step of the integration ref: landings and undos, in the order of the chain. */
  line: (Landing | Undoing)[]
  /** The landings that stand: an undo takes the last one off. */
  stack: Landing[]
  /** By push: what was taken back, and did not land twice. */
  undone: Map<FactId, Undoing>
  /** Wishes to undo, by the head that they are about. */
  asks: Map<Oid, Map<FactId, Entry<UndoAsked>>>
  /** By claim: the pushes that were made under it. */
  under: Map<FactId, Set<FactId>>
  /** By push: the pushes that say they bring it back. */
  again: Map<FactId, Set<FactId>>
}

/** A board before any fact. */
export function emptyBoard(): Board {
  return {
    chat: new Map(),
    tasks: new Map(),
    bases: new Map(),
    pushes: new Map(),
    newest: new Map(),
    unlanded: new Map(),
    open: new Map(),
    verdicts: new Map(),
    landings: [],
    landed: new Map(),
    claims: noClaims(),
    locks: noLocks(),
    doing: new Map(),
    line: [],
    stack: [],
    undone: new Map(),
    asks: new Map(),
    under: new Map(),
    again: new Map(),
  }
}

/** What a fold made visible, for the log. */
export type Shown =
  | { kind: 'said'; entry: Entry<Said> }
  | { kind: 'task'; entry: Entry<TaskAdded> }
  | { kind: 'based'; entry: Entry<Based> }
  | { kind: 'pushed'; entry: Entry<Pushed> }
  | { kind: 'refused'; entry: Entry<Refused> }
  | { kind: 'doing'; entry: Entry<Doing> }
  /** An ask about a task that was over when it came. */
  | { kind: 'ask-lost'; entry: Entry<TaskAsked> }
  /** An ask for a lock that another excluded before it came. */
  | { kind: 'lock-lost'; ask: Lock; at: Instant; against: HeldLock }
  | { kind: 'undo-asked'; entry: Entry<UndoAsked> }
  | { kind: 'nothing' }

/** Takes one accepted fact into the board; the same one again changes nothing. */
export function foldFact(board: Board, place: Place, value: string): Shown {
  switch (place.topic) {
    case 'chat': {
      const entry = read('chat', place, value)
      return entry && put(board.chat, entry) ? { kind: 'said', entry } : NOTHING
    }
    case 'tasks': {
      const entry = read('tasks', place, value)
      return entry && put(board.tasks, entry) ? { kind: 'task', entry } : NOTHING
    }
    case 'refs': {
      const entry = read('refs', place, value)
      if (entry === undefined) return NOTHING
      const { fact } = entry
      return fact.kind === 'base'
        ? foldBase(board, { ...entry, fact })
        : foldPush(board, { ...entry, fact })
    }
    case 'verdicts': {
      const entry = read('verdicts', place, value)
      return entry && insert(board.verdicts, entry) ? { kind: 'refused', entry } : NOTHING
    }
    case 'claims': {
      const entry = read('claims', place, value)
      return entry === undefined ? NOTHING : foldClaims(board, entry)
    }
    case 'locks': {
      const entry = read('locks', place, value)
      return entry === undefined ? NOTHING : foldLocks(board, entry)
    }
    case 'plans': {
      const entry = read('plans', place, value)
      return entry === undefined ? NOTHING : foldDoing(board, entry)
    }
    case 'landings': {
      const entry = read('landings', place, value)
      return entry?.fact.kind === 'undo'
        ? foldUndoAsk(board, { ...entry, fact: entry.fact })
        : NOTHING
    }
    default:
      return NOTHING
  }
}

const NOTHING: Shown = { kind: 'nothing' }

function read<T extends keyof Facts>(
  topic: T,
  place: Place,
  value: string,
): Entry<Facts[T]> | undefined {
  const origin = originOf(place, value)
  const fact = readFact(topic, origin.value)
  return fact === undefined ? undefined : { id: idOf(origin), place: origin.place, fact }
}

/** Of the facts about tasks only what members ask: what a leader rules counts by the chain. */
function foldClaims({ claims }: Board, { id, place, fact }: Entry<Facts['claims']>): Shown {
  if (fact.kind === 'withdraw') foldWithdrawal(claims, { id, place, fact })
  if (fact.kind !== 'ask') return NOTHING
  const entry = { id, place, fact }
  return foldAsk(claims, entry) === 'lost' ? { kind: 'ask-lost', entry } : NOTHING
}

function foldLocks({ locks }: Board, { id, place, fact }: Entry<Facts['locks']>): Shown {
  if (fact.kind === 'withdraw') foldUnlock(locks, { id, place, fact })
  if (fact.kind !== 'ask') return NOTHING
  const fate = foldLockAsk(locks, { id, place, fact })
  const ask = lockOf(id, place.actor, fact)
  if (fate.kind !== 'lost' || fate.against === undefined || ask === undefined) return NOTHING
  return { kind: 'lock-lost', ask, at: fact.at, against: fate.against }
}

function foldDoing({ doing }: Board, entry: Entry<Doing>): Shown {
  const { actor } = entry.place
  const known = doing.get(actor)
  if (known !== undefined && !isBefore(known, entry)) return NOTHING
  doing.set(actor, entry)
  return { kind: 'doing', entry }
}

function foldBase(board: Board, entry: Entry<Based>): Shown {
  const { actor } = entry.place
  const known = board.bases.get(actor)
  if (known !== undefined && !isBefore(entry, known)) return NOTHING
  board.bases.set(actor, entry)
  return { kind: 'based', entry }
}

function foldPush(board: Board, entry: Entry<Pushed>): Shown {
  const { id, place } = entry
  const newest = board.newest.get(place.actor)
  if (newest === undefined || isBefore(newest, entry)) board.newest.set(place.actor, entry)
  if (!put(board.pushes, entry)) return NOTHING
  const { claim } = entry.fact
  if (claim !== undefined) {
    board.under.set(claim, (board.under.get(claim) ?? new Set()).add(id))
  }
  for (const undone of entry.fact.again ?? []) {
    const pushes = board.again.get(undone) ?? new Set()
    board.again.set(undone, pushes.add(id))
  }
  if (!board.landed.has(id)) {
    board.unlanded.set(id, entry)
    board.open.set(id, entry)
  }
  return { kind: 'pushed', entry }
}

function foldUndoAsk(board: Board, entry: Entry<UndoAsked>): Shown {
  const { head } = entry.fact
  const asks = board.asks.get(head) ?? new Map()
  board.asks.set(head, asks)
  return put(asks, entry) ? { kind: 'undo-asked', entry } : NOTHING
}

/**
 * Puts an entry under its id, and tells whether it is there now. An author who looks for it can
 * find two facts with one id; the lesser place stays then, whichever came first.
 */
function put<F>(map: Map<FactId, Entry<F>>, entry: Entry<F>): boolean {
  const known = map.get(entry.id)
  if (known !== undefined && !isBefore(entry, known)) return false
  map.set(entry.id, entry)
  return true
}

/** Puts a verdict where it counts, and tells whether it is new. */
function insert(verdicts: Board['verdicts'], entry: Entry<Refused>): boolean {
  const said = verdicts.get(entry.fact.push) ?? []
  let at = said.length
  while (at > 0 && speaksBefore(entry, said[at - 1] as Entry<Refused>)) at--
  const before = said[at - 1]
  if (before !== undefined && !speaksBefore(before, entry)) return false
  said.splice(at, 0, entry)
  verdicts.set(entry.fact.push, said)
  return true
}

/** A term has one leader, so of one term it is the leader's first word. */
function speaksBefore(a: Entry<Refused>, b: Entry<Refused>): boolean {
  return a.fact.term < b.fact.term || (a.fact.term === b.fact.term && isBefore(a, b))
}

/** Facts of one topic: by the actor, then by its count; both branches of a fork have those. */
function isBefore(one: Entry<unknown>, other: Entry<unknown>): boolean {
  const [a, b] = [one.place, other.place]
  if (a.actor !== b.actor) return a.actor < b.actor
  return a.n < b.n || (a.n === b.n && one.id < other.id)
}

/**
 * Takes one landing that the chain confirmed. Undefined, and nothing changes, when its bytes are no
 * landing, when it was taken before, when its push was undone, or when it does not start where the
 * one before it ended: such a one would take that landing out of the integration ref again.
 */
export function foldLanding(
  board: Board,
  at: { seq: number; term: number; place: Place; value: string },
): Landing | undefined {
  const { seq, term, place, value } = at
  const fact = place.topic === 'landings' ? readFact('landings', value) : undefined
  const last = board.line.at(-1)
  if (fact === undefined || fact.kind !== undefined || board.undone.has(fact.push)) return undefined
  if (last !== undefined && (seq <= last.seq || fact.prev !== last.fact.commit)) return undefined
  const landing = { seq, term, id: idOf({ place, value }), by: place.actor, fact }
  board.landings.push(landing)
  board.line.push(landing)
  board.stack.push(landing)
  if (!board.landed.has(fact.push)) board.landed.set(fact.push, landing)
  board.unlanded.delete(fact.push)
  board.open.delete(fact.push)
  return landing
}

/** The integration commit: that of the newest landing or undo, or undefined before the first. */
export function integrationOf(board: Board): Oid | undefined {
  return board.line.at(-1)?.fact.commit
}

/** Where the first landing starts: the base that the founder named first; undefined without one. */
export function baseOf(board: Board, founder: ActorId): Oid | undefined {
  return board.bases.get(founder)?.fact.commit
}

/** Where a push stands. A verdict counts when its author led the term that it names. */
export type Standing =
  | { kind: 'undone'; undoing: Undoing }
  | { kind: 'landed'; landing: Landing }
  | { kind: 'refused'; entry: Entry<Refused> }
  | { kind: 'queued' }

/** Where a push stands by now. A landing outweighs every verdict: some leader could merge it. */
export function standingOf(board: Board, push: FactId, leader: LeaderOf): Standing {
  const undoing = board.undone.get(push)
  if (undoing !== undefined) return { kind: 'undone', undoing }
  const landing = board.landed.get(push)
  if (landing !== undefined) return { kind: 'landed', landing }
  const refusal = refusalOf(board, push, leader)
  return refusal === undefined ? { kind: 'queued' } : { kind: 'refused', entry: refusal }
}

/** Who led a term, as the term chain proves it; undefined until it does, and then never another. */
export type LeaderOf = (term: number) => ActorId | undefined

/** The verdict on a push that counts: the first word of the leader of the lowest term. */
export function refusalOf(
  board: Board,
  push: FactId,
  leader: LeaderOf,
): Entry<Refused> | undefined {
  return board.verdicts.get(push)?.find(({ place, fact }) => leader(fact.term) === place.actor)
}

/**
 * The pushes that wait for a leader, in no order. A push that is refused stays refused, so it is
 * taken off the open ones here and never looked at again.
 */
export function queueOf(board: Board, leader: LeaderOf): Queued[] {
  const queue: Queued[] = []
  for (const { id, fact } of board.open.values()) {
    const refusal = refusalOf(board, id, leader)
    if (refusal === undefined) queue.push({ push: id, commit: fact.commit, at: fact.at })
    else board.open.delete(id)
  }
  return queue
}

/** The newest push of each actor, by its own count. */
export function newestPushes(board: Board): ReadonlyMap<ActorId, Entry<Pushed>> {
  return board.newest
}

/** Facts of one map, oldest first by their authors' clocks; the id settles ties. */
export function sorted<F extends { at: Instant }>(
  map: ReadonlyMap<unknown, Entry<F>>,
): Entry<F>[] {
  return [...map.values()].sort((a, b) => a.fact.at - b.fact.at || (a.id < b.id ? -1 : 1))
}
