/**
 * Asks for what did not come by itself.
 *
 * An author sends its changes to everybody it is connected to, and whoever got them from somebody
 * says `have`. So what a peer holds further is usually on its way; only when it does not come for a
 * while is it asked for, of one peer at a time, because each that is asked sends all of it.
 */
import type { ActorId, PublicKey } from '../brand.ts'
import { WANT_DELAY_MS, WANT_DOUBLINGS_MAX, WANTS_MAX } from '../limits.ts'
import type { Ahead, Path, Session } from './session.ts'

/** What to ask of one peer: streams in order, each with the last change that is held here. */
export type Ask = { key: PublicKey; streams: { actor: ActorId; seq: number }[] }

/** What to ask of whom now, noted as asked; `lengthOf` is how much of a stream is held here. */
export function dueWants(
  sessions: Iterable<readonly [PublicKey, Session]>,
  now: number,
  lengthOf: (actor: ActorId) => number,
): Ask[] {
  const asks = new Map<PublicKey, Ask>()
  const claims = claimsOf(sessions, now, lengthOf)
  for (const actor of [...claims.keys()].sort()) {
    const claimed = claims.get(actor) as Claim[]
    const next = isDue(claimed, now) ? nextToAsk(claimed) : undefined
    if (next === undefined) continue
    const ask = asks.get(next.key) ?? { key: next.key, streams: [] }
    ask.streams.push({ actor, seq: lengthOf(actor) })
    asks.set(next.key, ask)
    next.ahead.asked++
    for (const { ahead } of claimed) ahead.since = now
  }
  return [...asks.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** A peer that says it holds a stream further than we do. */
type Claim = { key: PublicKey; path: Path; ahead: Ahead; since: number }

/** Who holds which stream further; what came meanwhile ends a claim, or begins its wait anew. */
function claimsOf(
  sessions: Iterable<readonly [PublicKey, Session]>,
  now: number,
  lengthOf: (actor: ActorId) => number,
): Map<ActorId, Claim[]> {
  const claims = new Map<ActorId, Claim[]>()
  for (const [key, session] of sessions) {
    for (const [actor, ahead] of session.ahead) {
      const ours = lengthOf(actor)
      if (ours >= ahead.seq) {
        session.ahead.delete(actor)
        continue
      }
      if (ours > ahead.ours) Object.assign(ahead, { ours, since: now, asked: 0 })
      const claimed = claims.get(actor) ?? []
      const named = ahead.named === 'in its hello'
      const since = named ? Math.max(ahead.since, session.arrived) : ahead.since
      claimed.push({ key, path: session.path, ahead, since })
      claims.set(actor, claimed)
    }
  }
  return claims
}

/** Every ask that changed nothing doubles the wait: the answer may be long, or the link slow. */
function isDue(claims: readonly Claim[], now: number): boolean {
  const first = Math.min(...claims.map(({ since }) => since))
  const asked = claims.reduce((sum, { ahead }) => sum + ahead.asked, 0)
  return now - first >= WANT_DELAY_MS * 2 ** Math.min(asked, WANT_DOUBLINGS_MAX)
}

/** The peer that was asked least, the nearest of those; nobody for ever, as some never answer. */
function nextToAsk(claims: readonly Claim[]): Claim | undefined {
  const [next] = [...claims].sort(
    (a, b) =>
      a.ahead.asked - b.ahead.asked || RANK[a.path] - RANK[b.path] || (a.key < b.key ? -1 : 1),
  )
  return next !== undefined && next.ahead.asked < WANTS_MAX ? next : undefined
}

const RANK = { lan: 0, direct: 1, relay: 2 } as const
