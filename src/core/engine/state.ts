/**
 * The state of one peer in one room. It is plain data plus the pure parts it is composed of; `step`
 * moves it forward in place, and nobody else holds a reference to it but to ask.
 */
import {
  type ActorId,
  type AgentId,
  type Hash,
  type Instant,
  keyOf,
  type Monotonic,
  type Oid,
  type PublicKey,
} from '../brand.ts'
import type { AuthLog } from '../auth/log.ts'
import type { Membership } from '../auth/evaluate.ts'
import type { Signer, Verify } from '../crypto.ts'
import type { Desk } from '../integration/planner.ts'
import type { Lease } from '../lease/lease.ts'
import { VOLUME_MAX_BYTES, VOLUME_MAX_CHANGES } from '../limits.ts'
import type { Beyond } from '../room/beyond.ts'
import type { FactId } from '../room/facts.ts'
import type { Cut } from '../room/cut.ts'
import type { Volume } from '../room/genesis.ts'
import type { Origin } from '../room/origin.ts'
import { openPending, type Pending } from '../room/pending.ts'
import { openStream, type StreamState } from '../room/stream.ts'
import { type Board, emptyBoard, type Entry } from '../room/views/board.ts'
import type { Refused } from '../room/facts.ts'
import type { Event } from '../room/views/events.ts'
import type { HeldChange } from '../sync/runs.ts'
import type { Session } from '../sync/session.ts'
import type { Beat } from '../sync/beat.ts'
import type { Misdeeds } from './misdeeds.ts'
import { type Retry, UNTRIED } from './retry.ts'
import type { Signed } from './witness.ts'

/** This peer itself. */
export type Me = {
  signer: Signer
  /** In its present incarnation. */
  actor: ActorId
  /** 32 random bytes of this process: what its next incarnations are drawn from. */
  seed: Uint8Array
  agent: AgentId
  /** Whether it may lead: false for a peer that was told never to integrate. */
  integrates: 'yes' | 'no'
}

/** A life of this agent that is over, and why. */
export type EndedLife = { readonly old: ActorId; readonly why: string; readonly at: Instant }

/** One author's stream: the gate's few numbers, and every change with what proves it. */
export type Stream = { state: StreamState; held: HeldChange[] }

/** The last beat of a member, its bytes for those who lack it, and when it was heard here. */
export type Presence = { beat: Beat; bytes: Uint8Array; heard: Monotonic }

/** What is said in one session beside streams. */
export type Talk = {
  /** Auth heads that the peer named, how often it was asked for them, and when last. */
  asking: { heads: readonly Hash[]; asked: number; since: Monotonic }
  /** When the peer's last request for auth ops was answered. */
  answered: Monotonic
  /** Bytes of a carried state that the peer was sent, and since when. */
  carried: { since: Monotonic; bytes: number }
  /** Bytes that the peer's wants for records of the chain were answered with, and since when. */
  chain: { since: Monotonic; bytes: number }
  /** What was complained about already: once a session is enough for a log. */
  complaints: Set<string>
  /** How far back each stream was asked for, to find where its branches part. */
  backs: Map<ActorId, number>
  /** Changes of our own key that the peer holds and we do not, and how often it was asked. */
  own: Map<Hash, { actor: ActorId; asked: number; since: Monotonic }>
  /** How much the peer was sent of each branch of its own that lies beyond a seal here. */
  served: Map<Hash, number>
}

/**
 * The pushes of one author that are not here: those to try next, those that failed or that nobody
 * holds, in the order of their last try, and which of all fetches was this author's last.
 */
export type Missing = { fresh: Set<FactId>; failed: Set<FactId>; turn: number }

/**
 * What `step` has to look at again after an input: asks, the leader's desk, git objects, or a cut
 * that was confirmed.
 */
export type Due = 'ruling' | 'landing' | 'objects' | 'volume'

/** A carried state, in both its forms. */
export type Carried = { readonly bytes: Uint8Array; readonly facts: readonly Origin[] }

/** A cut, the id of its record and that record's place in the chain. */
export type ConfirmedCut = { readonly cut: Cut; readonly id: Hash; readonly seq: number }

/** Changes of a volume, and their bytes. */
export type Size = { changes: number; bytes: number }

/** What came of a carried state so far, whom it is asked of, and since when. */
export type Carrying = {
  readonly hash: Hash
  parts: Uint8Array[]
  got: number
  from: PublicKey | undefined
  since: Monotonic
  asked: number
}

export type Engine = {
  readonly me: Me
  readonly verify: Verify
  volume: Volume
  /** What the volume began with; nothing in the first one. */
  carried: Carried
  /** The cuts that the chain confirmed: the first ends volume 0, and so on. */
  readonly cuts: ConfirmedCut[]
  /** Own facts of the volume before that are not in the carried state, as they were written. */
  owed: readonly Origin[]
  /** Nothing of them is said before. */
  owedFrom: Monotonic
  /** How much there is in the volume, and when its leader cuts. */
  readonly size: Size
  readonly bound: Size
  /** The last volume that a member wished to end. */
  wished: number | undefined
  /** A carried state that was computed here, until it is entered. */
  prepared: Carried | undefined
  /** A carried state that is on its way here. */
  carrying: Carrying | undefined
  /** Cuts whose carried state this peer computed otherwise than the room confirmed it. */
  readonly differs: { volume: number; confirmed: Hash; computed: Hash }[]
  readonly auth: AuthLog
  membership: Membership
  /** The gate's numbers of each stream, and its changes; both have the same actors. */
  readonly streams: Map<ActorId, StreamState>
  readonly held: Map<ActorId, HeldChange[]>
  /** How many of those streams each key has. */
  readonly incarnations: Map<PublicKey, number>
  /** Runs of any stream that wait for an earlier one, or for an auth op. */
  readonly pending: Pending
  /** What was cut off by seals, or came after them. */
  readonly beyond: Map<ActorId, Beyond>
  /** Facts that were said again by a life of this agent. */
  readonly again: Set<FactId>
  /** Of each sealed life of this agent: of how many changes all was said again. */
  readonly saidOf: Map<ActorId, number>
  /** The last change that this life signed, in whichever volume. */
  signed: Signed | undefined
  /** Why this life ends now, and those that ended since this process began. */
  ending: string | undefined
  readonly lives: EndedLife[]
  readonly board: Board
  lease: Lease
  readonly sessions: Map<PublicKey, Session>
  /** Of each session, as long as it lasts. */
  readonly talks: Map<PublicKey, Talk>
  /** By key, over all sessions: who sent what no peer may take. */
  readonly misdeeds: Map<PublicKey, Misdeeds>
  /** By key: whoever begins a new incarnation takes the place of its old one. */
  readonly presence: Map<PublicKey, Presence>
  /** Which incarnation each member's key was last heard under. */
  readonly actors: Map<PublicKey, ActorId>
  readonly events: Map<string, Event>
  /** Every event that was ever shown: a seal may take one back, and its author say it again. */
  readonly shown: Set<string>
  /** Streams of others that grew since the peers were last told. */
  readonly news: Set<ActorId>
  /** When what did not come by itself was last looked for. */
  wanted: Monotonic
  /** When invites were last looked through for expired ones. */
  looked: Monotonic
  /** Who led each term whose first record is confirmed: nobody can take that back. */
  readonly led: Map<number, ActorId>
  /** Verdicts by their term, where its leader is not proved here yet. */
  readonly unproved: Map<number, Entry<Refused>[]>
  /** Which pushes brought a commit, and which one it landed. */
  readonly brought: Map<Oid, FactId[]>
  /** The leader's; undefined until this peer leads. */
  desk: Desk | undefined
  /** Pushes at which something broke here: not the push, so they are tried again. */
  readonly paused: Map<FactId, Retry>
  /** Pushes whose commits this peer holds. */
  readonly holding: Set<FactId>
  readonly missing: Map<PublicKey, Missing>
  /** Fetches that run now, and how many were ever started. */
  readonly running: Set<FactId>
  fetches: number
  readonly fetching: Map<FactId, Retry>
  /** Who told us that it holds a push. */
  readonly holders: Map<FactId, Set<PublicKey>>
  /** The same of pushes that are not known here yet, by who said so. */
  readonly early: Map<PublicKey, Set<FactId>>
  readonly due: Set<Due>
  /** When this peer's clock said the engine's first input came. */
  started: Monotonic
  integration: Integration
  addresses: string[]
  beat: { counter: number; last: Monotonic }
}

/** Where this peer's own integration ref stands: how much of the confirmed line it has taken. */
export type Integration = { taken: number; running: 'yes' | 'no'; retry: Retry }

/** What an engine is opened with. */
export type Opening = {
  me: Me
  verify: Verify
  volume: Volume
  auth: AuthLog
  membership: Membership
  lease: Lease
  /** When this peer, as a leader, cuts; VOLUME_MAX_CHANGES and VOLUME_MAX_BYTES if not said. */
  bound?: Size
}

/** An engine that knows its room and has heard nobody yet. */
export function openState(opening: Opening): Engine {
  const { me, verify, volume, auth, membership, lease, bound } = opening
  return {
    me,
    verify,
    volume,
    carried: { bytes: new Uint8Array(), facts: [] },
    cuts: [],
    owed: [],
    owedFrom: LONG_AGO,
    size: { changes: 0, bytes: 0 },
    bound: bound ?? { changes: VOLUME_MAX_CHANGES, bytes: VOLUME_MAX_BYTES },
    wished: undefined,
    prepared: undefined,
    carrying: undefined,
    differs: [],
    auth,
    membership,
    streams: new Map(),
    held: new Map(),
    incarnations: new Map(),
    pending: openPending(),
    beyond: new Map(),
    again: new Set(),
    saidOf: new Map(),
    signed: undefined,
    ending: undefined,
    lives: [],
    board: emptyBoard(),
    lease,
    sessions: new Map(),
    talks: new Map(),
    misdeeds: new Map(),
    presence: new Map(),
    actors: new Map([[keyOf(me.actor), me.actor]]),
    events: new Map(),
    shown: new Set(),
    news: new Set(),
    wanted: LONG_AGO,
    looked: LONG_AGO,
    led: new Map(),
    unproved: new Map(),
    brought: new Map(),
    desk: undefined,
    paused: new Map(),
    holding: new Set(),
    missing: new Map(),
    running: new Set(),
    fetches: 0,
    fetching: new Map(),
    holders: new Map(),
    early: new Map(),
    due: new Set(),
    started: LONG_AGO,
    integration: { taken: 0, running: 'no', retry: UNTRIED },
    addresses: [],
    beat: { counter: 0, last: LONG_AGO },
  }
}

/** Before every moment of any clock. */
export const LONG_AGO = Number.NEGATIVE_INFINITY as Monotonic

/** A stream as it is held here, begun when it is new. */
export function streamOf(engine: Engine, actor: ActorId): Stream {
  const state = engine.streams.get(actor) ?? openStream(engine.volume, actor)
  return { state, held: engine.held.get(actor) ?? [] }
}

/** How many changes of a stream are held here. */
export function lengthOf(engine: Engine, actor: ActorId): number {
  return engine.held.get(actor)?.length ?? 0
}

/** Sessions that said hello, in the order of their keys. */
export function liveSessions(engine: Engine): [PublicKey, Session][] {
  return [...engine.sessions]
    .filter(([, session]) => session.actor !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

/** The keys of the sessions that said hello, in order. */
export function connected(engine: Engine): PublicKey[] {
  return liveSessions(engine).map(([key]) => key)
}
