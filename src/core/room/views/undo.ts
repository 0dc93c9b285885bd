/**
 * Undo: which landing would be taken back, by whose wish, and what its author can bring back.
 *
 * Landings that stand are a stack; an undo takes the last one off, and the integration ref goes on
 * to a new commit with the tree of the state before it. So the ref never goes back, nobody who has
 * it is stranded, and no commit is ever the head twice. A wish names the head that its author saw:
 * it counts while that is the head and is void for ever after, so two wishes for one landing undo
 * it once, and one that comes late undoes nothing else.
 */
import type { ActorId, Oid } from '../../brand.ts'
import { type FactId, type Place, readFact, type UndoAsked } from '../facts.ts'
import { idOf } from '../origin.ts'
import { type Board, type Entry, foldLanding, integrationOf } from './board.ts'
import type { Landing, Undoing } from './board.ts'

/** Takes what the chain confirmed under landings; undefined, and nothing changes, if it is none. */
export function foldStep(
  board: Board,
  at: { seq: number; term: number; place: Place; value: string },
): Landing | Undoing | undefined {
  return foldLanding(board, at) ?? foldUndone(board, at)
}

/**
 * Takes one undo: of the last landing that stands, on top of the head, to the tree before it. Facts
 * do not know the tree of the room's base; there the commits are held against each other.
 */
function foldUndone(
  board: Board,
  at: { seq: number; term: number; place: Place; value: string },
): Undoing | undefined {
  const { seq, term, place, value } = at
  const fact = place.topic === 'landings' ? readFact('landings', value) : undefined
  if (fact?.kind !== 'undone') return undefined
  const undoes = board.stack.at(-1)
  const last = board.line.at(-1)
  if (undoes === undefined || last === undefined || seq <= last.seq) return undefined
  if (fact.landing !== undoes.id || fact.prev !== last.fact.commit) return undefined
  const tree = treeBefore(board)
  if (undoes.fact.prev === undefined || (tree !== undefined && tree !== fact.tree)) return undefined

  const undoing = { seq, term, id: idOf(at), by: place.actor, fact, undoes }
  board.stack.pop()
  board.line.push(undoing)
  const { push } = undoes.fact
  if (!board.stack.some((landing) => landing.fact.push === push)) board.undone.set(push, undoing)
  return undoing
}

/** The tree before the last landing that stands; undefined when that is the base's or nothing's. */
export function treeBefore({ stack }: Board): Oid | undefined {
  return stack.at(-2)?.fact.tree
}

/** The oldest wish that counts now: about the head, by somebody who may have it. */
export function openAsk(
  board: Board,
  mayAsk: (actor: ActorId) => boolean,
): Entry<UndoAsked> | undefined {
  const top = board.stack.at(-1)
  const head = integrationOf(board)
  if (top?.fact.prev === undefined || head === undefined) return undefined
  return [...(board.asks.get(head)?.values() ?? [])]
    .filter(({ fact, place }) => fact.landing === top.id && mayAsk(place.actor))
    .sort((a, b) => a.fact.at - b.fact.at || (a.id < b.id ? -1 : 1))[0]
}

/**
 * Undone pushes of one agent that are to be brought back, in the order in which they landed. One
 * that another push of the agent brought back is not among them, whatever became of that one.
 */
export function undoneOf(board: Board, isTheirs: (actor: ActorId) => boolean): Undoing[] {
  const found: Undoing[] = []
  for (const [push, undoing] of board.undone) {
    const by = board.pushes.get(push)?.place.actor
    if (by === undefined || !isTheirs(by) || isBack(board, push, isTheirs)) continue
    found.push(undoing)
  }
  return found.sort((a, b) => a.undoes.seq - b.undoes.seq)
}

/** Whether another push of its agent brought an undone one back, whatever became of that one. */
export function isBack(
  board: Board,
  push: FactId,
  isTheirs: (actor: ActorId) => boolean,
): boolean {
  return [...(board.again.get(push) ?? [])].some((id) => {
    const entry = board.pushes.get(id)
    if (entry === undefined || !board.landed.has(id)) return false
    return isTheirs(entry.place.actor) && entry.fact.again?.includes(push) === true
  })
}
