/**
 * What to take up next: of the tasks that nobody has, the one of the highest priority that can be
 * begun now, by this agent, without being in somebody's way; of several the oldest.
 *
 * It looks at what is known here and promises nothing: somebody else may be faster, and whoever
 * claims what is picked here may have to go on to the one after it.
 */
import type { ActorId } from '../../brand.ts'
import { overlapOf, parseGlobs } from '../../globs.ts'
import type { FactId } from '../place.ts'
import type { TaskAdded } from '../task-facts.ts'
import type { Board, Entry } from './board.ts'
import { foremost, lifeOf } from './claims.ts'
import type { HeldLock } from './locks.ts'

/** The tasks that one waits for: those it comes after that are neither done nor dropped. */
export function waitsFor({ tasks, claims }: Board, task: FactId): FactId[] {
  // Not theirs in turn: whatever comes after itself waits for ever, and nobody looks in circles.
  const { after = [] } = tasks.get(task)?.fact ?? {}
  return after.filter((before) => {
    const { status } = lifeOf(claims, before)
    return status !== 'done' && status !== 'dropped'
  })
}

/** Why a task is not the next one. */
export type Passed =
  | { kind: 'claimed'; by: ActorId }
  /** Somebody asked for it, and nobody has confirmed that. */
  | { kind: 'asked'; by: ActorId }
  | { kind: 'blocked'; by: FactId[] }
  | { kind: 'needs'; missing: string[] }
  | { kind: 'locked'; by: HeldLock }

/** A task that is not over, and why it is passed over; undefined when it can be begun. */
export type Candidate = { entry: Entry<TaskAdded>; passed: Passed | undefined }

/** Who looks, and whom it knows: its own lives, and who may have a task at all. */
export type Seeker = {
  capabilities: readonly string[]
  isMine: (actor: ActorId) => boolean
  mayHave: (actor: ActorId) => boolean
}

/** Every task that is not over, in the order in which they are to be taken up. */
export function* candidates(board: Board, seeker: Seeker): Generator<Candidate, void, void> {
  const open = [...board.tasks.values()].filter(({ id }) => {
    const { status } = lifeOf(board.claims, id)
    return status !== 'done' && status !== 'dropped'
  })
  for (const entry of open.sort(inOrder)) yield { entry, passed: passedOver(board, seeker, entry) }
}

function inOrder(a: Entry<TaskAdded>, b: Entry<TaskAdded>): number {
  const urgency = (b.fact.priority ?? 0) - (a.fact.priority ?? 0)
  return urgency || a.fact.at - b.fact.at || (a.id < b.id ? -1 : 1)
}

function passedOver(
  board: Board,
  { capabilities, isMine, mayHave }: Seeker,
  { id, fact }: Entry<TaskAdded>,
): Passed | undefined {
  const life = lifeOf(board.claims, id)
  if (life.holder !== undefined) return { kind: 'claimed', by: life.holder.actor }
  const by = waitsFor(board, id)
  if (by.length > 0) return { kind: 'blocked', by }
  const first = foremost(life, mayHave)
  if (first !== undefined) return { kind: 'asked', by: first.place.actor }
  const missing = (fact.needs ?? []).filter((need) => !capabilities.includes(need))
  if (missing.length > 0) return { kind: 'needs', missing }
  const lock = lockOn(board, fact.paths ?? [], isMine)
  return lock && { kind: 'locked', by: lock }
}

/** A lock of somebody else's on some path that a task is about, shared ones too. */
function lockOn(
  { locks }: Board,
  paths: readonly string[],
  isMine: (actor: ActorId) => boolean,
): HeldLock | undefined {
  if (paths.length === 0) return undefined
  const read = parseGlobs(paths)
  if (read.kind === 'bad') return undefined
  for (const held of locks.held.values()) {
    if (!isMine(held.actor) && overlapOf(held.globs, read.globs) !== undefined) return held
  }
  return undefined
}
