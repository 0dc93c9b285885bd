/** What waits after something broke here: longer each time, and told while it is news. */
import type { FactId } from '../room/facts.ts'
import type { Effect, Now } from './effect.ts'
import { afterFailure, isNews, UNTRIED } from './retry.ts'
import type { Engine } from './state.ts'

/** Puts a push, or a wish to undo, off after something broke here. */
export function pause(
  engine: Engine,
  now: Now,
  out: Effect[],
  { id, what, why }: { id: FactId; what: 'push' | 'undo'; why: string },
): void {
  const retry = afterFailure(engine.paused.get(id) ?? UNTRIED, now)
  engine.paused.set(id, retry)
  if (!isNews(retry)) return
  out.push({ kind: 'note', level: 'warn', text: `${what} ${id} is tried again: ${why}` })
}

/** Whether it is put off still. */
export function isPaused(engine: Engine, now: Now, id: FactId): boolean {
  return (engine.paused.get(id) ?? UNTRIED).again > now.mono
}
