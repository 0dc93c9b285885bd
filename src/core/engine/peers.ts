/** Sessions with peers: greeting, catching up, and what each frame of theirs leads to. */
import { type ActorId, keyOf, type PublicKey } from '../brand.ts'
import { isSame } from '../bytes/same.ts'
import { BEAT_MS, SESSION_STREAMS_MAX, WANT_DELAY_MS, WANTS_MAX } from '../limits.ts'
import { readBeat } from '../sync/beat.ts'
import {
  drained,
  enterVolume,
  frontierOf,
  learnReach,
  markLacking,
  type Naming,
  noteArrival,
  openSession,
  type Path,
  rewind,
  type Session,
} from '../sync/session.ts'
import { decodeFrame, type Frame, type Reach, SYNC_VERSION } from '../sync/wire.ts'
import { dueWants } from '../sync/wants.ts'
import { noteOwnReach, serveOwn, tellOwn } from './again.ts'
import { askForOps, noteHeads, receiveOps } from './authority.ts'
import { giveCarried, takeCarried } from './carrying.ts'
import { chainConnected, chainHeard } from './chain.ts'
import { dropSession } from './closing.ts'
import type { Effect, Now } from './effect.ts'
import { forgetHolder, noteHolder } from './fetching.ts'
import { noteOther, onFork } from './fork.ts'
import { noteOwn } from './lives.ts'
import { blame, isLeftOut } from './misdeeds.ts'
import { isMember } from './names.ts'
import { pumpOne, send, sendAll } from './sending.ts'
import { type Engine, lengthOf, liveSessions } from './state.ts'
import { receiveRun } from './streams.ts'
import { openTalk } from './talk.ts'

/** A sync stream to a member stands: greet it with everything that is held here. */
export function onUp(
  engine: Engine,
  now: Now,
  out: Effect[],
  peer: { key: PublicKey; path: Path; address: string },
): void {
  dropSession(engine, now, out, peer.key)
  // It was on its way when the peer was left out.
  if (isLeftOut(engine, peer.key)) return void out.push({ kind: 'forget', peer: peer.key })
  engine.sessions.set(peer.key, openSession(peer.path, peer.address))
  engine.talks.set(peer.key, openTalk())
  send(out, peer.key, {
    kind: 'hello',
    version: SYNC_VERSION,
    actor: engine.me.actor,
    volume: engine.volume.number,
    authHeads: engine.auth.heads(),
    frontier: frontierOf(engine.held),
  })
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
    read.kind === 'malformed'
      ? read.why
      : take(engine, now, out, { ...from, session, frame: read.value })
  if (why === undefined) return
  dropSession(engine, now, out, from.key)
  out.push({ kind: 'reset', peer: from.key, why })
  blame(engine, now, out, { key: from.key, why })
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
    case 'run':
      return isHere(engine, frame) ? onRun(engine, now, out, { ...from, frame }) : undefined
    case 'have':
      if (!isHere(engine, frame)) return undefined
      return onReach(engine, now, out, {
        key,
        session,
        frontier: frame.frontier,
        named: 'later',
      })
    case 'want':
      if (isHere(engine, frame)) onWant(engine, out, { ...from, frame })
      return undefined
    case 'lease':
      return chainHeard(engine, now, out, { key, message: frame.message })
    case 'beat':
      return onBeat(engine, now, out, { key, bytes: frame.beat })
    case 'held':
      for (const push of frame.pushes) noteHolder(engine, push, key)
      return undefined
    case 'entered':
      onEntered(engine, out, { ...from, frame })
      return undefined
    case 'carry':
      giveCarried(engine, now, out, { key, frame })
      return undefined
    case 'carried':
      takeCarried(engine, now, out, { key, frame })
      return undefined
  }
}

/** Streams are of one volume: what is said of another one says nothing here. */
function isHere({ volume }: Engine, frame: { volume: number }): boolean {
  return frame.volume === volume.number
}

/** A peer is in another volume from now on: who is there already tells it all that it holds. */
function onEntered(engine: Engine, out: Effect[], { key, session, frame }: Of<'entered'>): void {
  enterVolume(session, frame.volume)
  if (isHere(engine, frame)) meet(engine, out, { key, session })
}

/** Tells a peer in the same volume what is here, and sends what it lacks. */
function meet(
  engine: Engine,
  out: Effect[],
  { key, session }: { key: PublicKey; session: Session },
): void {
  const frontier = frontierOf(engine.held)
  const volume = engine.volume.number
  if (frontier.length > 0) send(out, key, { kind: 'have', volume, frontier })
  for (const [actor, held] of engine.held) markLacking(session, actor, held.length)
  tellOwn(engine, out, key)
  pumpOne(engine, out, { key, session })
}

type Of<Kind extends Frame['kind']> = From & { frame: Extract<Frame, { kind: Kind }> }

function onHello(
  engine: Engine,
  now: Now,
  out: Effect[],
  { key, session, frame }: Of<'hello'>,
): string | undefined {
  if (frame.version !== SYNC_VERSION) {
    return `speaks sync version ${frame.version}, this peer ${SYNC_VERSION}: update the older knot`
  }
  if (keyOf(frame.actor) !== key) return `says it is ${frame.actor}, which is not its key`
  // Each hello is answered with everything that it does not name: once a session is enough.
  if (session.actor !== undefined) {
    return session.actor === frame.actor ? undefined : `says it is ${frame.actor} by now`
  }
  session.actor = frame.actor
  engine.actors.set(key, frame.actor)
  const ops = engine.auth.lacking(frame.authHeads)
  if (ops.length > 0) send(out, key, { kind: 'auth', heads: engine.auth.heads(), ops })
  noteHeads(engine, now, { from: key, heads: frame.authHeads })
  const { frontier } = frame
  session.volume = frame.volume
  if (isHere(engine, frame)) {
    const named = 'in its hello'
    const why = onReach(engine, now, out, { key, session, frontier, named })
    if (why !== undefined) return why
    for (const [actor, held] of engine.held) markLacking(session, actor, held.length)
    tellOwn(engine, out, key)
    pumpOne(engine, out, { key, session })
  } else if (frame.volume > engine.volume.number) {
    const own = frontier.some(({ actor }) => actor === engine.me.actor)
    session.knowsOwn = own ? 'yes' : 'no'
  }
  forgetHolder(engine, key)
  const pushes = [...engine.board.unlanded.keys()].filter((push) => engine.holding.has(push))
  if (pushes.length > 0) send(out, key, { kind: 'held', pushes: pushes.sort() })
  chainConnected(engine, now, out, key)
  engine.due.add('objects')
  return undefined
}

function onRun(
  engine: Engine,
  now: Now,
  out: Effect[],
  { key, session, frame }: Of<'run'>,
): string | undefined {
  const { actor, seq, changes } = frame
  const before = lengthOf(engine, actor)
  noteArrival(session, actor, now.mono)
  const taken = receiveRun(engine, out, key, frame)
  noteOwn(engine, actor, before)
  if (taken.kind === 'unproven') return `a run of ${actor} that its author did not sign`
  if (taken.kind === 'invalid') blame(engine, now, out, { key, why: taken.why })
  if (taken.kind === 'fork') onFork(engine, now, out, { key, run: frame, fork: taken })
  if (!engine.sessions.has(key)) return undefined
  const last = seq + changes.length - 1
  session.reach.set(actor, Math.max(session.reach.get(actor) ?? 0, last))
  // What came before it is on its way from somebody, or else this peer is asked for it.
  const ours = lengthOf(engine, actor)
  if (taken.kind === 'gap') learnReach(session, { actor, seq: last }, ours, now.mono)
  return whyTooMany(session)
}

/** A peer asks for streams; those that are not here it may ask others for. */
function onWant(engine: Engine, out: Effect[], { key, session, frame }: Of<'want'>): void {
  for (const { actor, seq } of frame.streams) {
    serveOwn(engine, out, key, actor)
    const length = lengthOf(engine, actor)
    if (length === 0) continue
    rewind(session, { actor, seq }, length)
  }
  pumpOne(engine, out, { key, session })
}

function onReach(
  engine: Engine,
  now: Now,
  out: Effect[],
  word: { key: PublicKey; session: Session; frontier: readonly Reach[]; named: Naming },
): string | undefined {
  const { key, session, frontier, named } = word
  for (const reach of frontier) {
    const { actor } = reach
    noteOwnReach(engine, out, key, reach)
    noteOther(engine, out, key, reach)
    // What lies beyond a seal is its author's to ask for.
    const seal = engine.membership.sealOf(actor, engine.volume.id)
    const seq = Math.min(reach.seq, seal?.seq ?? reach.seq)
    learnReach(session, { actor, seq }, lengthOf(engine, actor), now.mono, named)
  }
  return whyTooMany(session)
}

function whyTooMany({ reach }: Session): string | undefined {
  if (reach.size <= SESSION_STREAMS_MAX) return undefined
  return `names more than ${SESSION_STREAMS_MAX} streams`
}

function onBeat(
  engine: Engine,
  now: Now,
  out: Effect[],
  from: { key: PublicKey; bytes: Uint8Array },
): string | undefined {
  const { verify, volume, presence } = engine
  // Most beats come again from everybody who passes them on: those are not worth a signature check.
  let fresh = false
  const beat = readBeat(volume.room, from.bytes, (key, message, signature) => {
    fresh = mayBeNews(engine, now, { key, bytes: from.bytes })
    return !fresh || verify(key, message, signature)
  })
  if (beat === undefined) return 'a beat that its actor did not sign'
  const key = keyOf(beat.actor)
  if (!fresh || (presence.get(key)?.beat.counter ?? -1) >= beat.counter) return undefined
  const bytes = from.bytes.slice()
  presence.set(key, { beat, bytes, heard: now.mono })
  engine.actors.set(key, engine.sessions.get(key)?.actor ?? beat.actor)
  sendAll(engine, out, { kind: 'beat', beat: bytes }, [from.key, key])
  if (isLeftOut(engine, key)) return undefined
  out.push({ kind: 'want', peer: key, addresses: beat.addresses })
  return undefined
}

/** Whether these may be the bytes of a member's next beat: not a stranger's, and none too soon. */
function mayBeNews(
  engine: Engine,
  now: Now,
  { key, bytes }: { key: PublicKey; bytes: Uint8Array },
): boolean {
  if (key === engine.me.signer.key || !isMember(engine.membership, key)) return false
  const known = engine.presence.get(key)
  if (known === undefined) return true
  return now.mono >= known.heard + BEAT_MS / 2 && !isSame(known.bytes, bytes)
}

/** The outbox of a peer has room again. */
export function onDrained(engine: Engine, out: Effect[], key: PublicKey): void {
  const session = engine.sessions.get(key)
  if (session === undefined) return
  drained(session)
  pumpOne(engine, out, { key, session })
}

/**
 * Tells everybody which streams grew by somebody else's changes, and asks for those that a peer
 * holds further and that did not come by themselves. The author sends its changes to all it is
 * connected to, so bodies travel once and this is the repair.
 */
export function tell(engine: Engine, now: Now, out: Effect[]): void {
  const news = [...engine.news].sort()
  engine.news.clear()
  for (const [key, session] of news.length === 0 ? [] : liveSessions(engine)) {
    const frontier = news.flatMap((actor) => newsOf(engine, session, actor))
    const volume = engine.volume.number
    if (frontier.length > 0) send(out, key, { kind: 'have', volume, frontier })
  }
  if (now.mono < engine.wanted + WANT_DELAY_MS / 2) return
  engine.wanted = now.mono
  askForOps(engine, now, out)
  const asks = dueWants(liveSessions(engine), now.mono, (actor) => lengthOf(engine, actor))
  const volume = engine.volume.number
  for (const { key, streams } of asks) send(out, key, { kind: 'want', volume, streams })
  for (const { ahead } of engine.sessions.values()) giveUp(ahead, now)
}

/** Forgets what a peer said that it holds, was asked for as often as anybody is, and never sent. */
function giveUp(ahead: Session['ahead'], now: Now): void {
  for (const [actor, { asked, since }] of ahead) {
    if (asked >= WANTS_MAX && now.mono >= since + WANT_DELAY_MS * 2 ** asked) ahead.delete(actor)
  }
}

function newsOf(engine: Engine, session: Session, actor: ActorId): Reach[] {
  if (session.volume !== engine.volume.number) return []
  const held = engine.held.get(actor) ?? []
  const last = held.at(-1)
  if (last === undefined || (session.reach.get(actor) ?? 0) >= held.length) return []
  return [{ actor, seq: held.length, hash: last.hash }]
}
