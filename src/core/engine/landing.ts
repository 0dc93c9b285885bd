/**
 * The leader's side of integration: keeps the planner's desk true and turns its steps into work.
 *
 * Only a leader that is not lapsed acts, and everything it learnt belongs to one head: when the head
 * moves, or the reign ends, the desk is cleared, and the results of work still running fall on the
 * floor, because they name a head that is no longer on the desk.
 */
import type { Monotonic, Oid } from '../brand.ts'
import {
  clearDesk,
  type Desk,
  nextSteps,
  others,
  type Queued,
  type Refusal,
  type Step,
} from '../integration/planner.ts'
import { RETRY_MS } from '../limits.ts'
import { type FactId, type Landed, type Refused, writeFact } from '../room/facts.ts'
import { baseOf, integrationOf, queueOf } from '../room/views/board.ts'
import { canPropose, landingInTail, leaders, leads, proposeFact, termOf } from './chain.ts'
import type { Effect, Now } from './effect.ts'
import type { Worked } from './input.ts'
import { nameOf } from './names.ts'
import { connected, type Engine } from './state.ts'
import { author } from './streams.ts'

/** The commit that the next push is merged onto. */
export function headOf(engine: Engine): Oid | undefined {
  return integrationOf(engine.board) ?? baseOf(engine.board, engine.membership.founder)
}

/** Takes every step that the desk allows now. Idempotent: called after every input. */
export function drive(engine: Engine, now: Now, out: Effect[]): void {
  if (!leads(engine, now)) {
    engine.desk = undefined
    return
  }
  const head = headOf(engine)
  const desk = deskFor(engine, head)
  desk.landing = landingInTail(engine)
  for (const step of nextSteps(desk, ready(engine, now))) take(engine, now, out, step)
}

function deskFor(engine: Engine, head: Oid | undefined): Desk {
  if (engine.desk === undefined || engine.desk.head !== head) engine.desk = clearDesk(head)
  return engine.desk
}

/** The queue without what is not here yet and what waits after something broke. */
function ready(engine: Engine, now: Now): Queued[] {
  return queueOf(engine.board, leaders(engine)).filter(
    ({ push }) => engine.holding.has(push) && (engine.paused.get(push) ?? 0) <= now.mono,
  )
}

function take(engine: Engine, now: Now, out: Effect[], step: Step): void {
  const desk = engine.desk as Desk
  const { push, commit } = step.item
  const head = desk.head
  switch (step.kind) {
    case 'merge':
      desk.merging = push
      out.push({ kind: 'work', job: { kind: 'merge', push, commit, head, holders: connected(engine) } })
      return
    case 'check':
      desk.checking = push
      out.push({ kind: 'work', job: checkJob(engine, now, step) })
      return
    case 'land':
      land(engine, now, out, step)
      return
    case 'refuse':
      author(engine, now, out, [{ topic: 'verdicts', value: verdict(engine, now, step) }])
      return
    case 'retry':
      desk.merges.delete(push)
      desk.checks.delete(push)
      engine.paused.set(push, (now.mono + RETRY_MS) as Monotonic)
      out.push({ kind: 'note', level: 'warn', text: `push ${push} is tried again: ${step.why}` })
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

function land(engine: Engine, now: Now, out: Effect[], step: Extract<Step, { kind: 'land' }>): void {
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
  }
  const value = writeFact('landings', fact)
  const [place] = author(engine, now, out, [{ topic: 'landings', value }])
  if (place !== undefined) proposeFact(engine, now, out, { place, value })
}

function verdict(engine: Engine, now: Now, step: Extract<Step, { kind: 'refuse' }>): string {
  const head = engine.desk?.head
  const stamp = {
    at: now.wall,
    term: termOf(engine),
    push: step.item.push,
    ...(head === undefined ? {} : { head }),
  }
  return writeFact('verdicts', { ...stamp, ...told(engine, step.refusal) } as Refused)
}

/** A refusal in the room's words: commits become the pushes that brought them. */
function told(engine: Engine, refusal: Refusal) {
  if (refusal.kind !== 'conflict') return refusal
  const landed = new Map<Oid, FactId>()
  for (const { fact } of engine.board.landings) {
    landed.set(fact.commit, fact.push)
    const pushed = engine.board.pushes.get(fact.push)
    if (pushed !== undefined) landed.set(pushed.fact.commit, fact.push)
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
