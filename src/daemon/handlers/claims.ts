/**
 * Claiming and ending tasks. What is asked is on disk before anything is answered; the answer waits
 * a moment for the leader's, and says which of both it is.
 */
import { Failure, problemOf } from '../../api/errors.ts'
import type { Answers, Item, Output, Parsed } from '../../api/types.ts'
import { keyOf } from '../../core/brand.ts'
import { worktreeName } from '../../core/branch.ts'
import { governs } from '../../core/auth/roles.ts'
import { modeNow } from '../../core/engine/chain.ts'
import { memberOf } from '../../core/engine/names.ts'
import { governors } from '../../core/engine/standing.ts'
import { ASK_WAIT_MS, ASK_WAIT_ALONE_MS } from '../../core/limits.ts'
import type { Want } from '../../core/room/claim-facts.ts'
import type { FactId, TaskAdded } from '../../core/room/facts.ts'
import type { Entry } from '../../core/room/views/board.ts'
import { foremost, lifeOf, type TaskLife } from '../../core/room/views/claims.ts'
import { waitsFor } from '../../core/room/views/next.ts'
import { taskName } from '../claim-words.ts'
import { isMine, mayHave, type TaskRow, taskRow } from '../rows.ts'
import type { RunningRoom } from '../running.ts'
import { whoIs } from '../words.ts'
import { type Claimed, leave, openFor } from '../worktrees.ts'
import { inQueue } from './queue.ts'
import { type FindRoom, findTask, made } from './talk.ts'

/** The answers about tasks that somebody does. */
export function claims(room: FindRoom): Pick<Answers, 'tasks.claim' | 'tasks.end'> {
  return {
    'tasks.claim': async function* (input, signal) {
      const here = await room()
      const entry = findTask(here, input.id)
      yield { step: 'claim', text: `asking for ${entry.id.slice(0, 8)}` }
      return yield* claimed(here, entry, input, signal)
    },
    'tasks.end': async (input, signal) => {
      const here = await room()
      const row = await end(here, input, signal)
      if (input.want === 'reopen' || row.owner?.mine === true) return row
      return { ...row, ...(await leaveTo(here, row, input, signal)) }
    },
  }
}

type Wish = Omit<Parsed<'tasks.claim'>, 'id'>
type Claiming<Result> = AsyncGenerator<Item<'tasks.claim'>, Result, void>

/** Claims a task, and makes its worktree if that is wished for. */
export async function* claimed(
  room: RunningRoom,
  entry: Entry<TaskAdded>,
  wish: Wish,
  signal: AbortSignal,
): Claiming<Output<'tasks.claim'>> {
  yield* claim(room, entry, wish, signal)
  const row = taskRow(room, entry)
  if (!wish.worktree) return row
  yield { step: 'worktree', text: 'making its worktree' }
  const task = { task: entry.id, title: entry.fact.title }
  return { ...row, worktree: await workplace(room, task, signal) }
}

async function* claim(
  room: RunningRoom,
  entry: Entry<TaskAdded>,
  { confirmed, wait }: Wish,
  signal: AbortSignal,
): Claiming<void> {
  const life = () => lifeOf(room.engine.board.claims, entry.id)
  if (!isOwn(room, life()) && wait !== undefined) yield* queue(room, entry, wait, signal)
  if (!isOwn(room, life())) {
    refuseTaken(room, entry, life())
    refuseBlocked(room, entry)
    const ask = ownAsk(room, life(), 'claim') ?? (await asked(room, entry.id, { want: 'claim' }))
    await settled(room, () => !life().asks.has(ask), signal)
    if (!life().asks.has(ask) && !isOwn(room, life())) throw held(room, entry, life())
    if (life().asks.has(ask) && waitsFor(room.engine.board, entry.id).length > 0) {
      await made(room, { kind: 'withdraw', topic: 'claims', ask })
      refuseBlocked(room, entry)
    }
  }
  if (!confirmed || taskRow(room, entry).standing === 'confirmed') return
  const open = ownAsk(room, life(), 'claim')
  if (open !== undefined) await made(room, { kind: 'withdraw', topic: 'claims', ask: open })
  const then = open === undefined ? 'it stays as it was' : 'it is taken back'
  throw unconfirmed(`the claim of ${entry.id}`, then)
}

/** Waits for a task until it is one's own; in vain, when it ends first, or the time does. */
async function* queue(
  room: RunningRoom,
  entry: Entry<TaskAdded>,
  ms: number,
  signal: AbortSignal,
): Claiming<void> {
  const life = () => lifeOf(room.engine.board.claims, entry.id)
  const until = room.now().mono + ms
  for (;;) {
    const { status } = life()
    if (status === 'done' || status === 'dropped') throw held(room, entry, life())
    const known = ownAsk(room, life(), 'claim')
    const ask = known ?? (await asked(room, entry.id, { want: 'claim', wait: true }))
    const waits = () => life().asks.has(ask)
    const got = () => life().holder?.ask === ask
    const words = () => queueWords(room, entry, { life: life(), ask })
    const place = { topic: 'claims' as const, ask, waits, got, words, until }
    const outcome = yield* inQueue(room, place, signal)
    if (isOwn(room, life()) && outcome === 'over') return
    // One from before that did not wait is over once somebody else got the task.
    if (outcome === 'over' && known !== undefined) continue
    if (outcome === 'over') throw held(room, entry, life())
    throw late(room, entry, life())
  }
}

function queueWords(
  room: RunningRoom,
  { id }: Entry<TaskAdded>,
  { life, ask }: { life: TaskLife; ask: FactId },
): string {
  const [first] = waitsFor(room.engine.board, id)
  const asks = [...life.asks.values()].filter(({ fact }) => fact.want === 'claim')
  const before = asks.findIndex((each) => each.id === ask)
  const behind = before > 0 ? `, ${before} before you` : ''
  if (life.holder !== undefined) return `waiting: ${ownerName(room, life)} has it${behind}`
  if (first !== undefined) return `waiting for ${taskName(room.engine, first)}${behind}`
  return `waiting for the leader${behind}`
}

/** That the time is over, and the ask taken back. */
function late(room: RunningRoom, entry: Entry<TaskAdded>, life: TaskLife): Failure {
  if (modeNow(room.engine, room.now()) === 'provisional') {
    return unconfirmed(`the claim of ${entry.id}`, 'it is taken back')
  }
  const [first] = waitsFor(room.engine.board, entry.id)
  const why = life.holder !== undefined ? `${ownerName(room, life)} still has task ${entry.id}`
    : first !== undefined ? `task ${entry.id} still waits for ${taskName(room.engine, first)}`
    : `the leader did not give task ${entry.id} to you in time`
  return new Failure('HELD', `${why}: the ask is taken back`, `knot claim ${entry.id} --wait`)
}

/** The worktree of a claim; without one the claim stands all the same. */
async function workplace(
  { repositories }: RunningRoom,
  claimed: Claimed,
  signal: AbortSignal,
): Promise<{ path: string; branch: string }> {
  try {
    const { path, branch } = await openFor(repositories, claimed, signal)
    return { path, branch }
  } catch (error) {
    const { code, message, fix } = problemOf(error)
    throw new Failure(code, `task ${claimed.task} is yours, without a worktree: ${message}`, fix)
  }
}

async function end(
  room: RunningRoom,
  { id, want, force }: Parsed<'tasks.end'>,
  signal: AbortSignal,
): Promise<TaskRow> {
  const entry = findTask(room, id)
  const life = () => lifeOf(room.engine.board.claims, entry.id)
  const { status } = life()
  const target = { done: 'done', drop: 'dropped', reopen: 'open' }[want]
  const open = [...life().asks.values()].some(({ place }) => isMine(room, place.actor))
  if (status === target && !open) return taskRow(room, entry)
  await refuseStale(room, entry, { want, life: life() })
  if (life().holder !== undefined && !isOwn(room, life())) {
    if (!force || want === 'done') throw held(room, entry, life())
    refuseUngoverned(room, `end what ${ownerName(room, life())} has`)
  }
  if (life().holder === undefined && (status === 'done' || status === 'dropped')) {
    if (want !== 'reopen') {
      const fix = `knot tasks reopen ${entry.id}`
      throw new Failure('INPUT_INVALID', `task ${entry.id} is ${status} already`, fix)
    }
  }
  const claim = life().holder?.ask ?? ownAsk(room, life(), 'claim')
  const ask = await asked(room, entry.id, { want, ...(claim === undefined ? {} : { claim }) })
  await settled(room, () => !life().asks.has(ask), signal)
  const now = lifeOf(room.engine.board.claims, entry.id)
  if (!now.asks.has(ask) && now.status !== target) throw held(room, entry, now)
  return taskRow(room, entry)
}

/** Leaves the worktree of a task that is over, unless something in it, or somebody, is there. */
async function leaveTo(
  room: RunningRoom,
  { id, title }: TaskRow,
  { worktree }: Parsed<'tasks.end'>,
  signal: AbortSignal,
): Promise<{ left?: Output<'tasks.end'>['left'] }> {
  const claimed = { task: id, title }
  if (worktree === worktreeName(claimed)) {
    return { left: { kind: 'stays', why: 'you are in it', fix: 'knot tasks done, from outside' } }
  }
  const left = await leave(room.repositories, claimed, signal)
  return left.kind === 'absent' ? {} : { left }
}

/** Asks for something and answers the id of the ask. */
async function asked(
  room: RunningRoom,
  task: FactId,
  wanted: { want: Want; claim?: FactId; wait?: true },
): Promise<FactId> {
  return (await made(room, { kind: 'ask', task, ...wanted })) as FactId
}

/** Waits until an ask was ruled on; not long where there is nobody to do so. */
export async function settled(
  room: RunningRoom,
  over: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  const alone = () => modeNow(room.engine, room.now()) === 'provisional'
  await room.watch.until(over, { ms: alone() ? ASK_WAIT_ALONE_MS : ASK_WAIT_MS, signal })
}

/** Refuses what only who decides about members may do, before the room is asked for it in vain. */
export function refuseUngoverned({ engine }: RunningRoom, what: string): void {
  const me = memberOf(engine, engine.me.signer.key)
  if (me === undefined || governs(me.role)) return
  const why = `${me.name} may not ${what}: it is a ${me.role}`
  throw new Failure('UNAUTHORISED', why, `ask ${governors(engine)} to do it`)
}

/** That nobody could confirm what only counts when it is confirmed. */
export function unconfirmed(what: string, then: string): Failure {
  const fix = 'knot status shows who is reached; run it again when a majority of the voters is'
  return new Failure('PENDING', `nobody can confirm ${what} now: ${then}`, fix)
}

/**
 * Whoever had the task and lost it is told so, and the room as well: what was done under the old
 * claim is in nobody's way, but it does not finish the task.
 */
async function refuseStale(
  room: RunningRoom,
  { id }: Entry<TaskAdded>,
  { want, life }: { want: 'done' | 'drop' | 'reopen'; life: TaskLife },
): Promise<void> {
  const bySelf = life.by !== undefined && isMine(room, life.by)
  if (want !== 'done' || isOwn(room, life) || bySelf) return
  const stale = [...life.ended].findLast(([, actor]) => isMine(room, actor))
  if (stale === undefined || life.status === 'done' || life.status === 'dropped') return
  await asked(room, id, { want, claim: stale[0] })
  const by = life.holder === undefined ? 'nobody has it' : `${ownerName(room, life)} has it`
  const text = `your claim of task ${id} is over, and ${by} now: this does not finish it`
  throw new Failure('STALE_FENCE', text, `knot claim ${id}`)
}

function refuseTaken(room: RunningRoom, entry: Entry<TaskAdded>, life: TaskLife): void {
  if (life.status !== 'open') throw held(room, entry, life)
  const first = foremost(life, (actor) => mayHave(room, actor))
  // A leader who is there decides which of them comes first, and whether its author is there.
  if (first === undefined || modeNow(room.engine, room.now()) !== 'provisional') return
  if (isMine(room, first.place.actor)) return
  const { name } = whoIs(room.engine, keyOf(first.place.actor))
  const text = `${name} asked for task ${entry.id} before, and nobody could confirm it yet`
  throw new Failure('HELD', text, 'knot tasks list shows what else there is to do')
}

/** Refuses a task that waits for others: no leader grants it before they are over. */
function refuseBlocked(room: RunningRoom, { id }: Entry<TaskAdded>): void {
  const [first, ...more] = waitsFor(room.engine.board, id)
  if (first === undefined) return
  const others = more.length === 0 ? '' : ` and ${more.length} more`
  const text = `task ${id} waits for ${taskName(room.engine, first)}${others}`
  throw new Failure('HELD', text, `knot tasks show ${first}`)
}

/** That a task is not to be had, and why. */
function held(room: RunningRoom, { id }: Entry<TaskAdded>, life: TaskLife): Failure {
  if (life.status === 'done' || life.status === 'dropped') {
    const fix = `knot tasks reopen ${id}`
    return new Failure('HELD', `task ${id} is ${life.status}`, fix)
  }
  const fix = 'knot tasks list shows what else there is to do'
  return new Failure('HELD', `${ownerName(room, life)} has task ${id}`, fix)
}

function ownerName(room: RunningRoom, { holder }: TaskLife): string {
  return holder === undefined ? 'nobody' : whoIs(room.engine, keyOf(holder.actor)).name
}

function isOwn(room: RunningRoom, { holder }: TaskLife): boolean {
  return holder !== undefined && isMine(room, holder.actor)
}

function ownAsk(room: RunningRoom, life: TaskLife, want: Want): FactId | undefined {
  return [...life.asks.values()].find(
    ({ fact, place }) => fact.want === want && isMine(room, place.actor),
  )?.id
}
