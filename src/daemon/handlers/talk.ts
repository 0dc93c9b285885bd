/** `say`, `log` and the task board. */
import { type ErrorCode, Failure } from '../../api/errors.ts'
import type { Answers, Item, Output, Parsed } from '../../api/types.ts'
import type { Answer, Call, RefusalCode } from '../../core/engine/call.ts'
import type { Entry } from '../../core/room/views/board.ts'
import { sorted } from '../../core/room/views/board.ts'
import { inLogOrder } from '../../core/room/views/events.ts'
import type { TaskAdded } from '../../core/room/facts.ts'
import { brokenDisk } from '../opening.ts'
import type { RunningRoom } from '../running.ts'
import { taskRow } from '../rows.ts'
import { tellEvent } from '../words.ts'

/** Finds the running room once it is known whether there is one; fails in the lobby. */
export type FindRoom = () => Promise<RunningRoom>

type Talk = Pick<Answers, 'say' | 'log' | 'tasks.add' | 'tasks.list' | 'tasks.show'>

/** The handlers, for a room that is looked up at each call. */
export function talk(room: FindRoom): Talk {
  return {
    say: async ({ text }) => ({ id: await made(await room(), { kind: 'say', text }) }),
    log: async function* (input, signal) {
      return yield* log(await room(), input, signal)
    },
    'tasks.add': async (input) => addTask(await room(), input),
    'tasks.list': async () => {
      const here = await room()
      return { tasks: sorted(here.engine.board.tasks).map((entry) => taskRow(here, entry)) }
    },
    'tasks.show': async ({ id }) => taskShown(await room(), id),
  }
}

/** Performs a call that makes a fact, and answers its id. */
export async function made(room: RunningRoom, request: Call): Promise<string> {
  const answer = await granted(room, request)
  if (answer.kind !== 'made') throw new Error(`bug: ${request.kind} answered ${answer.kind}`)
  return answer.id
}

/** Performs a call; a refusal, or the end of the room, is thrown as what the API tells. */
export async function granted(
  room: RunningRoom,
  request: Call,
): Promise<Exclude<Answer, { kind: 'refused' }>> {
  const answer = await room.loop.call(request)
  if (answer === undefined) {
    const end = await room.ended()
    if (end.kind === 'failed') throw brokenDisk(end.why)
    throw new Failure('DAEMON_FAILED', 'the daemon is stopping', 'run the command again')
  }
  if (answer.kind !== 'refused') return answer
  throw new Failure(CODES[answer.code], answer.message, answer.fix)
}

const CODES = {
  TOO_LARGE: 'INPUT_INVALID',
  NOT_AUTHORISED: 'UNAUTHORISED',
  USAGE: 'USAGE',
  STALE: 'CONFLICT',
  ABSENT: 'NOT_FOUND',
  ALONE: 'PENDING',
  HOLDS: 'CONFLICT',
} as const satisfies Record<RefusalCode, ErrorCode>

async function* log(
  room: RunningRoom,
  {
    follow,
    since,
    limit,
  }: { follow: boolean; since?: number | undefined; limit?: number | undefined },
  signal: AbortSignal,
): AsyncGenerator<Item<'log'>, Output<'log'>, void> {
  // Followed from before the past is read, so that nothing falls between the two.
  const coming = follow ? room.followers.follow(signal) : undefined
  const first = coming?.next()
  const past = inLogOrder(room.engine.events.values()).filter(({ at }) => at >= (since ?? 0))
  const shown = limit === undefined ? past : past.slice(-limit)
  const seen = new Set<string>()
  for (const event of shown) {
    seen.add(event.id)
    yield tellEvent(room.engine, event)
  }
  if (coming === undefined || first === undefined) return {}
  for (let next = await first; ; next = await coming.next()) {
    if (next.done === true) {
      if (next.value === 'ended') return {}
      throw new Failure('BUSY', 'this reader of the log fell behind', 'run knot log --follow again')
    }
    if (!seen.delete(next.value.id)) yield next.value
  }
}

async function addTask(
  room: RunningRoom,
  { title, body, priority, after, needs, paths }: Parsed<'tasks.add'>,
): Promise<Output<'tasks.add'>> {
  const before = after?.map((wanted) => findTask(room, wanted).id)
  const id = await made(room, {
    kind: 'task',
    title,
    ...(body === undefined ? {} : { body }),
    ...(priority === undefined ? {} : { priority }),
    ...(before === undefined ? {} : { after: [...new Set(before)] }),
    ...(needs === undefined ? {} : { needs: [...new Set(needs)] }),
    ...(paths === undefined ? {} : { paths }),
  })
  return { id }
}

function taskShown(room: RunningRoom, wanted: string): Output<'tasks.show'> {
  const entry = findTask(room, wanted)
  const events = inLogOrder(room.engine.events.values())
    .filter((event) => 'task' in event && event.task === entry.id)
    .map((event) => tellEvent(room.engine, event))
  return { ...taskRow(room, entry), body: entry.fact.body ?? '', events }
}

/** A task by its id or the beginning of it; whatever does not name one is refused. */
export function findTask(room: RunningRoom, wanted: string): Entry<TaskAdded> {
  const tasks = sorted(room.engine.board.tasks)
  const found = tasks.filter(({ id }) => id.startsWith(wanted))
  const [entry] = found
  if (entry === undefined || wanted.length < 4) {
    throw new Failure('NOT_FOUND', `there is no task "${wanted}"`, 'knot tasks list shows them')
  }
  if (found.length === 1) return entry
  const ids = found.map(({ id }) => id).join(', ')
  throw new Failure('AMBIGUOUS', `"${wanted}" may be any of ${ids}`, 'give more of the id')
}
