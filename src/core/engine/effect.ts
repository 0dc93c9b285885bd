/**
 * Everything that the engine can ask of the world. It fits on a screen, and the daemon performs it
 * in the order given: nothing after a `persist` leaves this peer before that entry is on disk.
 */
import type { Instant, Monotonic, Oid, PublicKey } from '../brand.ts'
import type { FactId, Landed, Undone } from '../room/facts.ts'
import type { Event } from '../room/views/events.ts'
import type { Answer } from './call.ts'

/** One entry of the room's log or of the journal; what it holds is opaque to the store. */
export type StoreEntry =
  | { kind: 'auth'; bytes: Uint8Array }
  /** A change; without a signature when a later change of its run carries it. */
  | { kind: 'change'; volume: number; bytes: Uint8Array; signature: Uint8Array | undefined }
  | { kind: 'record'; bytes: Uint8Array }
  | { kind: 'certificate'; bytes: Uint8Array }
  /** A voter's promise, grant or accept. */
  | { kind: 'journal'; bytes: Uint8Array }
  /** That a change of our own is on disk: in the journal, before it leaves. */
  | { kind: 'signed'; bytes: Uint8Array }
  /** 8 bytes: a new incarnation begins. The journal's word for it, and the log's. */
  | { kind: 'incarnation' | 'life'; bytes: Uint8Array }
  /** Parts of what a volume begins with, then the word that it has begun; see `kept.ts`. */
  | { kind: 'carried' | 'owed' | 'volume'; bytes: Uint8Array }
  /** All that the journal says, in one: its entries before say nothing more. */
  | { kind: 'essence'; bytes: Uint8Array }

export type Effect =
  | { kind: 'persist'; entry: StoreEntry }
  | { kind: 'send'; to: PublicKey; frame: Uint8Array }
  /** Asks for a `drained` input once the peer's outbox has room. */
  | { kind: 'pace'; peer: PublicKey }
  /** Ends a session that broke the protocol; it may come back. */
  | { kind: 'reset'; peer: PublicKey; why: string }
  | { kind: 'want'; peer: PublicKey; addresses: string[] }
  | { kind: 'forget'; peer: PublicKey }
  | { kind: 'answer'; call: number; answer: Answer }
  /** Something happened in the room, for `knot log --follow`. */
  | { kind: 'event'; event: Event }
  /** Accepted changes, for the Automerge document. */
  | { kind: 'document'; changes: Uint8Array[] }
  /** Changes that were accepted count no more: build that document anew. */
  | { kind: 'rebuild' }
  | { kind: 'work'; job: Job }
  /** A line for the daemon's own log. */
  | { kind: 'note'; level: 'debug' | 'info' | 'warn'; text: string }

/** Work on git objects. Each is idempotent; its result comes back as a `worked` input. */
export type Job =
  /** Bring a push's commit here, from any of the holders in this order, and pin it. */
  | { kind: 'fetch'; push: FactId; commit: Oid; holders: PublicKey[] }
  | {
      kind: 'merge'
      push: FactId
      commit: Oid
      head: Oid | undefined
      /** Undone landings whose changes the push brings back, oldest first. */
      again: Returning[]
      holders: PublicKey[]
    }
  | {
      kind: 'check'
      push: FactId
      commit: Oid
      head: Oid | undefined
      tree: Oid
      message: string
      /** Seconds since the epoch: the date of the landing commit. */
      seconds: number
      /** The leader, who commits the landing. */
      by: { name: string; agent: string }
      /** Where the head can be fetched, should it be lacking. */
      holders: PublicKey[]
    }
  /** Make the commit that takes the last landing back: the tree of `before` on top of the head. */
  | {
      kind: 'undo'
      ask: FactId
      head: Oid
      before: Oid
      message: string
      seconds: number
      /** Who asked: so every leader makes the same commit. */
      by: { name: string; agent: string }
      holders: PublicKey[]
    }
  /** Move the integration ref here over confirmed landings and undos, oldest first. */
  | { kind: 'advance'; landings: Confirmed[]; holders: PublicKey[] }
  /** Point every agent's ref at its newest push held here, and bring all refs to the checkout. */
  | { kind: 'refs'; agents: { agent: string; name: string; commit: Oid }[] }

/** A landing that was undone, and the commit before it: what is between them comes back. */
export type Returning = { before: Oid; landing: Oid }

/** A confirmed step of the integration ref; of an undo also the commit whose tree it has. */
export type Confirmed = Landed | (Undone & { before: Oid })

/** What the engine is told of time: the monotonic clock decides, the wall clock is only shown. */
export type Now = { mono: Monotonic; wall: Instant }
