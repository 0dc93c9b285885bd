/**
 * Runs that are the author's, but cannot be judged yet: an earlier one, or an auth op they were
 * written under, is still on its way. They are a convenience of bounded size; what is dropped here
 * is fetched again, because the frontier goes on saying that it is missing.
 *
 * Within a stream the nearest runs stay: they are the first to be of use, and no author can make
 * its peers forget them by sending ones from far ahead. Across streams the last comers stay: a
 * stranger's streams may wait for ever, and cost him nothing but the sending.
 */
import type { ActorId } from '../brand.ts'
import { PENDING_MAX_BYTES, PENDING_MAX_CHANGES, PENDING_ROOM_MAX_BYTES } from '../limits.ts'
import type { Rest, Run } from './gate.ts'

export type PendingRun = {
  readonly actor: ActorId
  /** The first change that could not be judged. */
  readonly seq: number
  readonly waits: Extract<Rest, { kind: 'pending' }>['waits']
  readonly run: Run
}

/** What waits, stream by stream in the order of their first arrival, nearest first in each. */
export type Pending = { readonly streams: Map<ActorId, PendingRun[]>; bytes: number }

/** Nothing waiting yet. */
export function openPending(): Pending {
  return { streams: new Map(), bytes: 0 }
}

/** Keeps a run until it can be judged; answers the runs that were dropped for it, or it itself. */
export function hold(pending: Pending, entry: PendingRun): PendingRun[] {
  const held = pending.streams.get(entry.actor) ?? []
  const others = held.filter(other => !sameRun(other.run, entry.run))
  const runs = [...others, entry].sort((a, b) => a.seq - b.seq)
  const dropped: PendingRun[] = []
  while (tooMany(runs)) dropped.push(runs.pop() as PendingRun)
  replace(pending, entry.actor, runs)

  for (const [actor, oldest] of pending.streams) {
    if (pending.bytes <= PENDING_ROOM_MAX_BYTES) break
    dropped.push(...oldest)
    replace(pending, actor, [])
  }
  return dropped
}

/** Takes out the runs to judge again now that a stream holds `seq`, nearest first. */
export function takeAfterAdvance(
  pending: Pending,
  { actor, seq }: { actor: ActorId; seq: number },
): PendingRun[] {
  const runs = pending.streams.get(actor) ?? []
  return take(pending, actor, runs, run => run.waits === 'predecessor' && run.seq <= seq + 1)
}

/** Takes out the runs to judge again now that the auth log has grown, by actor, nearest first. */
export function takeAfterAuth(pending: Pending): PendingRun[] {
  const streams = [...pending.streams].sort(([a], [b]) => (a < b ? -1 : 1))
  return streams.flatMap(([actor, runs]) =>
    take(pending, actor, runs, run => run.waits === 'heads'),
  )
}

/** What a run costs beside its bytes, so that many small ones are bounded too. */
const RUN_OVERHEAD_BYTES = 512

function take(
  pending: Pending,
  actor: ActorId,
  runs: readonly PendingRun[],
  ready: (run: PendingRun) => boolean,
): PendingRun[] {
  const taken = runs.filter(ready)
  if (taken.length > 0) {
    const rest = runs.filter(run => !ready(run))
    replace(pending, actor, rest)
  }
  return taken
}

function replace(pending: Pending, actor: ActorId, runs: PendingRun[]): void {
  pending.bytes += sum(runs, bytesOf) - sum(pending.streams.get(actor) ?? [], bytesOf)
  if (runs.length === 0) pending.streams.delete(actor)
  else pending.streams.set(actor, runs)
}

function tooMany(runs: readonly PendingRun[]): boolean {
  const changes = sum(runs, ({ run }) => run.changes.length)
  return changes > PENDING_MAX_CHANGES || sum(runs, bytesOf) > PENDING_MAX_BYTES
}

function bytesOf({ run }: PendingRun): number {
  return RUN_OVERHEAD_BYTES + run.signature.length + sum(run.changes, change => change.length)
}

/** Signatures cover the place and, through the last hash, every byte before it. */
function sameRun(a: Run, b: Run): boolean {
  return (
    a.changes.length === b.changes.length &&
    a.signature.every((byte, at) => byte === b.signature[at])
  )
}

function sum<T>(items: readonly T[], size: (item: T) => number): number {
  let total = 0
  for (const item of items) total += size(item)
  return total
}
