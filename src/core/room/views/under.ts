/** What became of the work that was pushed under a claim. */
import { type ActorId, keyOf } from '../../brand.ts'
import type { FactId } from '../place.ts'
import { type Board, type LeaderOf, standingOf } from './board.ts'

/** In review: something is queued; landed: nothing is, and something landed; else undefined. */
export function workUnder(
  board: Board,
  { claim, actor }: { claim: FactId; actor: ActorId },
  leader: LeaderOf,
): 'review' | 'landed' | undefined {
  const kinds = new Set<string>()
  for (const push of board.under.get(claim) ?? []) {
    // Anybody can name the claim of another.
    const author = board.pushes.get(push)?.place.actor
    if (author === undefined || keyOf(author) !== keyOf(actor)) continue
    kinds.add(standingOf(board, push, leader).kind)
  }
  return kinds.has('queued') ? 'review' : kinds.has('landed') ? 'landed' : undefined
}
