/**
 * Fetching: which push to bring here next, and from whom.
 *
 * Every peer fetches every push that has not landed and pins it, so that an author's disk is never
 * the only place where a push exists. Authors take turns: one whose pushes do not exist, or cannot
 * be had, keeps nobody else's waiting.
 */
import { keyOf, type Monotonic, type PublicKey } from '../brand.ts'
import { FETCHES_MAX, HELD_EARLY_MAX, RETRY_MS } from '../limits.ts'
import type { FactId, Pushed } from '../room/facts.ts'
import type { Entry } from '../room/views/board.ts'
import type { Effect, Now } from './effect.ts'
import { afterFailure, type Retry, UNTRIED } from './retry.ts'
import { type Engine, liveSessions, type Missing } from './state.ts'

/** A push became known: it is to be fetched, and whoever said early that it has it, has it. */
export function noteMissing(engine: Engine, { id, place }: Entry<Pushed>): void {
  for (const [key, pushes] of engine.early) {
    if (pushes.delete(id)) holdersOf(engine, id).add(key)
  }
  missingOf(engine, keyOf(place.actor)).fresh.add(id)
  engine.due.add('objects')
}

/** A peer says that it holds a push, which may be on its way to us still. */
export function noteHolder(engine: Engine, push: FactId, key: PublicKey): void {
  const entry = engine.board.pushes.get(push)
  if (entry === undefined) {
    const early = engine.early.get(key) ?? new Set<FactId>()
    engine.early.set(key, early)
    if (early.size < HELD_EARLY_MAX) early.add(push)
    return
  }
  const holders = holdersOf(engine, push)
  // Only news is worth a try before its time: a peer may say so for ever of what it does not have.
  if (holders.has(key)) return
  holders.add(key)
  tryAgain(engine, keyOf(entry.place.actor), push)
}

/** A peer begins anew: what it holds it will say, and what it published may be had again. */
export function forgetHolder(engine: Engine, key: PublicKey): void {
  for (const push of engine.board.unlanded.keys()) engine.holders.get(push)?.delete(key)
  engine.early.delete(key)
  for (const push of engine.missing.get(key)?.failed ?? []) tryAgain(engine, key, push)
}

/** A cut left pushes out: who holds one that is said again said so early. */
export function forgetOldPushes(engine: Engine): void {
  const { holders, board } = engine
  for (const [push, keys] of holders) {
    if (board.pushes.has(push)) continue
    holders.delete(push)
    if (board.landed.has(push)) continue
    for (const key of keys) noteHolder(engine, push, key)
  }
}

/** Starts the fetches that are due, as many as may run. */
export function fetchMissing(engine: Engine, now: Now, out: Effect[]): void {
  if (engine.running.size >= FETCHES_MAX || engine.sessions.size === 0) return
  const turns = [...engine.missing].sort(
    ([a, { turn: s }], [b, { turn: t }]) => s - t || (a < b ? -1 : 1),
  )
  for (const [author, missing] of turns) {
    if (engine.running.size >= FETCHES_MAX) return
    const found = nextOf(engine, now, author, missing)
    if (found === undefined) {
      if (missing.fresh.size + missing.failed.size === 0) engine.missing.delete(author)
      continue
    }
    const { entry, holders } = found
    missing.turn = ++engine.fetches
    engine.running.add(entry.id)
    const { commit } = entry.fact
    out.push({ kind: 'work', job: { kind: 'fetch', push: entry.id, commit, holders } })
  }
}

/** A fetch ended without the push: it waits, longer each time. */
export function fetchFailed(engine: Engine, now: Now, push: FactId): Retry {
  const retry = afterFailure(engine.fetching.get(push) ?? UNTRIED, now)
  setAside(engine, push, retry)
  return retry
}

type Found = { entry: Entry<Pushed>; holders: PublicKey[] }

/** The next push of one author to fetch; each that cannot be is looked at once, then set aside. */
function nextOf(
  engine: Engine,
  now: Now,
  author: PublicKey,
  missing: Missing,
): Found | undefined {
  for (const push of missing.fresh) {
    const found = take(engine, now, author, push)
    if (found !== undefined) return found
  }
  const [oldest] = missing.failed
  const again = oldest === undefined ? undefined : engine.fetching.get(oldest)?.again
  if (oldest === undefined || (again ?? 0) > now.mono) return undefined
  return take(engine, now, author, oldest)
}

function take(engine: Engine, now: Now, author: PublicKey, push: FactId): Found | undefined {
  const missing = missingOf(engine, author)
  missing.fresh.delete(push)
  missing.failed.delete(push)
  const { board, holding, running } = engine
  const entry = board.pushes.get(push)
  if (entry === undefined || holding.has(push) || board.landed.has(push)) {
    engine.fetching.delete(push)
    return undefined
  }
  if (running.has(push)) return undefined
  const holders = whoHas(engine, push, author)
  if (holders.length > 0) return { entry, holders }
  const { tries } = engine.fetching.get(push) ?? UNTRIED
  setAside(engine, push, { tries, again: (now.mono + RETRY_MS) as Monotonic })
  return undefined
}

/** Connected peers that have a push: its author first, then those who said so. */
function whoHas(engine: Engine, push: FactId, author: PublicKey): PublicKey[] {
  const told = engine.holders.get(push)
  const keys = liveSessions(engine).map(([key]) => key)
  const first = keys.filter((key) => key === author)
  return [...first, ...keys.filter((key) => key !== author && told?.has(key) === true)]
}

function setAside(engine: Engine, push: FactId, retry: Retry): void {
  const entry = engine.board.pushes.get(push)
  if (entry === undefined) return
  engine.fetching.set(push, retry)
  missingOf(engine, keyOf(entry.place.actor)).failed.add(push)
}

function tryAgain(engine: Engine, author: PublicKey, push: FactId): void {
  const missing = engine.missing.get(author)
  if (missing?.failed.delete(push) !== true) return
  missing.fresh.add(push)
  engine.due.add('objects')
}

function missingOf(engine: Engine, author: PublicKey): Missing {
  const missing = engine.missing.get(author) ?? { fresh: new Set(), failed: new Set(), turn: 0 }
  engine.missing.set(author, missing)
  return missing
}

function holdersOf(engine: Engine, push: FactId): Set<PublicKey> {
  const holders = engine.holders.get(push) ?? new Set()
  engine.holders.set(push, holders)
  return holders
}
