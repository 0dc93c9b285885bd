/**
 * Facts about who does which task. A member asks; the leader rules, in its own name, and its ruling
 * counts once the term chain confirms it. Nothing that a member says of a task changes it alone.
 */
import { isCount, type Json } from './json.ts'
import { type FactId, isFactId, isAskPlace, type AskPlace, type Stamp } from './place.ts'

/** What can be asked of a task; a `push` under a claim that is over is asked to be told of it. */
export const WANTS = ['claim', 'done', 'drop', 'reopen', 'push'] as const
export type Want = (typeof WANTS)[number]

/** A member asks for a change of a task. */
export type TaskAsked = Stamp & {
  kind: 'ask'
  want: Want
  task: FactId
  /** The last place of the term chain that the asker knew to be confirmed: what it had seen. */
  after: number
  /** The claim (the id of its ask) that this is said under; absent for a task nobody has. */
  claim?: FactId
  /** Stays in the queue when somebody else gets the task. */
  wait?: true
}

/** An ask that its author takes back; one that was granted already is given back. */
export type Withdrawn = Stamp & { kind: 'withdraw'; ask: FactId }

/** The leader does what was asked. */
export type TaskRuled = Stamp & {
  kind: 'rule'
  want: Want
  task: FactId
  ask: AskPlace
  claim?: FactId
}

/** The leader gives a task back to the board whose owner is silent, or no member any more. */
export type TaskReleased = Stamp & {
  kind: 'release'
  task: FactId
  claim: FactId
  why: 'silent' | 'removed'
}

export type ClaimFact = TaskAsked | Withdrawn | TaskRuled | TaskReleased

/** Reads a fact of the topic `claims`; undefined when it is none. */
export function readClaimFact(json: Json & Stamp): ClaimFact | undefined {
  switch (json['kind']) {
    case 'ask':
      return readAsked(json)
    case 'withdraw':
      return readWithdrawn(json)
    case 'rule':
      return readRuled(json)
    case 'release':
      return readReleased(json)
    default:
      return undefined
  }
}

/** Reads an ask that is taken back, of a task or of a lock. */
export function readWithdrawn({ at, term, ask }: Json & Stamp): Withdrawn | undefined {
  return isFactId(ask) ? { at, term, kind: 'withdraw', ask } : undefined
}

function readAsked({ at, term, ...json }: Json & Stamp): TaskAsked | undefined {
  const { want, task, after, claim, wait } = json as Json
  if (!isWant(want) || !isFactId(task) || !isCount(after)) return undefined
  if (claim !== undefined && !isFactId(claim)) return undefined
  if (wait !== undefined && wait !== true) return undefined
  const under = claim === undefined ? {} : { claim }
  const waits = wait === undefined ? {} : { wait: true as const }
  return { at, term, kind: 'ask', want, task, after, ...under, ...waits }
}

function readRuled({ at, term, ...json }: Json & Stamp): TaskRuled | undefined {
  const { want, task, ask, claim } = json
  if (!isWant(want) || !isFactId(task) || !isAskPlace(ask)) return undefined
  if (claim !== undefined && !isFactId(claim)) return undefined
  const { actor, n } = ask
  const told = claim === undefined ? {} : { claim }
  return { at, term, kind: 'rule', want, task, ask: { actor, n }, ...told }
}

function readReleased({ at, term, task, claim, why }: Json & Stamp): TaskReleased | undefined {
  if (!isFactId(task) || !isFactId(claim)) return undefined
  if (why !== 'silent' && why !== 'removed') return undefined
  return { at, term, kind: 'release', task, claim, why }
}

function isWant(value: unknown): value is Want {
  return (WANTS as readonly unknown[]).includes(value)
}
