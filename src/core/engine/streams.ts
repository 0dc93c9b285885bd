/**
 * Streams: taking runs through the gate, writing our own, and what follows from an accepted change.
 *
 * Our own changes take the same path as everybody's. A change is on disk before anything that
 * follows from it leaves this peer, because its `persist` comes first in the effects.
 */
import { type ActorId, type Hash, keyOf, type PublicKey } from '../brand.ts'
import { isSame } from '../bytes/same.ts'
import type { Verify } from '../crypto.ts'
import { INCARNATIONS_MAX } from '../limits.ts'
import {
  type Accepted,
  type Authority,
  judgeRun,
  type Rest,
  type Run,
  type RunOutcome,
} from '../room/gate.ts'
import { hold, type PendingRun, takeAfterAdvance, takeAfterAuth } from '../room/pending.ts'
import type { Fact } from '../room/change.ts'
import { type Place, readFact } from '../room/facts.ts'
import { keepCut, openBeyond } from '../room/beyond.ts'
import { decodeChange, readHeld } from '../room/decode.ts'
import { judgeChange } from '../room/gate-change.ts'
import { boundId, firstOf } from '../room/origin.ts'
import {
  advance,
  openStream,
  signingBytes,
  type StreamState,
  writeChange,
} from '../room/stream.ts'
import type { Topic } from '../room/topics.ts'
import { foldFact } from '../room/views/board.ts'
import type { HeldChange } from '../sync/runs.ts'
import { markLacking } from '../sync/session.ts'
import type { Frame } from '../sync/wire.ts'
import type { Effect, Now } from './effect.ts'
import { noteMissing } from './fetching.ts'
import { keepSealed } from './keeping.ts'
import { complain } from './talk.ts'
import { pump, sendAll } from './sending.ts'
import { bring, show } from './showing.ts'
import { type Due, type Engine, lengthOf, liveSessions, streamOf } from './state.ts'
import { encodeSigned } from './witness.ts'

/** Facts to write, in one change. */
export type Draft = { topic: Topic; value: string }[]

/** Writes facts of our own as one change; answers their places, none when the gate refuses. */
export function author(engine: Engine, now: Now, out: Effect[], facts: Draft): Place[] {
  if (isOneTooMany(engine, engine.me.actor)) {
    const text = `own facts refused: this key began ${INCARNATIONS_MAX} incarnations, and peers ` +
      'take no more of one key: this agent needs a new one'
    out.push({ kind: 'note', level: 'warn', text })
    return []
  }
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
  const outcome = judge(engine, actor, run, proved)
  if (outcome.accepted.length === 0) {
    out.push({ kind: 'note', level: 'warn', text: `own change refused: ${outcome.rest.kind}` })
    return []
  }
  accept(engine, out, actor, run, outcome)
  engine.signed = { volume: engine.volume.number, seq, hash: written.hash }
  const bytes = encodeSigned(engine.signed)
  out.push({ kind: 'persist', entry: { kind: 'signed', bytes } })
  pump(engine, out)
  return outcome.accepted.flatMap((change) =>
    change.facts.map(({ topic, n }) => ({ actor, topic, n })),
  )
}

/** What became of a run from a peer, as far as anything follows from it. */
export type Received =
  | { kind: 'fine' }
  /** What came before it is missing. */
  | { kind: 'gap' }
  /** Its author did not sign it: whoever sent it is to blame. */
  | { kind: 'unproven' }
  | { kind: 'invalid'; why: string }
  | Extract<Rest, { kind: 'fork' }>

/** Takes a run from a peer. */
export function receiveRun(
  engine: Engine,
  out: Effect[],
  from: PublicKey,
  frame: Extract<Frame, { kind: 'run' }>,
): Received {
  const { actor, seq, changes, signature } = frame
  if (isOneTooMany(engine, actor)) {
    const text = `${keyOf(actor).slice(0, 8)} began over ${INCARNATIONS_MAX} incarnations`
    complain(engine, out, from, { kind: 'incarnations', text: `${text}: no more are taken` })
    return { kind: 'fine' }
  }
  if (isHeld(engine.held.get(actor), frame)) return { kind: 'fine' }
  const run = { changes, signature }
  const outcome = judge(engine, actor, run, engine.verify)
  accept(engine, out, actor, run, outcome)
  const { rest } = outcome
  const about = `of ${actor} from ${from.slice(0, 8)}`
  switch (rest.kind) {
    case 'unproven':
      out.push({ kind: 'note', level: 'warn', text: `a run ${about}: ${rest.why}` })
      return { kind: 'unproven' }
    case 'pending':
      hold(engine.pending, { actor, seq, waits: rest.waits, run: copyOf(run) })
      break
    case 'invalid': {
      const why = `change ${rest.seq} ${about}: ${rest.why}`
      complain(engine, out, from, { kind: 'invalid', text: why })
      if (outcome.accepted.length > 0) releaseAfter(engine, out, actor)
      return { kind: 'invalid', why }
    }
    case 'fork':
      complain(engine, out, from, { kind: 'fork', text: `a second change ${rest.seq} ${about}` })
      break
    default:
  }
  if (outcome.accepted.length > 0) releaseAfter(engine, out, actor)
  if (rest.kind === 'fork') return rest
  if (rest.kind === 'sealed') keepSealed(engine, out, actor, behind(run, rest.seq - seq))
  const gap = rest.kind === 'pending' && rest.waits === 'predecessor'
  return { kind: gap ? 'gap' : 'fine' }
}

/** Whether these are the very bytes that are held: whoever joins is sent all of it by everybody. */
function isHeld(
  held: readonly HeldChange[] = [],
  { seq, changes }: { seq: number; changes: readonly Uint8Array[] },
): boolean {
  if (held.length < seq + changes.length - 1) return false
  return changes.every((change, i) => isSame(change, (held[seq - 1 + i] as HeldChange).bytes))
}

/** Whether a stream would be one more of its key than anybody needs: each costs every peer. */
function isOneTooMany({ held, incarnations }: Engine, actor: ActorId): boolean {
  return !held.has(actor) && (incarnations.get(keyOf(actor)) ?? 0) >= INCARNATIONS_MAX
}

/** Judges changes again that lay beyond a seal; answers the hashes of those that count now. */
export function retake(engine: Engine, out: Effect[], actor: ActorId, run: Run): Hash[] {
  const outcome = judge(engine, actor, run, proved)
  const last = accept(engine, out, actor, run, outcome)
  // The changes of a branch are not all signed one by one, and a run may be cut anywhere.
  if (last !== undefined && run.signature.every((byte) => byte === 0)) last.signature = undefined
  return outcome.accepted.map(({ hash }) => hash)
}

/** Where a stream stands after changes that were accepted once. */
export function stateAfter(
  engine: Engine,
  actor: ActorId,
  held: readonly HeldChange[],
): StreamState {
  let state = openStream(engine.volume, actor)
  for (const change of replay(engine, actor, held)) state = change.state
  return state
}

/** Folds all that counts of a stream, as if it came now; shows none of it. */
export function foldHeld(engine: Engine, actor: ActorId): void {
  for (const { facts } of replay(engine, actor, engine.held.get(actor) ?? [])) {
    fold(engine, [], { actor, facts })
  }
}

/** The facts of the first so many changes of a stream. */
export function factsWithin(engine: Engine, actor: ActorId, seq: number): Fact[] {
  const held = engine.held.get(actor)?.slice(0, seq) ?? []
  return [...replay(engine, actor, held)].flatMap(({ facts }) => facts)
}

/** The facts of the changes behind the first so many. */
export function factsBehind(engine: Engine, actor: ActorId, seq: number): Fact[] {
  const held = engine.held.get(actor) ?? []
  if (held.length <= seq) return []
  const changes = [...replay(engine, actor, held)]
  return changes.slice(seq).flatMap(({ facts }) => facts)
}

/** Folds what a volume began with; shows none of it. */
export function foldCarried(engine: Engine): void {
  for (const { place, value } of engine.carried.facts) {
    const { actor, topic, n } = place
    fold(engine, [], { actor, facts: [{ topic, n, value }] })
  }
}

/** Goes over accepted changes of a stream once more. */
function* replay(engine: Engine, actor: ActorId, held: readonly HeldChange[]) {
  let state = openStream(engine.volume, actor)
  for (const { bytes, hash } of held) {
    const change = readHeld(bytes)
    const verdict = judgeChange(engine.volume, state, change)
    if (verdict.kind === 'invalid') throw new Error(`bug: held a change: ${verdict.why}`)
    state = advance(state, { change, hash, topics: verdict.topics })
    yield { state, facts: verdict.facts }
  }
}

/** The changes of a run behind the first so many. */
function behind({ changes, signature }: Run, count: number): Run {
  return { changes: changes.slice(count), signature }
}

/** A run that does not keep the whole frame alive that it came in. */
function copyOf({ changes, signature }: Run): Run {
  return { changes: changes.map((change) => change.slice()), signature: signature.slice() }
}

/** Judges again what waited for the auth log. */
export function releaseAfterAuth(engine: Engine, out: Effect[]): void {
  retry(engine, out, takeAfterAuth(engine.pending))
}

/** Judges again what waited for a stream, as far as it has come. */
function releaseAfter(engine: Engine, out: Effect[], actor: ActorId): void {
  const seq = lengthOf(engine, actor)
  retry(engine, out, takeAfterAdvance(engine.pending, { actor, seq }))
}

function retry(engine: Engine, out: Effect[], runs: readonly PendingRun[]): void {
  const waiting = [...runs]
  for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
    const { actor, run } = entry
    const outcome = judge(engine, actor, run, proved)
    accept(engine, out, actor, run, outcome)
    const { rest } = outcome
    if (rest.kind === 'pending') hold(engine.pending, { ...entry, waits: rest.waits })
    if (rest.kind === 'sealed') {
      const taken = outcome.duplicates + outcome.accepted.length
      keepSealed(engine, out, actor, behind(run, taken))
    }
    if (outcome.accepted.length === 0) continue
    const seq = lengthOf(engine, actor)
    waiting.push(...takeAfterAdvance(engine.pending, { actor, seq }))
  }
}

/** For what was signed here, or checked when it came: whether a signature holds never changes. */
const proved: Verify = () => true

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
  const outcome = judge(engine, actor, run, proved)
  const restored = accept(engine, [], actor, run, outcome)
  if (restored !== undefined && signature === undefined) restored.signature = undefined
  if (outcome.rest.kind === 'sealed') {
    const { seq, predecessor } = decoded.change
    const beyond = engine.beyond.get(actor) ?? openBeyond()
    engine.beyond.set(actor, beyond)
    keepCut(beyond, { seq, predecessor, hash: decoded.hash, bytes, signature })
  }
}

/** Whether a change from this peer's log still counts; after a seal moved, not all of them do. */
export function counts(engine: Engine, bytes: Uint8Array): boolean {
  const decoded = decodeChange(bytes)
  if (decoded.kind === 'malformed') return false
  const { actor, seq } = decoded.change
  return engine.held.get(actor)?.[seq - 1]?.hash === decoded.hash
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
): HeldChange | undefined {
  const { accepted, duplicates, stream: state } = outcome
  if (accepted.length === 0) return undefined
  const held = engine.held.get(actor) ?? []
  engine.streams.set(actor, state)
  if (!engine.held.has(actor)) {
    const key = keyOf(actor)
    engine.incarnations.set(key, (engine.incarnations.get(key) ?? 0) + 1)
  }
  engine.held.set(actor, held)
  const whole = duplicates + accepted.length === run.changes.length
  const changes = copyTogether(run.changes.slice(duplicates, duplicates + accepted.length))
  for (const [i, change] of accepted.entries()) {
    const bytes = changes[i] as Uint8Array
    const last = whole && i === accepted.length - 1
    const signature = last ? run.signature.slice() : undefined
    held.push({ hash: change.hash, bytes, signature })
    engine.size.changes++
    engine.size.bytes += bytes.length
    const volume = engine.volume.number
    out.push({ kind: 'persist', entry: { kind: 'change', volume, bytes, signature } })
    fold(engine, out, change)
  }
  out.push({ kind: 'document', changes })
  if (actor === engine.me.actor) {
    for (const [, session] of liveSessions(engine)) markLacking(session, actor, held.length)
  } else if (engine.sessions.size > 0) {
    engine.news.add(actor)
  }
  return held.at(-1)
}

/**
 * Copies that stand in one buffer: what came in a frame would keep all of it alive, and a buffer
 * for each costs more than the changes.
 */
function copyTogether(changes: readonly Uint8Array[]): Uint8Array[] {
  let size = 0
  for (const { length } of changes) size += length
  const buffer = new Uint8Array(size)
  let at = 0
  return changes.map((change) => {
    buffer.set(change, at)
    at += change.length
    return buffer.subarray(at - change.length, at)
  })
}

/** What a fact makes worth looking at. */
const DUE: Partial<Record<Topic, Due>> = {
  tasks: 'ruling',
  claims: 'ruling',
  locks: 'ruling',
  refs: 'landing',
  verdicts: 'landing',
  landings: 'landing',
}

function fold(
  engine: Engine,
  out: Effect[],
  { actor, facts }: Pick<Accepted, 'actor' | 'facts'>,
): void {
  const own = keyOf(actor) === engine.me.signer.key
  for (const { topic, n, value } of facts) {
    if (own) noteAgain(engine, { actor, topic, n }, value)
    if (topic === 'agents') engine.wished = readFact(topic, value)?.volume ?? engine.wished
    const shown = foldFact(engine.board, { actor, topic, n }, value)
    if (shown.kind === 'pushed') {
      const { id, fact } = shown.entry
      bring(engine, fact.commit, id)
      noteMissing(engine, shown.entry)
      // A seal took it from the view, and those who came meanwhile were not told.
      if (engine.holding.has(id)) sendAll(engine, out, { kind: 'held', pushes: [id] })
    }
    const due = DUE[topic]
    if (due !== undefined) engine.due.add(due)
    show(engine, out, shown)
  }
}

/** Remembers which facts of earlier lives were said again, by whichever life of this agent. */
function noteAgain(engine: Engine, place: Place, value: string): void {
  const origin = firstOf(place, value)
  if (origin.place !== place) engine.again.add(boundId(origin))
}
