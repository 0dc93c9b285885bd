/** Sessions with peers: greeting, catching up, and what each frame of theirs leads to. */
import { type ActorId, keyOf, type PublicKey } from '../brand.ts'
import { readBeat } from '../sync/beat.ts'
import {
  drained,
  frontierOf,
  learnReach,
  markLacking,
  nextRuns,
  openSession,
  type Path,
  type Session,
} from '../sync/session.ts'
import { dueWants } from '../sync/wants.ts'
import { partsOf } from '../sync/parts.ts'
import { decodeFrame, encodeFrame, type Frame, type Reach, SYNC_VERSION } from '../sync/wire.ts'
import { receiveOps } from './authority.ts'
import { chainConnected, chainDisconnected, chainHeard } from './chain.ts'
import type { Effect, Now } from './effect.ts'
import { memberOf } from './names.ts'
import { type Engine, heldChanges, liveSessions, streamOf } from './state.ts'
import { receiveRun } from './streams.ts'

/** A sync stream to a member stands: greet it with everything that is held here. */
export function onUp(
  engine: Engine,
  out: Effect[],
  peer: { key: PublicKey; path: Path; address: string },
): void {
  engine.sessions.set(peer.key, openSession(peer.path, peer.address))
  send(out, peer.key, {
    kind: 'hello',
    version: SYNC_VERSION,
    actor: engine.me.actor,
    authHeads: engine.auth.heads(),
    frontier: frontierOf(heldChanges(engine)),
  })
}

/** The sync stream of a peer ended. */
export function onDown(engine: Engine, now: Now, out: Effect[], key: PublicKey): void {
  if (engine.sessions.delete(key)) chainDisconnected(engine, now, out, key)
}

/** Takes one frame; a peer that breaks the protocol loses its session, and may begin again. */
export function onFrame(
  engine: Engine,
  now: Now,
  out: Effect[],
  from: { key: PublicKey; bytes: Uint8Array },
): void {
  const session = engine.sessions.get(from.key)
  if (session === undefined) return
  const read = decodeFrame(from.bytes)
  const why =
    read.kind === 'malformed' ? read.why : take(engine, now, out, { ...from, session, frame: read.value })
  if (why === undefined) return
  onDown(engine, now, out, from.key)
  out.push({ kind: 'reset', peer: from.key, why })
}

type From = { key: PublicKey; session: Session; frame: Frame }

/** Answers why the session must end, or undefined. */
function take(engine: Engine, now: Now, out: Effect[], from: From): string | undefined {
  const { key, session, frame } = from
  if (frame.kind === 'hello') return onHello(engine, now, out, { ...from, frame })
  if (session.actor === undefined) return `a ${frame.kind} before hello`
  switch (frame.kind) {
    case 'auth':
      receiveOps(engine, now, out, { from: key, heads: frame.heads, ops: frame.ops })
      return undefined
    case 'run': {
      const last = frame.seq + frame.changes.length - 1
      session.reach.set(frame.actor, Math.max(session.reach.get(frame.actor) ?? 0, last))
      const blame = receiveRun(engine, out, key, frame)
      return blame === 'unproven' ? `a run of ${frame.actor} that its author did not sign` : undefined
    }
    case 'have':
      onReach(engine, now, session, frame.frontier)
      return undefined
    case 'want':
      for (const { actor, seq } of frame.streams) {
        session.reach.set(actor, seq)
        markLacking(session, actor, streamOf(engine, actor).held.length)
      }
      pumpOne(engine, out, key, session)
      return undefined
    case 'lease':
      return chainHeard(engine, now, out, { key, message: frame.message })
    case 'beat':
      return onBeat(engine, now, out, { key, bytes: frame.beat })
    case 'held':
      for (const push of frame.pushes) noteHolder(engine, push, key)
      return undefined
  }
}

function onHello(
  engine: Engine,
  now: Now,
  out: Effect[],
  { key, session, frame }: From & { frame: Extract<Frame, { kind: 'hello' }> },
): string | undefined {
  if (frame.version !== SYNC_VERSION) {
    return `speaks sync version ${frame.version}, this peer ${SYNC_VERSION}: update the older knot`
  }
  if (keyOf(frame.actor) !== key) return `says it is ${frame.actor}, which is not its key`
  session.actor = frame.actor
  engine.actors.set(key, frame.actor)
  const ops = engine.auth.lacking(frame.authHeads)
  if (ops.length > 0) send(out, key, { kind: 'auth', heads: engine.auth.heads(), ops })
  onReach(engine, now, session, frame.frontier)
  for (const [actor, { held }] of engine.streams) markLacking(session, actor, held.length)
  pumpOne(engine, out, key, session)
  const pushes = [...engine.holding].sort().filter((push) => !engine.board.landed.has(push))
  if (pushes.length > 0) send(out, key, { kind: 'held', pushes })
  chainConnected(engine, now, out, key)
  return undefined
}

function onReach(engine: Engine, now: Now, session: Session, frontier: readonly Reach[]): void {
  for (const reach of frontier) {
    learnReach(session, reach, streamOf(engine, reach.actor).held.length, now.mono)
  }
}

function onBeat(
  engine: Engine,
  now: Now,
  out: Effect[],
  from: { key: PublicKey; bytes: Uint8Array },
): string | undefined {
  const { verify, volume, presence } = engine
  const beat = readBeat(volume.room, from.bytes, verify)
  if (beat === undefined) return 'a beat that its actor did not sign'
  const key = keyOf(beat.actor)
  const known = presence.get(beat.actor)
  const stale = known !== undefined && known.beat.counter >= beat.counter
  if (stale || beat.actor === engine.me.actor || memberOf(engine, key) === undefined) return undefined
  const bytes = from.bytes.slice()
  presence.set(beat.actor, { beat, bytes, heard: now.mono })
  engine.actors.set(key, beat.actor)
  for (const [other] of liveSessions(engine)) {
    if (other !== from.key && other !== key) send(out, other, { kind: 'beat', beat: bytes })
  }
  out.push({ kind: 'want', peer: key, addresses: beat.addresses })
  return undefined
}

function noteHolder(engine: Engine, push: string, key: PublicKey): void {
  const id = push as typeof push & Parameters<typeof engine.holders.get>[0]
  if (!engine.board.pushes.has(id)) return
  const keys = engine.holders.get(id) ?? new Set()
  engine.holders.set(id, keys.add(key))
}

/** Sends every session what is marked as lacking, as far as its outbox takes it. */
export function pump(engine: Engine, out: Effect[]): void {
  for (const [key, session] of liveSessions(engine)) pumpOne(engine, out, key, session)
}

/** The outbox of a peer has room again. */
export function onDrained(engine: Engine, out: Effect[], key: PublicKey): void {
  const session = engine.sessions.get(key)
  if (session === undefined) return
  drained(session)
  pumpOne(engine, out, key, session)
}

function pumpOne(engine: Engine, out: Effect[], key: PublicKey, session: Session): void {
  if (session.lacking.size === 0) return
  const { frames, pace } = nextRuns(session, heldChanges(engine))
  for (const frame of frames) send(out, key, frame)
  if (pace === 'yes') out.push({ kind: 'pace', peer: key })
}

/**
 * Tells everybody which streams grew by somebody else's changes, and asks for those that a peer
 * holds further and that did not come by themselves. The author sends its changes to all it is
 * connected to, so bodies travel once and this is the repair.
 */
export function tell(engine: Engine, now: Now, out: Effect[]): void {
  const news = [...engine.news].sort()
  engine.news.clear()
  for (const [key, session] of liveSessions(engine)) {
    const frontier: Reach[] = []
    for (const actor of news) {
      const { held } = streamOf(engine, actor)
      const last = held.at(-1)
      if (last === undefined || (session.reach.get(actor) ?? 0) >= held.length) continue
      frontier.push({ actor, seq: held.length, hash: last.hash })
    }
    if (frontier.length > 0) send(out, key, { kind: 'have', frontier })
  }
  const lengthOf = (actor: ActorId) => streamOf(engine, actor).held.length
  for (const { key, streams } of dueWants(liveSessions(engine), now.mono, lengthOf)) {
    send(out, key, { kind: 'want', streams })
  }
}

/** One frame to one peer. */
export function send(out: Effect[], to: PublicKey, frame: Frame): void {
  for (const part of partsOf(frame)) out.push({ kind: 'send', to, frame: encodeFrame(part) })
}

/** One frame to every peer that said hello. */
export function sendAll(engine: Engine, out: Effect[], frame: Frame): void {
  const parts = partsOf(frame).map(encodeFrame)
  for (const [to] of liveSessions(engine)) {
    for (const bytes of parts) out.push({ kind: 'send', to, frame: bytes })
  }
}
