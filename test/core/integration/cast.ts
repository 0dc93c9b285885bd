/** Pushes that wait, desks that know something of them, and steps as one line each. */
import { type FactId, factId } from '../../../src/core/room/facts.ts'
import {
  type CheckOutcome,
  clearDesk,
  type Desk,
  type MergeOutcome,
  type Queued,
  type Step,
} from '../../../src/core/integration/planner.ts'
import { alice } from '../room/cast.ts'
import { at, failed, oid, passed } from '../room/drafts.ts'

export const head = oid('head')

/** A push by its name, which is also its moment's: `p3` was made at 3. */
export function push(n: number, when: number = n): Queued {
  const id: FactId = factId({ actor: alice.actor, topic: 'refs', n })
  return { push: id, commit: oid(`push ${n}`), at: at(when) }
}

export const outcomes = {
  clean: { kind: 'clean', tree: oid('tree') },
  conflict: { kind: 'conflict', files: ['a'], fileCount: 1, against: [oid(1)] },
  unrelated: { kind: 'unrelated' },
  contained: { kind: 'contained' },
  broke: { kind: 'broke', why: 'the disk is full' },
} satisfies Record<string, MergeOutcome>

export const results = {
  passed: { kind: 'passed', checks: [passed], commit: oid('landing'), steers: [] },
  failed: { kind: 'failed', checks: [failed], output: 'not ok 1' },
  broke: { kind: 'broke', why: 'no worktree' },
} satisfies Record<string, CheckOutcome>

/** What is known of a push: its merge, and of a clean one its check. */
export type Known =
  | keyof typeof outcomes
  | 'passed'
  | 'failed'
  | 'check broke'
  | 'merging'
  | 'checking'
  | 'landing'

/** A desk that knows of the n-th push what stands at n. */
export function desk(...known: (Known | undefined)[]): Desk {
  const made = clearDesk(head)
  for (const [n, what] of known.entries()) if (what !== undefined) know(made, push(n).push, what)
  return made
}

function know(made: Desk, id: FactId, what: Known): void {
  switch (what) {
    case 'merging':
      made.merging = id
      return
    case 'checking':
      made.checking = id
      break
    case 'landing':
      made.landing = id
      made.checks.set(id, results.passed)
      break
    case 'passed':
    case 'failed':
      made.checks.set(id, results[what])
      break
    case 'check broke':
      made.checks.set(id, results.broke)
      break
    default:
      made.merges.set(id, outcomes[what])
      return
  }
  made.merges.set(id, outcomes.clean)
}

/** A step as `kind n`, with the refusal's kind. */
export function lineOf(step: Step): string {
  const n = [...Array(50).keys()].find((i) => push(i).push === step.item.push)
  return `${step.kind} ${n}${step.kind === 'refuse' ? ` ${step.refusal.kind}` : ''}`
}
