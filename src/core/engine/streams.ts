/**
 * Streams: taking runs through the gate, writing our own, and what follows from an accepted change.
 *
 * Our own changes take the same path as everybody's. A change is on disk before anything that
 * follows from it leaves this peer, because its `persist` comes first in the effects.
 */
import type { ActorId, Hash, PublicKey } from '../brand.ts'
import type { Verify } from '../crypto.ts'
import { type Accepted, type Authority, judgeRun, type Run, type RunOutcome } from '../room/gate.ts'
import { hold, type PendingRun, takeAfterAdvance, takeAfterAuth } from '../room/pending.ts'
import type { Place } from '../room/facts.ts'
import { decodeChange } from '../room/decode.ts'
import { signingBytes, writeChange } from '../room/stream.ts'
import type { Topic } from '../room/topics.ts'
import { foldFact, type Shown } from '../room/views/board.ts'
import { eventOf } from '../room/views/events.ts'
import { markLacking } from '../sync/session.ts'
import type { Frame } from '../sync/wire.ts'
import { leaders } from './chain.ts'
import type { Effect, Now } from './effect.ts'
import { pump } from './peers.ts'
import { type Engine, liveSessions, type Stream, streamOf } from './state.ts'

/** Facts to write, in one change. */
export type Draft = { topic: Topic; value: string }[]

/** Writes facts of our own as one change; answers their places, none when the gate's bounds refuse. */
export function author(engine: Engine, now: Now, out: Effect[], facts: Draft): Place[] {
  const stream = streamOf(engine, engine.me.actor)
  const time = Math.floor(now.wall / 1000)
  const heads = engine.auth.parents(stream.state.heads)
  const written = writeChange(engine.volume, stream.state, { facts, time, heads })
  if (written.kind === 'refused') {
    out.push({ kind: 'note', level: 'warn', text: `own facts refused: ${written.why}` })
    return []
  }
  const { actor } = engine.me
  const { seq } = written.change
  const message = signingBytes(engine.volume, { actor, seq, hash: written.hash })
  const run = { changes: [written.bytes], signature: engine.me.signer.sign(message) }
  const outcome = judge(engine, actor, run, engine.verify)
  if (outcome.accepted.length === 0) {
    out.push({ kind: 'note', level: 'warn', text: `own change refused: ${outcome.rest.kind}` })
    return []
  }
  accept(engine, out, actor, run, outcome)
  pump(engine, out)
  return outcome.accepted.flatMap((change) =>
    change.facts.map(({ topic, n }) => ({ actor, topic, n })),
  )
}

/** Takes a run from a peer; answers whether the peer is to blame for it. */
export function receiveRun(
  engine: Engine,
  out: Effect[],
  from: PublicKey,
  frame: Extract<Frame, { kind: 'run' }>,
): 'fine' | 'unproven' {
  const { actor, seq, changes, signature } = frame
  const run = { changes, signature }
  const outcome = judge(engine, actor, run, engine.verify)
  accept(engine, out, actor, run, outcome)
  const { rest } = outcome
  switch (rest.kind) {
    case 'unproven':
      out.push({ kind: 'note', level: 'warn', text: `run of ${actor} from ${from}: ${rest.why}` })
      return 'unproven'
    case 'pending':
      hold(engine.pending, { actor, seq, waits: rest.waits, run })
      break
    case 'invalid':
      out.push({ kind: 'note', level: 'warn', text: `${actor} seq ${rest.seq}: ${rest.why}` })
      break
    case 'fork':
      out.push({ kind: 'note', level: 'warn', text: `${actor} signed two changes ${rest.seq}` })
      break
    default:
  }
  if (outcome.accepted.length > 0) releaseAfter(engine, out, actor)
  return 'fine'
}

/** Judges again what waited for the auth log. */
export function releaseAfterAuth(engine: Engine, out: Effect[]): void {
  retry(engine, out, takeAfterAuth(engine.pending))
}

/** Judges again what waited for a stream, as far as it has come. */
function releaseAfter(engine: Engine, out: Effect[], actor: ActorId): void {
  const { seq } = streamOf(engine, actor).state
  retry(engine, out, takeAfterAdvance(engine.pending, { actor, seq }))
}

function retry(engine: Engine, out: Effect[], runs: readonly PendingRun[]): void {
  const waiting = [...runs]
  for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
    const { actor, run } = entry
    const outcome = judge(engine, actor, run, engine.verify)
    accept(engine, out, actor, run, outcome)
    const { rest } = outcome
    if (rest.kind === 'pending') hold(engine.pending, { ...entry, waits: rest.waits })
    if (outcome.accepted.length === 0) continue
    const { seq } = streamOf(engine, actor).state
    waiting.push(...takeAfterAdvance(engine.pending, { actor, seq }))
  }
}

/** Puts back one change from this peer's own disk, where it was judged before. */
export function restoreChange(
  engine: Engine,
  change: { bytes: Uint8Array; signature: Uint8Array | undefined },
): void {
  const { bytes, signature } = change
  const decoded = decodeChange(bytes)
  if (decoded.kind === 'malformed') throw new Error(`bug: stored a change: ${decoded.why}`)
  const { actor } = decoded.change
  const run = { changes: [bytes], signature: signature ?? new Uint8Array(64) }
  const outcome = judge(engine, actor, run, () => true)
  const restored = accept(engine, [], actor, run, outcome)
  if (restored !== undefined && signature === undefined) restored.signature = undefined
}

/** The gate's view of the auth log. */
export function authorityOf(engine: Engine): Authority {
  return {
    mayWrite: (key, heads) => engine.membership.mayWrite(key, heads),
    covers: (later, earlier) => engine.auth.covers(later, earlier),
    sealOf: (actor) => engine.membership.sealOf(actor, engine.volume.id),
  }
}

function judge(engine: Engine, actor: ActorId, run: Run, verify: Verify): RunOutcome {
  const { volume } = engine
  const { state, held } = streamOf(engine, actor)
  const hashAt = (seq: number) => held[seq - 1]?.hash as Hash
  return judgeRun({ volume, stream: state, run, authority: authorityOf(engine), verify, hashAt })
}

/** Everything that follows from accepted changes; answers the last one as it is held. */
function accept(
  engine: Engine,
  out: Effect[],
  actor: ActorId,
  run: Run,
  outcome: RunOutcome,
): Stream['held'][number] | undefined {
  const { accepted, duplicates, stream: state } = outcome
  if (accepted.length === 0) return undefined
  const stream = streamOf(engine, actor)
  stream.state = state
  engine.streams.set(actor, stream)
  const whole = duplicates + accepted.length === run.changes.length
  const changes = run.changes.slice(duplicates, duplicates + accepted.length)
  for (const [i, change] of accepted.entries()) {
    const bytes = changes[i] as Uint8Array
    const last = whole && i === accepted.length - 1
    const signature = last ? run.signature : undefined
    stream.held.push({ hash: change.hash, bytes, signature })
    out.push({ kind: 'persist', entry: { kind: 'change', bytes, signature } })
    fold(engine, out, change)
  }
  out.push({ kind: 'document', changes })
  for (const [, session] of liveSessions(engine)) {
    if (actor === engine.me.actor) markLacking(session, actor, stream.held.length)
  }
  if (actor !== engine.me.actor && engine.sessions.size > 0) engine.news.add(actor)
  return stream.held.at(-1)
}

function fold(engine: Engine, out: Effect[], { actor, facts }: Accepted): void {
  for (const { topic, n, value } of facts) {
    const shown = foldFact(engine.board, { actor, topic, n }, value)
    if (shown.kind === 'refused') engine.unproved.push(shown.entry)
    else show(engine, out, shown)
  }
  proveVerdicts(engine, out)
}

/** Shows the verdicts whose author is proved by now to have led the term that they name. */
export function proveVerdicts(engine: Engine, out: Effect[]): void {
  const leader = leaders(engine)
  engine.unproved = engine.unproved.filter((entry) => {
    const led = leader(entry.fact.term)
    if (led === entry.place.actor) show(engine, out, { kind: 'refused', entry })
    return led === undefined
  })
}

function show(engine: Engine, out: Effect[], shown: Shown): void {
  const event = eventOf(shown)
  if (event === undefined || engine.events.has(event.id)) return
  engine.events.set(event.id, event)
  out.push({ kind: 'event', event })
}
