/** `tasks.next`: which task to take up, and taking it, for as long as somebody else is faster. */
import { Failure, problemOf } from '../../api/errors.ts'
import type { Answers, Item, Output, Parsed } from '../../api/types.ts'
import { type ActorId, keyOf } from '../../core/brand.ts'
import type { TaskAdded } from '../../core/room/facts.ts'
import type { Entry } from '../../core/room/views/board.ts'
import { candidates, type Passed } from '../../core/room/views/next.ts'
import { taskName } from '../claim-words.ts'
import { excludedBy, isMine, mayHave, taskRow } from '../rows.ts'
import type { RunningRoom } from '../running.ts'
import { whoIs } from '../words.ts'
import { claimed } from './claims.ts'
import type { FindRoom } from './talk.ts'

type Next = Output<'tasks.next'>

/** The handler, for a room that is looked up at each call. */
export function nextCall(room: FindRoom): Pick<Answers, 'tasks.next'> {
  return {
    'tasks.next': async function* (input, signal) {
      return yield* next(await room(), input, signal)
    },
  }
}

async function* next(
  room: RunningRoom,
  { claim, confirmed, worktree }: Parsed<'tasks.next'>,
  signal: AbortSignal,
): AsyncGenerator<Item<'tasks.next'>, Next, void> {
  const passed: Next['passed'] = []
  const tried = new Set<string>()
  for (let found = look(room, tried, passed); found !== undefined; ) {
    if (!claim) return { task: taskRow(room, found), passed }
    try {
      const input = { confirmed, worktree }
      return { task: yield* claimed(room, found, input, signal), passed }
    } catch (error) {
      // Only that somebody else has it leaves the others to try.
      if (!(error instanceof Failure) || error.problem.code !== 'HELD') throw error
      tried.add(found.id)
      const { id, fact } = found
      passed.push({ id, title: fact.title, kind: 'claimed', why: problemOf(error).message })
    }
    found = look(room, tried, passed)
  }
  return { passed }
}

/** The first that can be begun and was not tried; those before it are noted, once each. */
function look(
  room: RunningRoom,
  tried: ReadonlySet<string>,
  passed: Next['passed'],
): Entry<TaskAdded> | undefined {
  const { capabilities = [] } = room.identity.config
  const seeker = {
    capabilities,
    isMine: (actor: ActorId) => isMine(room, actor),
    mayHave: (actor: ActorId) => mayHave(room, actor),
  }
  for (const candidate of candidates(room.engine.board, seeker)) {
    const { entry, passed: why } = candidate
    if (tried.has(entry.id)) continue
    if (why === undefined) return entry
    if (!passed.some(({ id }) => id === entry.id)) passed.push(row(room, entry, why))
  }
  return undefined
}

function row(
  room: RunningRoom,
  { id, fact }: Entry<TaskAdded>,
  why: Passed,
): Next['passed'][number] {
  return { id, title: fact.title, kind: why.kind, why: words(room, why) }
}

function words(room: RunningRoom, why: Passed): string {
  const { engine } = room
  switch (why.kind) {
    case 'claimed':
    case 'asked': {
      const { name } = whoIs(engine, keyOf(why.by))
      const who = isMine(room, why.by) ? 'you' : name
      if (why.kind === 'asked') return `${who} asked for it`
      return who === 'you' ? 'you have it' : `${who} has it`
    }
    case 'blocked':
      return `waits for ${why.by.map((id) => taskName(engine, id)).join(', ')}`
    case 'needs':
      return `needs ${why.missing.join(', ')}`
    case 'locked':
      return `locked: ${excludedBy(room, why.by)}`
  }
}
