/**
 * Waiting in the leader's queue for a task or for paths: for as long as somebody waits here, and no
 * longer. An ask that nobody waits for would come true when nobody looks, so it is taken back when
 * the time is over, when the command is left, and when the daemon starts again.
 */
import type { Item } from '../../api/types.ts'
import { isOneAgent } from '../../core/engine/alive.ts'
import type { FactId } from '../../core/room/facts.ts'
import type { RunningRoom } from '../running.ts'
import { made } from './talk.ts'

type Step = Item<'tasks.claim'>

/** An ask that waits, as whoever waits for it sees it. */
export type Waiting = {
  topic: 'claims' | 'locks'
  ask: FactId
  /** Whether it is not over yet. */
  waits: () => boolean
  /** Whether what was asked for is there. */
  got: () => boolean
  /** What it waits for, for a person. */
  words: () => string
  /** When the patience ends, by the monotonic clock. */
  until: number
}

/** Waits, telling what for, until the ask is over or the time is; then it is taken back. */
export async function* inQueue(
  room: RunningRoom,
  waiting: Waiting,
  signal: AbortSignal,
): AsyncGenerator<Step, 'over' | 'late', void> {
  const { topic, ask, waits, got, words, until } = waiting
  const here = waitersOf(room)
  here.set(ask, (here.get(ask) ?? 0) + 1)
  let stays = false
  try {
    for (let told = ''; waits(); ) {
      const ms = until - room.now().mono
      if (ms <= 0 || signal.aborted) return 'late'
      const text = words()
      if (text !== told) yield { step: 'wait', text }
      told = text
      await room.watch.until(() => !waits() || words() !== told, { ms: Math.ceil(ms), signal })
    }
    stays = !signal.aborted
    return 'over'
  } finally {
    const others = (here.get(ask) ?? 1) - 1
    if (others > 0) here.set(ask, others)
    else here.delete(ask)
    // What came in the very moment in which somebody left is given back as well.
    const back = !stays && others === 0 && (waits() || got())
    if (back) await made(room, { kind: 'withdraw', topic, ask })
  }
}

/** Takes back what this agent waited for before its daemon started: nobody is there for it now. */
export async function leaveQueues({ engine, loop }: Pick<RunningRoom, 'engine' | 'loop'>) {
  const { board, me } = engine
  const left: { topic: 'claims' | 'locks'; ask: FactId }[] = []
  for (const task of board.claims.live) {
    for (const { id, place, fact } of board.claims.tasks.get(task)?.asks.values() ?? []) {
      const own = isOneAgent(engine, place.actor, me.actor)
      if (own && fact.wait === true) left.push({ topic: 'claims', ask: id })
    }
  }
  for (const { id, actor, fact } of board.locks.asks.values()) {
    const own = isOneAgent(engine, actor, me.actor)
    if (own && fact.wait === true) left.push({ topic: 'locks', ask: id })
  }
  // Of an agent that may write nothing any more the leader grants nothing either.
  for (const { topic, ask } of left) await loop.call({ kind: 'withdraw', topic, ask })
}

const waiters = new WeakMap<RunningRoom, Map<FactId, number>>()

/** How many commands wait for each ask of this daemon. */
function waitersOf(room: RunningRoom): Map<FactId, number> {
  const known = waiters.get(room) ?? new Map<FactId, number>()
  waiters.set(room, known)
  return known
}
