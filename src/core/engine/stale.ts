/** Claims that are over, and what was pushed under them: work that does not land by itself. */
import type { FactId } from '../room/facts.ts'
import { isOneAgent } from './alive.ts'
import type { Engine } from './state.ts'

/**
 * Whether a claim is over by another hand than its own agent's. Who finished a task, or gave it
 * back, may push what it still has; who lost it would push into the work of whoever has it now.
 */
export function isStale(engine: Engine, claim: FactId): boolean {
  const over = engine.board.claims.over.get(claim)
  if (over === undefined) return false
  return over.by === undefined || !isOneAgent(engine, over.by, over.actor)
}

/** The claim of a push that is stale; undefined for any other push. */
export function staleClaimOf(engine: Engine, push: FactId): FactId | undefined {
  const claim = engine.board.pushes.get(push)?.fact.claim
  return claim !== undefined && isStale(engine, claim) ? claim : undefined
}
