/**
 * What was checked: one entry for every check of a push that led to a landing or to a refusal, as
 * its leader wrote it down. Every peer holds these; what somebody checks by himself is not here.
 */
import type { ActorId, Instant, Oid } from '../../brand.ts'
import type { CheckRun, FactId } from '../facts.ts'
import type { Board, LeaderOf } from './board.ts'

/** A push that was checked: what it was, who checked it, and what came of it. */
export type CheckedPush = {
  /** Of the landing or the verdict. */
  id: FactId
  at: Instant
  term: number
  push: FactId
  /** The leader whose machine ran the checks. */
  by: ActorId
  checks: CheckRun[]
} & (
  | { kind: 'landed'; landed: Oid; tree: Oid }
  | { kind: 'refused'; output: string }
)

/**
 * Lists what was checked, newest first by the leaders' clocks; the id settles ties. Of one push and
 * term it is the leader's first word, and no one else's.
 */
export function checkedPushes(board: Board, leader: LeaderOf): CheckedPush[] {
  const entries = [...landings(board), ...refusals(board, leader)]
  return entries.sort((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1))
}

function* landings({ landings }: Board): Generator<CheckedPush> {
  for (const { id, term, by, fact } of landings) {
    const { at, push, commit: landed, tree, checks } = fact
    yield { kind: 'landed', id, at, term, push, by, checks, landed, tree }
  }
}

function* refusals({ verdicts }: Board, leader: LeaderOf): Generator<CheckedPush> {
  for (const said of verdicts.values()) {
    const terms = new Set<number>()
    for (const { id, place, fact } of said) {
      const { at, term, push } = fact
      if (terms.has(term) || leader(term) !== place.actor) continue
      terms.add(term)
      if (fact.kind !== 'check') continue
      const { checks, output } = fact
      yield { kind: 'refused', id, at, term, push, by: place.actor, checks, output }
    }
  }
}
