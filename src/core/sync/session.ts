/**
 * One session with one peer: what it is known to hold, and what it still has to be sent.
 *
 * Every change leaves by one path: the stream is marked as lacking at the peer, and `nextRuns`
 * serves what is marked, as much as the peer's outbox takes. A change of our own, a catch-up after
 * a partition and an answered `want` differ only in what marked them.
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
  /** The volume that the peer says it is in: runs go to those in ours. */
  volume: number | undefined
  /** Whether it named a stream of ours in a volume that we have not entered. */
  knowsOwn: 'yes' | 'no'
  /** The last change of each stream that the peer is known to hold or was sent. */
  reach: Map<ActorId, number>
  lacking: Set<ActorId>
  /** Bytes of runs sent since the outbox had room, and whether a `drained` is awaited. */
  outbox: { sent: number; awaited: 'yes' | 'no' }
  /** Streams that the peer holds further than we do. */
  ahead: Map<ActorId, Ahead>
  /** When the peer last sent something of what its hello named, if it ever did. */
  arrived: number
}

/**
 * How far a peer holds a stream, how far we did then, since when, and how often it was asked. What
 * its hello named it sends by itself, one stream after the other.
 */
export type Ahead = { seq: number; ours: number; since: number; asked: number; named: Naming }

/** What named a stream that a peer holds further. */
export type Naming = 'in its hello' | 'later'

/** A session at its start. */
export function openSession(path: Path, address: string): Session {
  return {
    path,
    address,
    actor: undefined,
    volume: undefined,
    knowsOwn: 'no',
    reach: new Map(),
    lacking: new Set(),
    outbox: { sent: 0, awaited: 'no' },
    ahead: new Map(),
    arrived: Number.NEGATIVE_INFINITY,
  }
}

/** The peer is in a volume, of which nothing is known to be there yet. */
export function enterVolume(session: Session, volume: number | undefined): void {
  session.volume = volume
  for (const known of [session.reach, session.ahead, session.lacking]) known.clear()
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

/** Takes the peer's word for how far it holds a stream, of which we hold `ours` changes. */
export function learnReach(
  session: Session,
  { actor, seq }: { actor: ActorId; seq: number },
  ours: number,
  now: number,
  named: Naming = 'later',
): void {
  session.reach.set(actor, Math.max(session.reach.get(actor) ?? 0, seq))
  const known = session.ahead.get(actor)
  if (seq <= ours) session.ahead.delete(actor)
  else if (known === undefined) {
    session.ahead.set(actor, { seq, ours, since: now, asked: 0, named })
  }
  // A stream that grows faster than we would ask is waited for no longer than another.
  else if (seq > known.seq) session.ahead.set(actor, { ...known, seq, asked: 0 })
}

/** Notes that a run came from the peer: more of what its hello named is on its way. */
export function noteArrival(session: Session, actor: ActorId, now: number): void {
  if (session.ahead.get(actor)?.named === 'in its hello') session.arrived = now
}

/**
 * Takes a peer's word for where it stands in a stream of `length` changes. What still waits to be
 * sent goes on from where it is: a slow link is asked about what is on its way, again and again.
 */
export function rewind(
  session: Session,
  { actor, seq }: { actor: ActorId; seq: number },
  length: number,
): void {
  if (session.lacking.has(actor)) return
  session.reach.set(actor, seq)
  markLacking(session, actor, length)
}

/** Marks a stream, when it is longer than what the peer holds of it. */
export function markLacking(session: Session, actor: ActorId, length: number): void {
  if ((session.reach.get(actor) ?? 0) < length) session.lacking.add(actor)
}

/** The next runs for this peer, and whether to ask for a `drained` before more are served. */
export function nextRuns(
  session: Session,
  streams: { get(actor: ActorId): readonly HeldChange[] | undefined },
): { frames: Frame[]; pace: 'yes' | 'no' } {
  const { outbox, reach, lacking, volume } = session
  const frames: Frame[] = []
  if (session.actor === undefined || volume === undefined) return { frames, pace: 'no' }
  // A second `drained` for one outbox would let twice as much into the next one.
  if (outbox.awaited === 'yes') return { frames, pace: 'no' }
  for (const actor of [...lacking].sort()) {
    const held = streams.get(actor) ?? []
    for (;;) {
      const run = runAfter(held, reach.get(actor) ?? 0)
      if (run === undefined) break
      if (outbox.sent > CATCH_UP_BYTES) {
        outbox.awaited = 'yes'
        return { frames, pace: 'yes' }
      }
      frames.push({ kind: 'run', volume, actor, ...run })
      reach.set(actor, run.seq + run.changes.length - 1)
      outbox.sent += run.changes.reduce((sum, change) => sum + change.length, 0)
    }
    lacking.delete(actor)
  }
  return { frames, pace: 'no' }
}

/** The peer's outbox has room again: `nextRuns` goes on where it stopped. */
export function drained(session: Session): void {
  session.outbox = { sent: 0, awaited: 'no' }
}
