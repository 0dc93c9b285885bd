/** Tasks, locks and plans as the API shows them: what is confirmed, and what only is asked for. */
import type { Output } from '../api/types.ts'
import { type ActorId, type Instant, keyOf } from '../core/brand.ts'
import { isOneAgent, isThere, whyLost } from '../core/engine/alive.ts'
import { leaders, modeNow } from '../core/engine/chain.ts'
import { memberOf } from '../core/engine/names.ts'
import { HOLDER_SILENCE_MS } from '../core/limits.ts'
import type { FactId, TaskAdded } from '../core/room/facts.ts'
import type { Doing } from '../core/room/lock-facts.ts'
import type { Entry } from '../core/room/views/board.ts'
import { foremost, lifeOf, type TaskLife, type TaskStatus } from '../core/room/views/claims.ts'
import { waitsFor } from '../core/room/views/next.ts'
import type { HeldLock, Lock, LockAsk } from '../core/room/views/locks.ts'
import { workUnder } from '../core/room/views/under.ts'
import type { RunningRoom } from './running.ts'
import { whoIs } from './words.ts'

/** A task as the API shows it. */
export type TaskRow = Output<'tasks.list'>['tasks'][number]
/** A lock as the API shows it. */
export type LockRow = Output<'locks.list'>['locks'][number]

/** Whether an actor is a life of this very agent. */
export function isMine({ engine }: RunningRoom, actor: ActorId): boolean {
  return isOneAgent(engine, actor, engine.me.actor)
}

/** Whether an actor is of a member that writes; what others once asked for is nobody's any more. */
export function mayHave({ engine, now }: RunningRoom, actor: ActorId): boolean {
  return whyLost(engine, now(), actor) !== 'removed'
}

/**
 * Confirmed: the chain says so, and a leader is heard who would know better by now. Nobody tells a
 * removed agent what becomes of what it had.
 */
export function standingNow({ engine, now }: RunningRoom): 'confirmed' | 'provisional' {
  const isIn = engine.membership.members.get(engine.me.agent)?.status === 'member'
  return isIn && modeNow(engine, now()) !== 'provisional' ? 'confirmed' : 'provisional'
}

/** A task: what the chain says of it, or what was asked and will be ruled on. */
export function taskRow(room: RunningRoom, { id, place, fact }: Entry<TaskAdded>): TaskRow {
  const { title, at, priority = 0, after = [], needs, paths } = fact
  const by = whoIs(room.engine, keyOf(place.actor))
  const life = lifeOf(room.engine.board.claims, id)
  const blockedBy = life.status === 'open' ? waitsFor(room.engine.board, id) : []
  return {
    id,
    title,
    ...stateOf(room, life, blockedBy),
    priority,
    after,
    ...(blockedBy.length === 0 ? {} : { blockedBy }),
    ...(needs === undefined ? {} : { needs }),
    ...(paths === undefined ? {} : { paths }),
    by,
    at,
  }
}

type State = Pick<TaskRow, 'status' | 'standing' | 'owner' | 'fence'>

function stateOf(room: RunningRoom, life: TaskLife, blockedBy: readonly FactId[]): State {
  const asked = pendingOf(room, life, blockedBy)
  if (asked !== undefined) {
    const owner = asked.owner === undefined ? {} : { owner: ownerOf(room, asked.owner) }
    const { status, claim } = asked
    const now = (claim && workOn(room, claim)) ?? status
    return { status: now, standing: 'provisional', ...owner }
  }
  const { holder, fence } = life
  const work = holder && workOn(room, { claim: holder.ask, actor: holder.actor })
  const status = work ?? life.status
  return {
    status,
    // That nothing was ever said of a task is nobody's to confirm.
    standing: fence === undefined ? 'confirmed' : standingNow(room),
    ...(holder === undefined ? {} : { owner: ownerOf(room, holder.actor) }),
    ...(holder === undefined ? {} : { fence: holder.fence }),
  }
}

/** What a task becomes once the asks about it are followed. */
function pendingOf(
  room: RunningRoom,
  life: TaskLife,
  blockedBy: readonly FactId[],
): { status: TaskStatus; owner?: ActorId; claim?: Claim } | undefined {
  // No leader grants the claim of a task that waits for another.
  const isFree = life.status === 'open' && blockedBy.length === 0
  const claim = isFree ? foremost(life, (actor) => mayHave(room, actor)) : undefined
  const under = life.holder?.ask ?? claim?.id
  const end = [...life.asks.values()].findLast(
    ({ fact, place }) =>
      fact.want !== 'claim' &&
      fact.want !== 'push' &&
      fact.claim === under &&
      (life.holder === undefined || isOneAgent(room.engine, place.actor, life.holder.actor)),
  )
  if (end !== undefined) {
    const status = { done: 'done', drop: 'dropped', reopen: 'open' } as const
    return { status: status[end.fact.want as 'done' | 'drop' | 'reopen'] }
  }
  if (claim === undefined) return undefined
  const { actor } = claim.place
  return { status: 'claimed', owner: actor, claim: { claim: claim.id, actor } }
}

type Claim = { claim: FactId; actor: ActorId }

function workOn({ engine }: RunningRoom, claim: Claim): 'review' | 'landed' | undefined {
  return workUnder(engine.board, claim, leaders(engine))
}

function ownerOf(room: RunningRoom, actor: ActorId): NonNullable<TaskRow['owner']> {
  const until = lostAt(room, actor)
  return {
    ...whoIs(room.engine, keyOf(actor)),
    mine: isMine(room, actor),
    ...(until === undefined ? {} : { until }),
  }
}

/** A lock that is held, or only asked for. */
export function lockRow(room: RunningRoom, lock: HeldLock | LockAsk): LockRow {
  const { id, actor, terms } = lock
  const held = 'fence' in lock
  const until = lostAt(room, actor)
  const given = room.engine.board.locks.withdrawn.get(id)?.some((back) => isMine(room, back.actor))
  return {
    id,
    ...terms,
    by: whoIs(room.engine, keyOf(actor)),
    mine: isMine(room, actor),
    at: held ? lock.at : lock.fact.at,
    standing: held && given !== true ? standingNow(room) : 'provisional',
    ...(held ? { fence: lock.fence } : {}),
    ...(!held && lock.fact.wait === true ? { waits: true as const } : {}),
    ...(until === undefined ? {} : { until }),
  }
}

/** Every lock that is held or asked for, the oldest first. */
export function lockRows(room: RunningRoom): LockRow[] {
  const { held, asks } = room.engine.board.locks
  return [...held.values(), ...asks.values()]
    .map((lock) => lockRow(room, lock))
    .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
}

/** What every member said last that it is doing; whoever ended it is left out. */
export function doingRows(room: RunningRoom): Output<'doing.list'>['doing'] {
  const { engine } = room
  const newest = new Map<string, Entry<Doing>>()
  for (const entry of engine.board.doing.values()) {
    const member = memberOf(engine, keyOf(entry.place.actor))
    if (member?.status !== 'member') continue
    const { agent: id } = member
    const known = newest.get(id)
    if (known === undefined || known.fact.at < entry.fact.at) newest.set(id, entry)
  }
  return [...newest.values()]
    .filter(({ fact }) => fact.text !== '')
    .sort((a, b) => a.fact.at - b.fact.at || (a.id < b.id ? -1 : 1))
    .map(({ place: { actor }, fact: { text, at } }) => {
      // By the key that it has now: what it said with the one before is its word still.
      const key = memberOf(engine, keyOf(actor))?.key ?? keyOf(actor)
      return { by: whoIs(engine, key), text, at, online: isThere(engine, room.now(), key) }
    })
}

/** Who excludes a lock, in words. */
export function excludedBy(room: RunningRoom, { actor, terms }: Lock): string {
  const { name } = whoIs(room.engine, keyOf(actor))
  return `${terms.globs.join(' ')} by ${name} (${terms.reason})`
}

/** When a holder that is not there loses what it holds, as this peer counts. */
function lostAt({ engine, now }: RunningRoom, actor: ActorId): Instant | undefined {
  const member = memberOf(engine, keyOf(actor))
  const { mono, wall } = now()
  if (member === undefined || isThere(engine, now(), member.key)) return undefined
  const heard = Math.max(engine.presence.get(member.key)?.heard ?? engine.started, engine.started)
  return Math.max(wall, Math.round(wall + heard + HOLDER_SILENCE_MS - mono)) as Instant
}
