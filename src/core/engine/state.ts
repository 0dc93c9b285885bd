/**
 * The state of one peer in one room. It is plain data plus the pure parts it is composed of; `step`
 * moves it forward in place, and nobody else holds a reference to it but to ask.
 */
import { type ActorId, type AgentId, keyOf, type Monotonic, type PublicKey } from '../brand.ts'
import type { AuthLog } from '../auth/log.ts'
import type { Membership } from '../auth/evaluate.ts'
import type { Signer, Verify } from '../crypto.ts'
import type { Desk } from '../integration/planner.ts'
import type { Lease } from '../lease/lease.ts'
import type { FactId } from '../room/facts.ts'
import type { Volume } from '../room/genesis.ts'
import { openPending, type Pending } from '../room/pending.ts'
import { openStream, type StreamState } from '../room/stream.ts'
import { type Board, emptyBoard, type Entry } from '../room/views/board.ts'
import type { Refused } from '../room/facts.ts'
import type { Event } from '../room/views/events.ts'
import type { HeldChange } from '../sync/runs.ts'
import type { Session } from '../sync/session.ts'
import type { Beat } from '../sync/beat.ts'

/** This peer itself. */
export type Me = {
  signer: Signer
  actor: ActorId
  agent: AgentId
  /** Whether it may lead: false for a peer that was told never to integrate. */
  integrates: 'yes' | 'no'
}

/** One author's stream: the gate's few numbers, and every change with what proves it. */
export type Stream = { state: StreamState; held: HeldChange[] }

/** The last beat of an actor, its bytes for those who lack it, and when it was heard here. */
export type Presence = { beat: Beat; bytes: Uint8Array; heard: Monotonic }

/** Fetches of one push: how often it failed, and when to try again. */
export type Fetching = { tries: number; again: Monotonic; running: 'yes' | 'no' }

export type Engine = {
  readonly me: Me
  readonly verify: Verify
  readonly volume: Volume
  readonly auth: AuthLog
  membership: Membership
  readonly streams: Map<ActorId, Stream>
  /** Runs of any stream that wait for an earlier one, or for an auth op. */
  readonly pending: Pending
  readonly board: Board
  readonly lease: Lease
  readonly sessions: Map<PublicKey, Session>
  readonly presence: Map<ActorId, Presence>
  /** Which incarnation each member's key was last heard under. */
  readonly actors: Map<PublicKey, ActorId>
  readonly events: Map<string, Event>
  /** Streams of others that grew since the peers were last told. */
  readonly news: Set<ActorId>
  /** Verdicts whose term's leader is not proved here yet. */
  unproved: Entry<Refused>[]
  /** The leader's; undefined while this peer does not lead. */
  desk: Desk | undefined
  /** Pushes that wait after something broke here, until the given moment. */
  readonly paused: Map<FactId, Monotonic>
  /** Pushes whose commits this peer holds. */
  readonly holding: Set<FactId>
  readonly fetching: Map<FactId, Fetching>
  /** Who told us that it holds a push. */
  readonly holders: Map<FactId, Set<PublicKey>>
  integration: Integration
  addresses: string[]
  beat: { counter: number; last: Monotonic }
}

/** Where this peer's own integration ref stands: how many confirmed landings it has taken. */
export type Integration = {
  taken: number
  running: 'yes' | 'no'
  tries: number
  again: Monotonic
}

/** What an engine is opened with. */
export type Opening = {
  me: Me
  verify: Verify
  volume: Volume
  auth: AuthLog
  membership: Membership
  lease: Lease
}

/** An engine that knows its room and has heard nobody yet. */
export function openState({ me, verify, volume, auth, membership, lease }: Opening): Engine {
  return {
    me,
    verify,
    volume,
    auth,
    membership,
    streams: new Map(),
    pending: openPending(),
    board: emptyBoard(),
    lease,
    sessions: new Map(),
    presence: new Map(),
    actors: new Map([[keyOf(me.actor), me.actor]]),
    events: new Map(),
    news: new Set(),
    unproved: [],
    desk: undefined,
    paused: new Map(),
    holding: new Set(),
    fetching: new Map(),
    holders: new Map(),
    integration: { taken: 0, running: 'no', tries: 0, again: 0 as Monotonic },
    addresses: [],
    beat: { counter: 0, last: Number.NEGATIVE_INFINITY as Monotonic },
  }
}

/** A stream as it is held here, begun when it is new. */
export function streamOf(engine: Engine, actor: ActorId): Stream {
  return engine.streams.get(actor) ?? { state: openStream(engine.volume, actor), held: [] }
}

/** The lengths of all streams, as sync serves them. */
export function heldChanges(engine: Engine): Map<ActorId, readonly HeldChange[]> {
  return new Map([...engine.streams].map(([actor, { held }]) => [actor, held]))
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
