/**
 * Forks: an author signed two changes at one place of its stream. Whoever holds both publishes the
 * proof, and every peer seals the stream before them.
 *
 * Usually the other branch arrives from its middle, because its peer holds it further than we hold
 * ours. Then what comes before is asked for, in steps that double, until the place shows where they
 * part.
 */
import type { ActorId, PublicKey } from '../brand.ts'
import { makeFraud } from '../auth/author.ts'
import type { ProofRun } from '../auth/deed.ts'
import { FORK_BACK_CHANGES, RUN_MAX_BYTES } from '../limits.ts'
import type { Rest } from '../room/gate.ts'
import type { HeldChange } from '../sync/runs.ts'
import type { Frame, Reach } from '../sync/wire.ts'
import { takeOps } from './authority.ts'
import type { Effect, Now } from './effect.ts'
import { spot } from './joining.ts'
import { send } from './sending.ts'
import { type Engine, lengthOf } from './state.ts'
import { complain } from './talk.ts'

type ForkSeen = Extract<Rest, { kind: 'fork' }>
type RunFrame = Extract<Frame, { kind: 'run' }>

/** A run showed that its stream forked, or that it must have. */
export function onFork(
  engine: Engine,
  now: Now,
  out: Effect[],
  { key, run, fork }: { key: PublicKey; run: RunFrame; fork: ForkSeen },
): void {
  const { actor } = run
  if (fork.sibling === 'elsewhere') return askBack(engine, out, { key, actor, seq: fork.seq })
  const ours = signedFrom(engine.held.get(actor) ?? [], fork.seq)
  const theirs = { changes: run.changes.slice(fork.seq - run.seq), signature: run.signature }
  if (ours === undefined || sizeOf(ours) + sizeOf(theirs) > PROOF_BYTES) {
    const text = `a fork of ${actor} at ${fork.seq} that no proof has room for`
    return complain(engine, out, key, { kind: 'unprovable', text })
  }
  const proof = { actor, volume: engine.volume.id, runs: [ours, theirs] as const }
  const { bytes } = makeFraud(engine.me.signer, spot(engine, now), proof)
  if (takeOps(engine, now, out, { from: undefined, ops: [bytes] }) === 0) return
  const text = `${actor} signed two changes ${fork.seq}: the proof is published`
  out.push({ kind: 'note', level: 'warn', text })
}

/** A peer names another change than ours at a place of a stream. */
export function noteOther(
  engine: Engine,
  out: Effect[],
  key: PublicKey,
  { actor, seq, hash }: Reach,
): void {
  const held = engine.held.get(actor)?.[seq - 1]
  if (held === undefined || held.hash === hash || isSealedBefore(engine, actor, seq)) return
  askBack(engine, out, { key, actor, seq })
}

/** Whether a seal makes it idle to look for a fork at a place. */
function isSealedBefore(engine: Engine, actor: ActorId, seq: number): boolean {
  const seal = engine.membership.sealOf(actor, engine.volume.id)
  return seal !== undefined && seal.seq < seq
}

/** Asks for a stream from before a place at which the branches had parted already. */
function askBack(
  engine: Engine,
  out: Effect[],
  { key, actor, seq }: { key: PublicKey; actor: ActorId; seq: number },
): void {
  const backs = engine.talks.get(key)?.backs
  const gone = Math.max(0, lengthOf(engine, actor) - seq)
  const after = Math.max(0, seq - Math.max(FORK_BACK_CHANGES, gone))
  // Each answer is a burst of runs, and every one of them would ask again.
  if (backs === undefined || (backs.get(actor) ?? Infinity) <= after) return
  backs.set(actor, after)
  send(out, key, { kind: 'want', volume: engine.volume.number, streams: [{ actor, seq: after }] })
}

/** The changes from a place up to the next signature. */
function signedFrom(held: readonly HeldChange[], seq: number): ProofRun | undefined {
  const rest = held.slice(seq - 1)
  const end = rest.findIndex(({ signature }) => signature !== undefined)
  const signature = rest[end]?.signature
  if (signature === undefined) return undefined
  return { changes: rest.slice(0, end + 1).map(({ bytes }) => bytes), signature }
}

function sizeOf({ changes }: ProofRun): number {
  return changes.reduce((sum, { length }) => sum + length, 0)
}

/** Two runs as honest peers cut them fit an auth op. */
const PROOF_BYTES = 3 * RUN_MAX_BYTES
