/**
 * The landing planner: queue and results in, the next steps out.
 *
 * The leader keeps a desk of what it learnt about queued pushes *against the present head*. From
 * desk and queue follows what to do next, always the same for the same values, so that it can be
 * recomputed after every event and after every restart: the desk is memory, never truth.
 *
 * Order: conflicts are told at once (a virtual merge costs milliseconds); checks run one at a time,
 * in the order of the queue; a push that fails holds nobody up; nothing else lands while a landing
 * waits for its confirmation, because the next one must be tested on top of it. A wish to undo the
 * head comes before all of them: what is found out about a head that goes away helps nobody.
 */
import type { Instant, Oid } from '../brand.ts'
import { OTHERS_MAX } from '../limits.ts'
import type { CheckRun, FactId, Other } from '../room/facts.ts'

/** A push that waits, with its commit in this peer's repository. */
export type Queued = { push: FactId; commit: Oid; at: Instant }

export type MergeOutcome =
  | { kind: 'clean'; tree: Oid }
  | { kind: 'conflict'; files: string[]; fileCount: number; against: Oid[] }
  | { kind: 'unrelated' }
  | { kind: 'contained' }
  | { kind: 'broke'; why: string }

export type CheckOutcome =
  | { kind: 'passed'; checks: CheckRun[]; commit: Oid; steers: string[] }
  | { kind: 'failed'; checks: CheckRun[]; output: string }
  | { kind: 'broke'; why: string }

export type UndoOutcome =
  | { kind: 'made'; commit: Oid; tree: Oid }
  | { kind: 'broke'; why: string }

/** What is known against `head`; a new head clears it. */
export type Desk = {
  head: Oid | undefined
  merges: Map<FactId, MergeOutcome>
  checks: Map<FactId, CheckOutcome>
  merging: FactId | undefined
  checking: FactId | undefined
  /** A landing that was proposed and not confirmed yet: its push, or the landing it takes back. */
  landing: FactId | undefined
  /** The wish whose commit is being made, or is made. */
  undo: { ask: FactId; outcome: UndoOutcome | undefined } | undefined
}

export type Refusal =
  | { kind: 'conflict'; files: string[]; fileCount: number; against: Oid[] }
  | { kind: 'check'; checks: CheckRun[]; output: string }
  | { kind: 'unrelated' }
  | { kind: 'contained' }
  | { kind: 'stale'; claim: FactId }

/** The steps of an undo, by the wish for it. */
export type UndoStep =
  | { kind: 'undo'; ask: FactId }
  | { kind: 'take-back'; ask: FactId; commit: Oid; tree: Oid }
  | { kind: 'retry-undo'; ask: FactId; why: string }

export type Step =
  | { kind: 'merge'; item: Queued }
  | { kind: 'check'; item: Queued; tree: Oid }
  | {
      kind: 'land'
      item: Queued
      tree: Oid
      commit: Oid
      checks: CheckRun[]
      steers: string[]
    }
  | { kind: 'refuse'; item: Queued; refusal: Refusal }
  /** Something here broke, not the push: say so, forget the result, and it is tried again. */
  | { kind: 'retry'; item: Queued; why: string }

/** A desk that knows nothing yet about pushes against a head. */
export function clearDesk(head: Oid | undefined): Desk {
  return {
    head,
    merges: new Map(),
    checks: new Map(),
    merging: undefined,
    checking: undefined,
    landing: undefined,
    undo: undefined,
  }
}

/** The order of the queue: oldest first by its author's clock; the id settles ties. */
export function inOrder(queue: readonly Queued[]): Queued[] {
  return [...queue].sort((a, b) => a.at - b.at || (a.push < b.push ? -1 : 1))
}

/** Every step that can be taken now; each takes a different slot, so all may be taken. */
export function nextSteps(desk: Desk, queue: readonly Queued[]): Step[] {
  const ordered = inOrder(queue).filter(({ push }) => push !== desk.landing)
  const steps: Step[] = []
  for (const item of ordered) {
    const step = verdictOn(desk, item)
    if (step !== undefined) steps.push(step)
  }
  const unmerged = ordered.find(({ push }) => !desk.merges.has(push))
  if (desk.merging === undefined && unmerged !== undefined) {
    steps.push({ kind: 'merge', item: unmerged })
  }
  // An earlier push whose merge is not known yet may be the one to land first.
  const next = ordered.find((item) => isOpen(desk, item))
  if (next !== undefined && desk.landing === undefined) steps.push(...advance(desk, next))
  return steps
}

/** What can be done now for a wish to undo the head; while there is one, nothing else is. */
export function undoSteps({ landing, undo }: Desk, ask: FactId): UndoStep[] {
  if (landing !== undefined) return []
  if (undo === undefined) return [{ kind: 'undo', ask }]
  const { outcome } = undo
  if (outcome === undefined) return []
  if (outcome.kind === 'broke') return [{ kind: 'retry-undo', ask: undo.ask, why: outcome.why }]
  const { commit, tree } = outcome
  return [{ kind: 'take-back', ask: undo.ask, commit, tree }]
}

/** What ends the wait of one push without landing it. */
function verdictOn(desk: Desk, item: Queued): Step | undefined {
  const merge = desk.merges.get(item.push)
  const check = desk.checks.get(item.push)
  if (merge?.kind === 'broke') return { kind: 'retry', item, why: merge.why }
  if (check?.kind === 'broke') return { kind: 'retry', item, why: check.why }
  if (merge !== undefined && merge.kind !== 'clean') return { kind: 'refuse', item, refusal: merge }
  if (check?.kind !== 'failed') return undefined
  const { checks, output } = check
  return { kind: 'refuse', item, refusal: { kind: 'check', checks, output } }
}

function isOpen(desk: Desk, { push }: Queued): boolean {
  const merge = desk.merges.get(push)
  const check = desk.checks.get(push)
  return merge === undefined || (merge.kind === 'clean' && (check?.kind ?? 'passed') === 'passed')
}

function advance(desk: Desk, item: Queued): Step[] {
  const merge = desk.merges.get(item.push)
  if (merge?.kind !== 'clean') return []
  const check = desk.checks.get(item.push)
  if (check?.kind === 'passed') {
    const { commit, checks, steers } = check
    return [{ kind: 'land', item, tree: merge.tree, commit, checks, steers }]
  }
  return desk.checking === undefined ? [{ kind: 'check', item, tree: merge.tree }] : []
}

/**
 * Names the other side of a conflict: of the commits that touched its files, those that brought
 * landed pushes. A push may stand for two, its own commit and its landing; it is named once.
 */
export function others(against: readonly Oid[], landed: ReadonlyMap<Oid, FactId>): Other[] {
  const found = new Map<FactId, Other>()
  for (const commit of against) {
    const push = landed.get(commit)
    if (push === undefined || found.has(push)) continue
    found.set(push, { push, commit })
    if (found.size === OTHERS_MAX) break
  }
  return [...found.values()]
}
