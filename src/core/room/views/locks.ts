/**
 * The view of who has locked which paths: a fold of the grants that the term chain confirmed, and
 * of the asks that wait for one.
 *
 * A lock is taken whole or not at all. Two locks of different members exclude each other when some
 * path is covered by both and one of them is exclusive; a grant that the locks before it exclude
 * does not hold, for nobody. An ask is over once it was granted, or taken back, or once a lock that
 * excludes it was granted since its author looked. One that says `wait` outlives that.
 */
import { type ActorId, keyOf } from '../../brand.ts'
import { type Glob, overlapOf, parseGlobs } from '../../globs.ts'
import { LOCKS_REMEMBERED } from '../../limits.ts'
import type { Withdrawn } from '../claim-facts.ts'
import type { LockAsked, LockFreed, LockGranted, LockMode, LockTerms } from '../lock-facts.ts'
import {
  type AskPlace,
  type FactId,
  factId,
  isWithdrawn,
  withdraw,
  type Withdrawals,
} from '../place.ts'
import type { Entry } from './board.ts'
import type { Fence } from './claims.ts'

/** A lock, or what is asked to become one. */
export type Lock = {
  id: FactId
  actor: ActorId
  terms: LockTerms
  globs: readonly Glob[]
}

/** An ask for a lock, and where it stands. */
export type LockAsk = Lock & { place: AskPlace; fact: LockAsked }

/** A lock that the chain confirmed. */
export type HeldLock = Lock & { fence: Fence; at: number }

export type Locks = {
  held: Map<FactId, HeldLock>
  /** Asks that are not over, as they came. */
  asks: Map<FactId, LockAsk>
  /** Locks that ended lately, oldest first; all others were granted at `floor` at the latest. */
  freed: HeldLock[]
  floor: number
  /** Asks and locks that were taken back, with the facts that say so. */
  withdrawn: Withdrawals
}

/** A view before any fact. */
export function noLocks(): Locks {
  return { held: new Map(), asks: new Map(), freed: [], floor: 0, withdrawn: new Map() }
}

/** What an ask came to; `against` is what excludes it. */
export type LockFate =
  | { kind: 'waits' }
  | { kind: 'lost'; against: HeldLock | undefined }
  | { kind: 'nothing' }

/** Takes an ask in. */
export function foldLockAsk(locks: Locks, { id, place, fact }: Entry<LockAsked>): LockFate {
  const back = isWithdrawn(locks.withdrawn, id, place.actor)
  const known = locks.held.has(id) || locks.asks.has(id) || back
  if (known || locks.freed.some((lock) => lock.id === id)) return { kind: 'nothing' }
  const lock = lockOf(id, place.actor, fact)
  if (lock === undefined) return { kind: 'nothing' }
  const against = fact.wait === true ? undefined : since(locks, lock, fact.after)
  if (against !== undefined || fact.after < locks.floor) return { kind: 'lost', against }
  const { actor, n } = place
  locks.asks.set(id, { ...lock, place: { actor, n }, fact })
  return { kind: 'waits' }
}

/** Takes in that an author takes an ask back; a lock that it became is for the leader to end. */
export function foldUnlock(locks: Locks, { place, fact }: Entry<Withdrawn>): void {
  withdraw(locks.withdrawn, fact.ask, place)
  const asked = locks.asks.get(fact.ask)
  if (asked && isWithdrawn(locks.withdrawn, fact.ask, asked.actor)) locks.asks.delete(fact.ask)
}

/** What a grant did. */
export type Granted = { lock: HeldLock; lost: LockAsk[] }

/** Takes in a confirmed grant; undefined, and nothing changes, when the chain forbids it. */
export function foldGrant(
  locks: Locks,
  fence: Fence,
  fact: LockGranted,
): Granted | undefined {
  const { at, globs, mode, reason } = fact
  const id = factId({ ...fact.ask, topic: 'locks' })
  const asked = lockOf(id, fact.ask.actor, { globs, mode, reason })
  if (asked === undefined || locks.held.has(id) || excluder(locks, asked) !== undefined) {
    return undefined
  }
  if (locks.freed.some((lock) => lock.id === id)) return undefined
  const lock = { ...asked, fence, at }
  locks.asks.delete(id)
  locks.held.set(id, lock)
  const lost: LockAsk[] = []
  for (const ask of locks.asks.values()) {
    const stays = ask.fact.wait === true || fence.seq <= ask.fact.after
    if (stays || !excludes(lock, ask)) continue
    locks.asks.delete(ask.id)
    lost.push(ask)
  }
  return { lock, lost }
}

/** Takes in that a lock is over; undefined when there is no such lock. */
export function foldFreed(locks: Locks, fact: LockFreed): HeldLock | undefined {
  const lock = locks.held.get(fact.lock)
  if (lock === undefined) return undefined
  locks.held.delete(fact.lock)
  locks.freed.push(lock)
  if (locks.freed.length > LOCKS_REMEMBERED) {
    locks.floor = Math.max(locks.floor, locks.freed.shift()?.fence.seq ?? 0)
  }
  return lock
}

/** A lock that is held by somebody else and excludes this one; undefined when none does. */
export function excluder(locks: Locks, lock: Lock): HeldLock | undefined {
  for (const held of locks.held.values()) if (excludes(held, lock)) return held
  return undefined
}

/** Whether two locks cannot stand together. */
export function excludes(a: Lock, b: Lock): boolean {
  if (keyOf(a.actor) === keyOf(b.actor)) return false
  const modes: LockMode[] = [a.terms.mode, b.terms.mode]
  return modes.includes('exclusive') && overlapOf(a.globs, b.globs) !== undefined
}

/** What an ask would lock; undefined when one of its globs is none. */
export function lockOf(id: FactId, actor: ActorId, terms: LockTerms): Lock | undefined {
  const read = parseGlobs(terms.globs)
  if (read.kind === 'bad') return undefined
  const { globs, mode, reason } = terms
  return { id, actor, terms: { globs: [...globs], mode, reason }, globs: read.globs }
}

/** What excludes a lock and was granted after a place of the chain, whether it stands or not. */
function since(locks: Locks, lock: Lock, after: number): HeldLock | undefined {
  const late = [...locks.held.values(), ...locks.freed].filter(({ fence }) => fence.seq > after)
  // The first of them, as everybody names it to whom the ask came before.
  return late.sort((a, b) => a.fence.seq - b.fence.seq).find((one) => excludes(one, lock))
}
