/** A rate for each of many peers: a burst, then so many a second. The clock is an argument. */
import type { PublicKey } from '../core/brand.ts'
import { JOIN_BURST, JOIN_PER_SECOND, THROTTLED_MAX } from '../core/limits.ts'

/** Whether this peer may go on now; saying yes counts. */
export type Throttle = (key: PublicKey, nowMs: number) => boolean

/** The rate of the join protocol. */
export function joinThrottle(): Throttle {
  const buckets = new Map<PublicKey, { left: number; at: number }>()
  return (key, nowMs) => {
    const before = buckets.get(key) ?? { left: JOIN_BURST, at: nowMs }
    const refill = ((nowMs - before.at) / 1_000) * JOIN_PER_SECOND
    const left = Math.min(JOIN_BURST, before.left + refill)
    // Last in the map is whoever asked last; what falls off at the front has been quiet longest.
    buckets.delete(key)
    buckets.set(key, { left: left < 1 ? left : left - 1, at: nowMs })
    const oldest = buckets.keys().next()
    if (buckets.size > THROTTLED_MAX && oldest.done === false) buckets.delete(oldest.value)
    return left >= 1
  }
}
