/**
 * One session with one peer: what it is known to hold, and what it still has to be sent.
 *
 * Every change leaves by one path: the stream is marked as lacking at the peer, and `nextRuns`
 * serves what is marked, as much as the peer's outbox takes. A change of our own, a catch-up after a
 * partition and an answered `want` differ only in what marked them.
 */
import type { ActorId } from '../brand.ts'
import { CATCH_UP_BYTES } from '../limits.ts'
import { type HeldChange, runAfter } from './runs.ts'
import type { Frame, Reach } from './wire.ts'

/** How a peer is reached. */
export type Path = 'lan' | 'direct' | 'relay'

export type Session = {
  path: Path
  address: string
  /** The peer's present incarnation, from its hello; nothing is sent before. */
  actor: ActorId | undefined
  /** The last change of each stream that the peer is known to hold or was sent. */
  reach: Map<ActorId, number>
  lacking: Set<ActorId>
  /** Bytes of runs sent since the outbox was last seen with room. */
  unpaced: number
  /** Streams that the peer said it holds further than we do, since the given moment. */
  ahead: Map<ActorId, { seq: number; since: number }>
}

/** A session at its start. */
export function openSession(path: Path, address: string): Session {
  return {
    path,
    address,
    actor: undefined,
    reach: new Map(),
    lacking: new Set(),
    unpaced: 0,
    ahead: new Map(),
  }
}

/** What this peer holds of each stream, in the order of the actors. */
export function frontierOf(streams: ReadonlyMap<ActorId, readonly HeldChange[]>): Reach[] {
  const frontier: Reach[] = []
  for (const actor of [...streams.keys()].sort()) {
    const held = streams.get(actor) as readonly HeldChange[]
    const last = held.at(-1)
    if (last !== undefined) frontier.push({ actor, seq: held.length, hash: last.hash })
  }
  return frontier
}

/** Takes the peer's word for how far it holds a stream. */
export function learnReach(session: Session, reach: Reach, ours: number, now: number): void {
  const known = session.reach.get(reach.actor) ?? 0
  session.reach.set(reach.actor, Math.max(known, reach.seq))
  if (ours < reach.seq) session.ahead.set(reach.actor, { seq: reach.seq, since: now })
  else session.ahead.delete(reach.actor)
}

/** Marks a stream, when it is longer than what the peer holds of it. */
export function markLacking(session: Session, actor: ActorId, length: number): void {
  if ((session.reach.get(actor) ?? 0) < length) session.lacking.add(actor)
}

/** The next runs for this peer, and whether to ask for a `drained` before more are served. */
export function nextRuns(
  session: Session,
  streams: ReadonlyMap<ActorId, readonly HeldChange[]>,
): { frames: Frame[]; pace: 'yes' | 'no' } {
  const frames: Frame[] = []
  if (session.actor === undefined) return { frames, pace: 'no' }
  for (const actor of [...session.lacking].sort()) {
    const held = streams.get(actor) ?? []
    for (;;) {
      if (session.unpaced > CATCH_UP_BYTES) return { frames, pace: 'yes' }
      const run = runAfter(held, session.reach.get(actor) ?? 0)
      if (run === undefined) break
      frames.push({ kind: 'run', actor, ...run })
      session.reach.set(actor, run.seq + run.changes.length - 1)
      session.unpaced += run.changes.reduce((sum, change) => sum + change.length, 0)
    }
    session.lacking.delete(actor)
  }
  return { frames, pace: 'no' }
}

/** Streams that the peer holds further and that nobody sent for a while; they are asked for anew. */
export function overdue(session: Session, now: number, wait: number): ActorId[] {
  return [...session.ahead]
    .filter(([, { since }]) => now - since >= wait)
    .map(([actor]) => actor)
    .sort()
}
