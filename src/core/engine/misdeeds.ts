/**
 * What a peer sent that no honest one sends: counted by its key, told, and ended by a rest from it.
 *
 * One bad frame ends a session at most, and the peer may come back at once: its knot may be older,
 * or damaged in memory. Whoever goes on is left out for a while. Only what the sender itself should
 * have refused counts. What an honest peer may pass on without knowing better does not: a fork, a
 * change beyond a seal, one whose predecessor or auth heads are missing.
 */
import type { Instant, Monotonic, PublicKey } from '../brand.ts'
import { MISDEEDS_MAX, MISDEEDS_MS, SHUN_MS } from '../limits.ts'
import { dropSession } from './closing.ts'
import type { Effect, Now } from './effect.ts'
import { isMember, memberOf } from './names.ts'
import type { Engine } from './state.ts'

/** The misdeeds of one key since this engine was opened. */
export type Misdeeds = {
  /** All of them, and those since `since`, which alone decide. */
  total: number
  count: number
  since: Monotonic
  /** The newest one, in words, and when it was. */
  why: string
  at: Instant
  /** Until when the peer is left out; undefined when it is not. */
  until: Monotonic | undefined
}

/** Counts a misdeed; one too many in a while, and the peer is left out. */
export function blame(
  engine: Engine,
  now: Now,
  out: Effect[],
  { key, why }: { key: PublicKey; why: string },
): void {
  const known = engine.misdeeds.get(key)
  const fresh = known === undefined || now.mono >= known.since + MISDEEDS_MS
  const misdeeds: Misdeeds = {
    total: (known?.total ?? 0) + 1,
    count: fresh ? 1 : known.count + 1,
    since: fresh ? now.mono : known.since,
    why,
    at: now.wall,
    until: known?.until,
  }
  engine.misdeeds.set(key, misdeeds)
  if (misdeeds.until !== undefined || misdeeds.count < MISDEEDS_MAX) return

  misdeeds.until = (now.mono + SHUN_MS) as Monotonic
  const name = memberOf(engine, key)?.name ?? key.slice(0, 8)
  const [rest, within] = [SHUN_MS / 1000, MISDEEDS_MS / 1000]
  const text = `${name} is left out for ${rest} s: it sent ${misdeeds.count} times within ` +
    `${within} s what no peer may take; the last: ${why}`
  out.push({ kind: 'note', level: 'warn', text })
  dropSession(engine, now, out, key)
  out.push({ kind: 'forget', peer: key })
}

/** Whether a peer is left out now; nothing is dialled or taken meanwhile. */
export function isLeftOut(engine: Engine, key: PublicKey): boolean {
  return engine.misdeeds.get(key)?.until !== undefined
}

/** Lets those back in whose time is over, and forgets those who are members no more. */
export function readmit(engine: Engine, now: Now, out: Effect[]): void {
  for (const [key, misdeeds] of engine.misdeeds) {
    if (!isMember(engine.membership, key)) engine.misdeeds.delete(key)
    else if (misdeeds.until !== undefined && now.mono >= misdeeds.until) {
      misdeeds.until = undefined
      misdeeds.count = 0
      const addresses = engine.presence.get(key)?.beat.addresses ?? []
      out.push({ kind: 'want', peer: key, addresses })
    }
  }
}
