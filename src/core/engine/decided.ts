/**
 * What the term chain confirmed about tasks and locks, taken into the board. Every peer judges it
 * by the chain alone, so all have the same owner of a task at the same place of the chain.
 */
import type { ActorId } from '../brand.ts'
import type { TaskReleased, TaskRuled } from '../room/claim-facts.ts'
import type { ChainRecord } from '../lease/record.ts'
import type { LockFreed, LockGranted } from '../room/lock-facts.ts'
import { factId, readFact } from '../room/facts.ts'
import type { Topic } from '../room/topics.ts'
import { type Fence, foldRuling } from '../room/views/claims.ts'
import { askLostEvent, type Event, lockLostEvent } from '../room/views/events.ts'
import { foldFreed, foldGrant } from '../room/views/locks.ts'
import type { Effect } from './effect.ts'
import { tellEvent } from './showing.ts'
import type { Engine } from './state.ts'

/** Takes a confirmed record about a task or a lock into the board. */
export function foldDecision(engine: Engine, out: Effect[], record: ChainRecord): void {
  const { era, term, seq, leader, payload } = record
  if (payload.kind !== 'fact') return
  const { topic, actor, n, value } = payload
  const fence = { era, term, seq }
  const id = factId({ actor, topic: topic as Topic, n })
  // A leader decides in its own name: every peer holds it to that.
  const holds = actor === leader && decide(engine, out, { id, fence, topic, value })
  if (holds) return
  const text = `record ${seq} of ${leader} decides nothing that can be: ignored`
  out.push({ kind: 'note', level: 'warn', text })
}

type Decided = { id: string; fence: Fence; topic: string; value: string }

function decide(engine: Engine, out: Effect[], decided: Decided): boolean {
  engine.due.add('ruling')
  const { topic, value } = decided
  if (topic === 'claims') {
    const fact = readFact('claims', value)
    if (fact?.kind !== 'rule' && fact?.kind !== 'release') return false
    return ruled(engine, out, { ...decided, fact })
  }
  const fact = topic === 'locks' ? readFact('locks', value) : undefined
  if (fact?.kind === 'grant') return granted(engine, out, { ...decided, fact })
  if (fact?.kind === 'free') return freed(engine, out, { ...decided, fact })
  return false
}

type Of<Fact> = Pick<Decided, 'id' | 'fence'> & { fact: Fact }

function ruled(
  engine: Engine,
  out: Effect[],
  { id, fence, fact }: Of<TaskRuled | TaskReleased>,
): boolean {
  const done = foldRuling(engine.board.claims, fence, fact)
  if (done === undefined) return false
  tellEvent(engine, out, ruledEvent(id, fence.term, fact, done.had))
  for (const entry of done.lost) tellEvent(engine, out, askLostEvent(entry))
  return true
}

function ruledEvent(
  id: string,
  term: number,
  fact: TaskRuled | TaskReleased,
  had: ActorId | undefined,
): Event {
  const { at, task } = fact
  if (fact.kind === 'rule') {
    return { kind: 'ruled', id, at, by: fact.ask.actor, task, want: fact.want, term }
  }
  if (had === undefined) throw new Error('bug: released a task that nobody had')
  return { kind: 'released', id, at, by: had, task, why: fact.why }
}

function granted(engine: Engine, out: Effect[], { id, fence, fact }: Of<LockGranted>): boolean {
  const done = foldGrant(engine.board.locks, fence, fact)
  if (done === undefined) return false
  const { lock, lost } = done
  const { mode, reason, globs } = lock.terms
  const said = { by: lock.actor, lock: lock.id, globs, mode, reason }
  tellEvent(engine, out, { kind: 'locked', id, at: fact.at, ...said, term: fence.term })
  for (const ask of lost) {
    tellEvent(engine, out, lockLostEvent({ ask, at: ask.fact.at, against: lock }))
  }
  return true
}

function freed(engine: Engine, out: Effect[], { id, fact }: Of<LockFreed>): boolean {
  const lock = foldFreed(engine.board.locks, fact)
  if (lock === undefined) return false
  const said = { by: lock.actor, lock: lock.id, globs: lock.terms.globs }
  tellEvent(engine, out, { kind: 'unlocked', id, at: fact.at, ...said, why: fact.why })
  return true
}
