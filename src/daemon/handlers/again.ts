/** Own undone pushes that a commit has in it: what `sync` brings back, and no watch does. */
import { type ActorId, keyOf, type Oid } from '../../core/brand.ts'
import { AGAIN_NAMED_MAX } from '../../core/limits.ts'
import type { FactId } from '../../core/room/facts.ts'
import type { Undoing } from '../../core/room/views/board.ts'
import { undoneOf } from '../../core/room/views/undo.ts'
import { resolveRev } from '../../git/checkout.ts'
import { isAncestor } from '../../git/merge.ts'
import type { RunningRoom } from '../running.ts'
import { pushName, whoIs } from '../words.ts'

/**
 * Undone pushes of this agent that a commit of the checkout contains, in the order in which they
 * landed. Whoever merged the undo as well has settled it: such a commit means what it says.
 */
export async function undoneIn(
  room: RunningRoom,
  commit: Oid,
  signal: AbortSignal,
): Promise<Undoing[]> {
  const { engine, repositories } = room
  const isMine = (actor: ActorId) =>
    engine.membership.byKey(keyOf(actor))?.agent === engine.me.agent
  const contains = async (ancestor: Oid) => {
    const { checkout } = repositories
    if ((await resolveRev(checkout, ancestor, signal)) !== ancestor) return false
    return isAncestor(checkout, { ancestor, commit }, signal)
  }
  const found: Undoing[] = []
  for (const undoing of undoneOf(engine.board, isMine).slice(-AGAIN_NAMED_MAX)) {
    const pushed = engine.board.pushes.get(undoing.undoes.fact.push)
    if (pushed === undefined || !(await contains(pushed.fact.commit))) continue
    if (!(await contains(undoing.fact.commit))) found.push(undoing)
  }
  return found
}

/** The pushes that they took back. */
export function pushesOf(undoings: readonly Undoing[]): FactId[] {
  return undoings.map(({ undoes }) => undoes.fact.push)
}

/** Which pushes were undone by whom, as people read it. */
export function undoneWords({ engine }: RunningRoom, undoings: readonly Undoing[]): string {
  const told = undoings.map(({ fact, undoes }) => {
    const { name } = whoIs(engine, keyOf(fact.ask.actor))
    return `${pushName(engine, undoes.fact.push)} (undone by ${name})`
  })
  return told.join(', ')
}
