/**
 * The leader's answers to what members ask about tasks and locks.
 *
 * It decides on top of what is confirmed, so whatever is in the tail of the chain already waits:
 * one decision about a task at a time, and no lock beside one that may exclude it. What it decides
 * is a fact in its own name and a record of the chain; both hold once the record is confirmed.
 * Nothing is given to somebody who is not there: it would only be taken back again.
 */
import { type ActorId, keyOf } from '../brand.ts'
import { governs } from '../auth/roles.ts'
import { LOCKS_PER_AGENT_MAX } from '../limits.ts'
import type { ClaimFact, TaskAsked } from '../room/claim-facts.ts'
import { type FactId, factId, type Facts, readFact, writeFact } from '../room/facts.ts'
import type { LockFact } from '../room/lock-facts.ts'
import type { Entry } from '../room/views/board.ts'
import { lifeOf, mayRule, type TaskLife } from '../room/views/claims.ts'
import { waitsFor } from '../room/views/next.ts'
import { excluder, excludes, type Lock, type LockAsk, lockOf } from '../room/views/locks.ts'
import { isOneAgent, mayHold, whyLost } from './alive.ts'
import { leads, proposeFact, roomInTail, termOf, undecided } from './chain.ts'
import type { Effect, Now } from './effect.ts'
import { memberOf } from './names.ts'
import type { Engine } from './state.ts'
import { author } from './streams.ts'

/** Decides whatever can be decided now. Idempotent: called whenever something may be due. */
export function rule(engine: Engine, now: Now, out: Effect[]): void {
  if (!leads(engine, now)) return
  const { claims } = engine.board
  const tail = tailOf(engine)
  for (const task of claims.live) {
    if (tail.tasks.has(task)) continue
    const fact = onTask(engine, now, task)
    if (fact !== undefined && !decide(engine, now, out, { topic: 'claims', fact })) return
  }
  for (const fact of onLocks(engine, now, tail)) {
    if (!decide(engine, now, out, { topic: 'locks', fact })) return
  }
}

/** What the tail of the chain is about already. */
type Tail = { tasks: Set<FactId>; locks: Lock[]; freed: Set<FactId> }

function tailOf(engine: Engine): Tail {
  const tail: Tail = { tasks: new Set(), locks: [], freed: new Set() }
  for (const { topic, value } of undecided(engine)) {
    const claim = topic === 'claims' ? readFact('claims', value) : undefined
    if (claim?.kind === 'rule' || claim?.kind === 'release') tail.tasks.add(claim.task)
    const lock = topic === 'locks' ? readFact('locks', value) : undefined
    if (lock?.kind === 'free') tail.freed.add(lock.lock)
    if (lock?.kind !== 'grant') continue
    const granted = lockOf(factId({ ...lock.ask, topic: 'locks' }), lock.ask.actor, lock)
    if (granted !== undefined) tail.locks.push(granted)
  }
  return tail
}

/** What there is to decide about a task: the first ask that can be followed, or that it is lost. */
function onTask(engine: Engine, now: Now, task: FactId): ClaimFact | undefined {
  const { claims } = engine.board
  const life = lifeOf(claims, task)
  const stamp = { at: now.wall, term: termOf(engine) }
  for (const entry of life.asks.values()) {
    const { want, claim } = entry.fact
    if (!mayRule(life, entry.fact) || !isAllowed(engine, now, life, entry)) continue
    const { actor, n } = entry.place
    const under = claim === undefined ? {} : { claim }
    return { ...stamp, kind: 'rule', want, task, ask: { actor, n }, ...under }
  }
  const { holder } = life
  if (holder === undefined) return undefined
  const backs = claims.withdrawn.get(holder.ask) ?? []
  const back = backs.find(({ actor }) => isOneAgent(engine, actor, holder.actor))
  if (back !== undefined) {
    return { ...stamp, kind: 'rule', want: 'reopen', task, ask: back, claim: holder.ask }
  }
  const why = whyLost(engine, now, holder.actor)
  return why && { ...stamp, kind: 'release', task, claim: holder.ask, why }
}

function isAllowed(
  engine: Engine,
  now: Now,
  { holder }: TaskLife,
  { place, fact }: Entry<TaskAsked>,
): boolean {
  const { actor } = place
  if (fact.want === 'claim') {
    const { board } = engine
    const isFree = board.tasks.has(fact.task) && waitsFor(board, fact.task).length === 0
    return isFree && mayHold(engine, now, actor)
  }
  if (whyLost(engine, now, actor) === 'removed') return false
  return holder === undefined || mayEnd(engine, fact, { holder: holder.actor, actor })
}

/** Whether somebody may end another's claim: the claimant itself, and who decides about members. */
function mayEnd(
  engine: Engine,
  { want }: TaskAsked,
  { holder, actor }: { holder: ActorId; actor: ActorId },
): boolean {
  if (isOneAgent(engine, holder, actor)) return true
  const role = memberOf(engine, keyOf(actor))?.role
  return want !== 'done' && role !== undefined && governs(role)
}

/** What there is to decide about locks; each is taken before the next one is looked for. */
function* onLocks(engine: Engine, now: Now, tail: Tail): Generator<LockFact, void, void> {
  const { locks } = engine.board
  const stamp = { at: now.wall, term: termOf(engine) }
  for (const { id, actor } of locks.held.values()) {
    const why = whyOver(engine, now, { id, actor })
    if (why !== undefined && !tail.freed.has(id)) yield { ...stamp, kind: 'free', lock: id, why }
  }
  // Who stands in the queue before: what it waits for is not given to those behind it.
  const before: LockAsk[] = []
  for (const asked of locks.asks.values()) {
    if (!mayHold(engine, now, asked.actor)) continue
    const waits = asked.fact.wait === true
    // Nobody waits while it holds something: so whoever holds something can always give it back.
    if (waits && holds(engine, tail, asked.actor)) continue
    const isFree = excluder(locks, asked) === undefined
      && !tail.locks.some((lock) => lock.id === asked.id || excludes(lock, asked))
      && !before.some((ask) => excludes(ask, asked))
    if (!isFree || heldBy(engine, tail, asked.actor) >= LOCKS_PER_AGENT_MAX) {
      if (waits && !tail.locks.some(({ id }) => id === asked.id)) before.push(asked)
      continue
    }
    tail.locks.push(asked)
    yield { ...stamp, kind: 'grant', ...asked.terms, ask: asked.place }
  }
}

/** Whether an agent has a lock, or is just given one, and did not give it back. */
function holds(engine: Engine, tail: Tail, actor: ActorId): boolean {
  const { locks } = engine.board
  return [...locks.held.values(), ...tail.locks].some((lock) => {
    if (tail.freed.has(lock.id) || !isOneAgent(engine, lock.actor, actor)) return false
    const backs = locks.withdrawn.get(lock.id) ?? []
    return !backs.some((back) => mayUnlock(engine, back.actor, lock.actor))
  })
}

function whyOver(
  engine: Engine,
  now: Now,
  { id, actor }: Pick<Lock, 'id' | 'actor'>,
): 'unlocked' | 'silent' | 'removed' | undefined {
  const backs = engine.board.locks.withdrawn.get(id) ?? []
  if (backs.some((back) => mayUnlock(engine, back.actor, actor))) return 'unlocked'
  return whyLost(engine, now, actor)
}

function mayUnlock(engine: Engine, by: ActorId, holder: ActorId): boolean {
  if (isOneAgent(engine, by, holder)) return true
  const role = memberOf(engine, keyOf(by))?.role
  return role !== undefined && governs(role)
}

function heldBy(engine: Engine, tail: Tail, actor: ActorId): number {
  const all = [...engine.board.locks.held.values(), ...tail.locks]
  return all.filter((lock) => isOneAgent(engine, lock.actor, actor)).length
}

/** Writes a decision and proposes it; false when no more can be proposed for now. */
function decide<T extends 'claims' | 'locks'>(
  engine: Engine,
  now: Now,
  out: Effect[],
  { topic, fact }: { topic: T; fact: Facts[T] },
): boolean {
  // Without a record the fact is a claim that nobody heeds; another one a tick would fill the room.
  if (roomInTail(engine) <= 0) return false
  const value = writeFact(topic, fact)
  const [place] = author(engine, now, out, [{ topic, value }])
  return place !== undefined && proposeFact(engine, now, out, { place, value }) === 'appended'
}
