/**
 * Peers that follow the exchange rules of S473 to S478 and nothing else, over a network that the
 * test cuts and joins. Frames are bytes; links keep their order; what a peer takes in may be lost
 * inside it, as a run is that waits too long for something else.
 */
import type { ActorId, PublicKey } from '../../../src/core/brand.ts'
import { keyOf } from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import { partsOf } from '../../../src/core/sync/parts.ts'
import type { HeldChange } from '../../../src/core/sync/runs.ts'
import {
  drained,
  frontierOf,
  learnReach,
  markLacking,
  nextRuns,
  openSession,
  type Session,
} from '../../../src/core/sync/session.ts'
import { dueWants } from '../../../src/core/sync/wants.ts'
import { decodeFrame, encodeFrame, type Frame, SYNC_VERSION } from '../../../src/core/sync/wire.ts'
import { actor } from './streams.ts'

type Peer = {
  actor: ActorId
  streams: Map<ActorId, HeldChange[]>
  sessions: Map<PublicKey, Session>
  news: Set<ActorId>
  /** Changes that came in, known ones too. */
  received: number
}

export type Mesh = ReturnType<typeof openMesh>

/** A network of so many peers, nobody connected. `loses` tells of each run whether it is lost. */
export function openMesh(size: number, loses: () => boolean) {
  const actors = Array.from({ length: size }, (_, i) => actor(`peer ${i}`))
  const peers = new Map(
    actors.map((me): [PublicKey, Peer] => {
      const empty = { streams: new Map(), sessions: new Map(), news: new Set<ActorId>() }
      return [keyOf(me), { actor: me, ...empty, received: 0 }]
    }),
  )
  const links = new Map<string, Uint8Array[]>()
  const keys = [...peers.keys()]
  const at = (i: number) => peers.get(keys[i] as PublicKey) as Peer
  let now = 0

  function join(i: number, j: number): void {
    const [a, b] = [at(i), at(j)]
    if (a.sessions.has(keyOf(b.actor))) return
    for (const [me, you] of [[a, b], [b, a]] as const) {
      links.set(keyOf(me.actor) + keyOf(you.actor), [])
      me.sessions.set(keyOf(you.actor), openSession('lan', ''))
      const frontier = frontierOf(me.streams)
      const said = { version: SYNC_VERSION, actor: me.actor, volume: 0, authHeads: [] }
      const hello = { kind: 'hello' as const, ...said }
      send(me, keyOf(you.actor), { ...hello, frontier })
    }
  }

  function cut(i: number, j: number): void {
    for (const [me, you] of [[at(i), at(j)], [at(j), at(i)]] as const) {
      links.delete(keyOf(me.actor) + keyOf(you.actor))
      me.sessions.delete(keyOf(you.actor))
    }
  }

  /** A peer makes a change of its own. */
  function write(i: number): void {
    const me = at(i)
    const held = me.streams.get(me.actor) ?? []
    const bytes = utf8(`${me.actor} ${held.length + 1}`)
    held.push({ hash: hashOf(bytes), bytes, signature: new Uint8Array(64) })
    me.streams.set(me.actor, held)
    for (const [you, session] of me.sessions) {
      markLacking(session, me.actor, held.length)
      pump(me, you, session)
    }
  }

  /** Delivers the oldest frame of some link; false when nothing is under way. */
  function deliver(roll: (below: number) => number): boolean {
    const busy = [...links].filter(([, frames]) => frames.length > 0)
    const [name, frames] = busy[roll(busy.length || 1)] ?? []
    if (name === undefined || frames === undefined) return false
    const from = name.slice(0, 64) as PublicKey
    const read = decodeFrame(frames.shift() as Uint8Array)
    if (read.kind === 'malformed') throw new Error(read.why)
    take(peers.get(name.slice(64) as PublicKey) as Peer, from, read.value)
    return true
  }

  function take(me: Peer, from: PublicKey, frame: Frame): void {
    const session = me.sessions.get(from) as Session
    const reach = (rows: readonly { actor: ActorId; seq: number }[]) => {
      for (const row of rows) learnReach(session, row, lengthOf(me, row.actor), now)
    }
    switch (frame.kind) {
      case 'hello':
        session.actor = frame.actor
        session.volume = 0
        reach(frame.frontier)
        for (const [author, held] of me.streams) markLacking(session, author, held.length)
        break
      case 'have':
        reach(frame.frontier)
        break
      case 'want':
        for (const { actor: author, seq } of frame.streams) {
          session.reach.set(author, seq)
          markLacking(session, author, lengthOf(me, author))
        }
        break
      case 'run':
        if (!loses()) takeRun(me, frame)
        reach([{ actor: frame.actor, seq: frame.seq + frame.changes.length - 1 }])
        break
      default:
        throw new Error(`bug: nobody sends ${frame.kind}`)
    }
    pump(me, from, session)
  }

  function takeRun(me: Peer, frame: Extract<Frame, { kind: 'run' }>): void {
    const { actor: author, seq, changes, signature } = frame
    const held = me.streams.get(author) ?? []
    me.received += changes.length
    if (seq > held.length + 1) return
    for (const [i, bytes] of changes.entries()) {
      if (seq + i <= held.length) continue
      const last = i === changes.length - 1
      held.push({ hash: hashOf(bytes), bytes, signature: last ? signature : undefined })
      me.news.add(author)
    }
    me.streams.set(author, held)
  }

  function tick(): void {
    now += 100
    for (const me of peers.values()) {
      for (const [you, session] of me.sessions) {
        if (session.actor === undefined) continue
        const grown = [...me.news].filter((author) => {
          return (session.reach.get(author) ?? 0) < lengthOf(me, author)
        })
        const frontier = frontierOf(new Map(grown.map((author) => [author, heldOf(me, author)])))
        send(me, you, { kind: 'have', volume: 0, frontier })
        if (session.outbox.awaited === 'yes') drained(session)
        pump(me, you, session)
      }
      me.news.clear()
      const greeted = [...me.sessions].filter(([, session]) => session.actor !== undefined)
      for (const { key, streams } of dueWants(greeted, now, (author) => lengthOf(me, author))) {
        send(me, key, { kind: 'want', volume: 0, streams })
      }
    }
  }

  function pump(me: Peer, you: PublicKey, session: Session): void {
    for (const frame of nextRuns(session, me.streams).frames) send(me, you, frame)
  }

  function send(me: Peer, you: PublicKey, frame: Frame): void {
    for (const part of partsOf(frame)) links.get(keyOf(me.actor) + you)?.push(encodeFrame(part))
  }

  return { peers: [...peers.values()], join, cut, write, deliver, tick }
}

function heldOf(me: Peer, author: ActorId): HeldChange[] {
  return me.streams.get(author) ?? []
}

function lengthOf(me: Peer, author: ActorId): number {
  return heldOf(me, author).length
}
