/** The claim that a command is given under: that of the worktree it is given in. */
import { Failure } from '../../api/errors.ts'
import { keyOf } from '../../core/brand.ts'
import { claimBranch, worktreeName } from '../../core/branch.ts'
import { isStale } from '../../core/engine/stale.ts'
import type { FactId, TaskAdded } from '../../core/room/facts.ts'
import type { Entry } from '../../core/room/views/board.ts'
import { lifeOf } from '../../core/room/views/claims.ts'
import { isMine } from '../rows.ts'
import type { RunningRoom } from '../running.ts'
import { whoIs } from '../words.ts'
import { made } from './talk.ts'

/**
 * The claim of a worktree; undefined outside of one, and when its agent ended the claim itself.
 * Refuses a claim that was lost, and tells the room of the attempt, once.
 */
export async function claimOf(
  room: RunningRoom,
  worktree: string | undefined,
): Promise<FactId | undefined> {
  const entry = worktree === undefined ? undefined : taskOf(room, worktree)
  if (worktree === undefined || entry === undefined) return undefined
  const life = lifeOf(room.engine.board.claims, entry.id)
  if (life.holder !== undefined && isMine(room, life.holder.actor)) return life.holder.ask
  const open = [...life.asks.values()].find(
    ({ fact, place }) => fact.want === 'claim' && isMine(room, place.actor),
  )
  if (open !== undefined) return open.id
  if (life.by !== undefined && isMine(room, life.by)) return undefined
  const last = lastClaim(room, entry.id)
  if (last === undefined || !isStale(room.engine, last)) return undefined
  const told = toldOf(room)
  if (!told.has(last)) {
    told.add(last)
    await made(room, { kind: 'ask', want: 'push', task: entry.id, claim: last })
  }
  const has = life.holder === undefined ? 'nobody has it'
    : `${whoIs(room.engine, keyOf(life.holder.actor)).name} has it`
  const text = `your claim of task ${entry.id} is over, and ${has} now: this is not published`
  const branch = claimBranch(worktreeName({ task: entry.id, title: entry.fact.title }))
  const root = room.repositories.checkout.root
  const fix = `knot claim ${entry.id}; or as work of its own: cd ${root} && knot sync ${branch}`
  throw new Failure('STALE_FENCE', text, fix)
}

/** The task whose claim a worktree was made for. */
function taskOf({ engine }: RunningRoom, worktree: string): Entry<TaskAdded> | undefined {
  for (const entry of engine.board.tasks.values()) {
    if (!worktree.startsWith(entry.id.slice(0, 8))) continue
    const { title } = entry.fact
    if (worktreeName({ task: entry.id, title }) === worktree) return entry
  }
  return undefined
}

/** The last claim of a task that this agent had, or asked for in vain. */
function lastClaim(room: RunningRoom, task: FactId): FactId | undefined {
  const all = [...room.engine.board.claims.over]
  return all.findLast(([, over]) => over.task === task && isMine(room, over.actor))?.[0]
}

const tellings = new WeakMap<RunningRoom, Set<FactId>>()

/** The claims under which a push was refused by this daemon: a watch would tell of it for ever. */
function toldOf(room: RunningRoom): Set<FactId> {
  const known = tellings.get(room) ?? new Set<FactId>()
  tellings.set(room, known)
  return known
}
