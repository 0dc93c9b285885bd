/**
 * `sync.watch`: sync after sync, for as long as somebody reads.
 *
 * It acts when nobody looks, so it is shyer than `sync`: a commit that was published before, and
 * refused or undone since, is not published again, nor is one with an undone push of this agent in
 * it. Its author has to say so.
 */
import { problemOf } from '../../api/errors.ts'
import type { Item, Output, Parsed } from '../../api/types.ts'
import { SYNC_WATCH_LOOK_MS, SYNC_WATCH_MS } from '../../core/limits.ts'
import { traceOfHead } from '../../git/trace.ts'
import type { Checkout } from '../../git/repository.ts'
import type { RunningRoom } from '../running.ts'
import type { FindRoom } from './talk.ts'

type Told = Item<'sync.watch'>
type Round = AsyncGenerator<Item<'sync'>, Output<'sync'>, void>

/**
 * Runs rounds until aborted, whenever the HEAD of a checkout or the room moves; a result or a
 * failure is told when it is not the same as before.
 */
export async function* watch(
  find: FindRoom,
  of: Checkout,
  round: (room: RunningRoom) => Round,
  signal: AbortSignal,
): AsyncGenerator<Told, Output<'sync.watch'>, void> {
  let last = ''
  const warned = { text: '' }
  while (!signal.aborted) {
    // Looked up each time: a room that started again, with a new key, is another one.
    const room = await find()
    const before = await momentOf(room, of)
    let told: Told
    try {
      told = { kind: 'synced', sync: yield* steps(round(room), warned) }
    } catch (error) {
      if (signal.aborted) break
      const { code, message, fix } = problemOf(error)
      told = { kind: 'failed', code, message, ...(fix === undefined ? {} : { fix }) }
    }
    const text = JSON.stringify(told, withoutMoments)
    if (text !== last) yield told
    last = text
    await untilMoved(room, of, before, signal)
  }
  return {}
}

/** The steps of publishing; the others would say the same four times a minute. */
async function* steps(
  round: Round,
  warned: { text: string },
): AsyncGenerator<Told, Output<'sync'>, void> {
  for (;;) {
    const next = await round.next()
    if (next.done === true) return next.value
    const { step, text } = next.value
    const isNews = step === 'undone' && text !== warned.text
    if (isNews) warned.text = text
    if (step === 'publish' || isNews) yield { kind: 'step', step, text }
  }
}

function withoutMoments(key: string, value: unknown): unknown {
  return key === 'answered' ? undefined : value
}

type Moment = { head: string; events: number }

async function momentOf({ engine }: RunningRoom, of: Checkout): Promise<Moment> {
  return { head: await traceOfHead(of), events: engine.events.size }
}

/** Until HEAD or the room is not where it was, or it is time again; never at once. */
async function untilMoved(
  room: RunningRoom,
  of: Checkout,
  before: Moment,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now()
  while (!signal.aborted && performance.now() - began < SYNC_WATCH_MS) {
    await room.watch.until(() => false, { ms: SYNC_WATCH_LOOK_MS, signal })
    const now = await momentOf(room, of)
    if (now.head !== before.head || now.events !== before.events) return
  }
}

/** What a watch asks of each round. */
export function roundOf({ mode, intent, worktree }: Parsed<'sync.watch'>) {
  return { mode, intent, worktree, rev: undefined, again: 'never' as const }
}
