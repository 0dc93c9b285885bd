/** What is remembered of one session beside its streams, for as long as it lasts. */
import type { PublicKey } from '../brand.ts'
import type { Effect } from './effect.ts'
import { type Engine, LONG_AGO, type Talk } from './state.ts'

/** A session in which nothing was said yet. */
export function openTalk(): Talk {
  const asking = { heads: [], asked: 0, since: LONG_AGO }
  const chain = { since: LONG_AGO, bytes: 0 }
  return {
    asking,
    answered: LONG_AGO,
    chain,
    carried: { since: LONG_AGO, bytes: 0 },
    complaints: new Set(),
    backs: new Map(),
    own: new Map(),
    served: new Map(),
  }
}

/**
 * Notes what is wrong with something a peer sent, once a session for each kind: it may not be the
 * peer's fault, who only passes things on, and whoever repeats it must not fill a log.
 */
export function complain(
  engine: Engine,
  out: Effect[],
  from: PublicKey | undefined,
  { kind, text }: { kind: string; text: string },
): void {
  const complaints = from === undefined ? undefined : engine.talks.get(from)?.complaints
  if (complaints?.has(kind) === true) return
  complaints?.add(kind)
  out.push({ kind: 'note', level: 'warn', text })
}
