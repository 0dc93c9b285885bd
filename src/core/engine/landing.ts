/**
 * The leader's side of integration: keeps the planner's desk true and turns its steps into work.
 *
 * Only a leader acts that is not lapsed and whose term is confirmed to be its own. Everything it
 * learnt belongs to one head: when the head moves the desk is cleared, and the results of work
 * still running fall on the floor, because they name a head that is no longer on the desk. A lapse
 * clears nothing: what was found out about a head stays true, and a check may have taken minutes.
 */
import { keyOf, type Oid } from '../brand.ts'
import {
  clearDesk,
  type Desk,
  nextSteps,
  others,
  type Queued,
  type Refusal,
  type Step,
  undoSteps,
} from '../integration/planner.ts'
import { type FactId, type Landed, type Refused, writeFact } from '../room/facts.ts'
import { baseOf, integrationOf, queueOf } from '../room/views/board.ts'
import { canPropose, landingInTail, leaders, leads, proposeFact, termOf } from './chain.ts'
import type { Effect, Now } from './effect.ts'
import type { Worked } from './input.ts'
import { nameOf } from './names.ts'
import { isPaused, pause } from './pausing.ts'
import { staleClaimOf } from './stale.ts'
import { connected, type Engine } from './state.ts'
import { author } from './streams.ts'
import { askNow, returning, takeUndo } from './undoing.ts'

/** The commit that the next push is merged onto. */
export function headOf(engine: Engine): Oid | undefined {
  return integrationOf(engine.board) ?? baseOf(engine.board, engine.membership.founder)
}

/** Takes every step that the desk allows now. Idempotent: called whenever one may be due. */
export function drive(engine: Engine, now: Now, out: Effect[]): void {
  if (!leads(engine, now)) return
  const head = headOf(engine)
  const desk = deskFor(engine, head)
  desk.landing = landingInTail(engine)
  const ask = askNow(engine)
  if (ask === undefined) {
    const queue = inTime(engine, now, out, ready(engine, now))
    for (const step of nextSteps(desk, queue)) take(engine, now, out, step)
  } else {
    for (const step of undoSteps(desk, ask.id)) takeUndo(engine, now, out, step)
  }
}

function deskFor(engine: Engine, head: Oid | undefined): Desk {
  if (engine.desk === undefined || engine.desk.head !== head) engine.desk = clearDesk(head)
  return engine.desk
}

/** The queue without what was pushed under a claim that is over, which is refused here. */
function inTime(engine: Engine, now: Now, out: Effect[], queue: readonly Queued[]): Queued[] {
  return queue.filter((item) => {
    const claim = staleClaimOf(engine, item.push)
    if (claim === undefined || engine.desk?.landing === item.push) return true
    refuse(engine, now, out, { kind: 'refuse', item, refusal: { kind: 'stale', claim } })
    return false
  })
}

/** The queue without what is not here yet, what waits after something broke, and mere offers. */
function ready(engine: Engine, now: Now): Queued[] {
  return queueOf(engine.board, leaders(engine)).filter(({ push }) => {
    if (isOffer(engine, push)) return false
    return !isPaused(engine, now, push) && engine.holding.has(push)
  })
}

/**
 * Whether a push is of an agent that was removed: nobody stands for it any more, so it does not
 * land by itself. It stays pinned, and whoever syncs its commit makes it their own.
 */
export function isOffer({ board, membership }: Engine, push: FactId): boolean {
  const entry = board.pushes.get(push)
  return entry !== undefined && membership.byKey(keyOf(entry.place.actor))?.status === 'removed'
}

function take(engine: Engine, now: Now, out: Effect[], step: Step): void {
  const desk = engine.desk as Desk
  const { push, commit } = step.item
  const head = desk.head
  switch (step.kind) {
    case 'merge': {
      desk.merging = push
      const holders = connected(engine)
      const again = returning(engine, push)
      out.push({ kind: 'work', job: { kind: 'merge', push, commit, head, again, holders } })
      return
    }
    case 'check':
      desk.checking = push
      out.push({ kind: 'work', job: checkJob(engine, now, step) })
      return
    case 'land':
      return land(engine, now, out, step)
    case 'refuse':
      return refuse(engine, now, out, step)
    case 'retry':
      desk.merges.delete(push)
      desk.checks.delete(push)
      return pause(engine, now, out, { id: push, what: 'push', why: step.why })
  }
}

function checkJob(engine: Engine, now: Now, step: Extract<Step, { kind: 'check' }>) {
  const { push, commit } = step.item
  const entry = engine.board.pushes.get(push)
  const by = entry === undefined ? 'unknown' : nameOf(engine, entry.place.actor)
  const intent = entry?.fact.intent
  const message = [
    `Land ${by}@${commit.slice(0, 8)}`,
    ...(intent === undefined ? [] : [intent]),
    `Knot-Push: ${push}`,
  ].join('\n\n')
  return {
    kind: 'check' as const,
    push,
    commit,
    head: engine.desk?.head,
    tree: step.tree,
    message,
    seconds: Math.floor(now.wall / 1000),
    by: { name: nameOf(engine, engine.me.actor), agent: engine.me.agent },
    holders: connected(engine),
  }
}

function land(
  engine: Engine,
  now: Now,
  out: Effect[],
  step: Extract<Step, { kind: 'land' }>,
): void {
  if (!canPropose(engine, now)) return
  const prev = engine.desk?.head
  const fact: Landed = {
    at: now.wall,
    term: termOf(engine),
    push: step.item.push,
    commit: step.commit,
    tree: step.tree,
    checks: step.checks,
    ...(prev === undefined ? {} : { prev }),
    ...(step.steers.length === 0 ? {} : { steers: step.steers }),
  }
  const { push } = fact
  const value = writeFact('landings', fact)
  const [place] = author(engine, now, out, [{ topic: 'landings', value }])
  const later = (why: string) => pause(engine, now, out, { id: push, what: 'push', why })
  if (place === undefined) return later('no landing written')
  // Without a record the fact is a claim that nobody heeds; another one a tick would fill the room.
  const outcome = proposeFact(engine, now, out, { place, value })
  if (outcome !== 'appended') return later(`not proposed: ${outcome}`)
  engine.paused.delete(push)
  if (engine.desk !== undefined) engine.desk.landing = push
}

function refuse(
  engine: Engine,
  now: Now,
  out: Effect[],
  step: Extract<Step, { kind: 'refuse' }>,
): void {
  const { push } = step.item
  const value = verdict(engine, now, step)
  const [place] = author(engine, now, out, [{ topic: 'verdicts', value }])
  const broke = { id: push, what: 'push' as const, why: 'no verdict written' }
  if (place === undefined) pause(engine, now, out, broke)
  else engine.paused.delete(push)
  engine.desk?.merges.delete(push)
  engine.desk?.checks.delete(push)
}

function verdict(engine: Engine, now: Now, step: Extract<Step, { kind: 'refuse' }>): string {
  const head = engine.desk?.head
  const stamp = {
    at: now.wall,
    term: termOf(engine),
    push: step.item.push,
    ...(head === undefined ? {} : { head }),
  }
  return writeFact('verdicts', { ...stamp, ...told(engine, step) } as Refused)
}

/** A refusal in the room's words: commits become the pushes that brought them. */
function told(engine: Engine, { item, refusal }: { item: Queued; refusal: Refusal }) {
  if (refusal.kind !== 'conflict') return refusal
  // The undo of what it brings back is no other side: it has to do without that anyway.
  const own = engine.board.pushes.get(item.push)?.fact.again ?? []
  const landed = new Map<Oid, FactId>()
  for (const commit of refusal.against) {
    const push = engine.brought.get(commit)?.find((push) => engine.board.landed.has(push))
    if (push !== undefined && !own.includes(push)) landed.set(commit, push)
  }
  return { ...refusal, against: others(refusal.against, landed) }
}

/** Takes the result of a merge or a check, if it is of the present head. */
export function onResult(
  engine: Engine,
  result: Extract<Worked, { kind: 'merge' | 'check' }>,
): void {
  const desk = engine.desk
  if (desk === undefined || desk.head !== result.head) return
  if (result.kind === 'merge') {
    if (desk.merging === result.push) desk.merging = undefined
    desk.merges.set(result.push, result.outcome)
  } else {
    if (desk.checking === result.push) desk.checking = undefined
    desk.checks.set(result.push, result.outcome)
  }
}
