/** Trying again what failed: later each time, up to a bound, and for ever. */
import type { Monotonic } from '../brand.ts'
import { RETRY_MAX_MS, RETRY_MS } from '../limits.ts'
import type { Now } from './effect.ts'

/** How often something failed, and when to try it again. */
export type Retry = { readonly tries: number; readonly again: Monotonic }

/** Never failed, and may be tried at once. */
export const UNTRIED: Retry = { tries: 0, again: 0 as Monotonic }

/** After one more failure. */
export function afterFailure({ tries }: Retry, now: Now): Retry {
  const wait = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** Math.min(tries, 10))
  return { tries: tries + 1, again: (now.mono + wait) as Monotonic }
}

/** Whether a failure is worth a line in the log: the first, and that it was not the only one. */
export function isNews({ tries }: Retry): boolean {
  return tries <= 2
}
