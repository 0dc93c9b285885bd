/** The whole state of one peer's lease, and the words in which it speaks to the rest of knot. */
import type { ActorId, Hash, Monotonic, PublicKey } from '../brand.ts'
import type { Signer, Verify } from '../crypto.ts'
import type { Era, Grant } from './ballot.ts'
import { setsFor, tailOf, type Chain } from './chain.ts'
import type { Unfit } from './check.ts'
import type { Journal } from './journal.ts'
import type { Member } from './members.ts'
import type { LeaseMessage, Standing } from './message.ts'
import type { Position } from './position.ts'
import type { ChainRecord, CutPayload, FactPayload } from './record.ts'
import type { Rules } from './rules.ts'
import { isKeyNamed, isNamed, type Voters } from './voters.ts'

/** Who this peer is: its key, in its present incarnation. */
export type Self = Signer & { readonly actor: ActorId }

/** What this peer is doing about its lease. */
export type Role =
  | { readonly kind: 'follower' }
  | {
      readonly kind: 'asking'
      readonly term: number
      readonly since: Monotonic
      readonly willing: Set<ActorId>
    }
  | {
      readonly kind: 'standing'
      readonly term: number
      readonly since: Monotonic
      readonly grants: Map<ActorId, Grant>
    }
  | {
      readonly kind: 'leader'
      readonly term: number
      pulsedAt: Monotonic
      readonly answered: Map<ActorId, Monotonic>
      lapsed: boolean
    }

export type Lease = {
  readonly era: Era
  readonly me: Self
  readonly verify: Verify
  readonly rules: Rules
  chain: Chain
  /** Another branch in the making, which does not rank above the chain yet. */
  side: Chain | undefined
  readonly journal: Journal
  role: Role
  /** Undefined until the engine says: then every voter is taken for a member that may lead. */
  members: readonly Member[] | undefined
  readonly connected: Set<PublicKey>
  /** The highest term a voter spoke of without proof, within bounds. */
  heardTerm: number
  /** When the chain's last leader was last heard. */
  heardAt: Monotonic | undefined
  /** Since when nobody has had a reason to wait but politeness; undefined before the first step. */
  restingSince: Monotonic | undefined
  wantedAt: Monotonic | undefined
  /** What the effects have told so far: the last confirmed place, the last change that counts. */
  readonly told: { confirmed: number; change: number; status: string }
  readonly contradictions: Set<Hash>
  /** Words of this very actor are about that its journal does not know: it must not vote. */
  forgetful: boolean
}

export type LeaseInput =
  | { readonly kind: 'tick' }
  | {
      readonly kind: 'heard'
      readonly from: ActorId | PublicKey
      readonly message: LeaseMessage
    }
  | { readonly kind: 'connected'; readonly key: PublicKey }
  | { readonly kind: 'disconnected'; readonly key: PublicKey }
  | { readonly kind: 'propose'; readonly payload: FactPayload | CutPayload }
  /** The members who may vote or lead, most senior first. */
  | { readonly kind: 'eligible'; readonly members: readonly Member[] }
  | { readonly kind: 'step-down' }

/** What became of a proposal. `appended` is not yet confirmed. */
export type ProposeOutcome =
  | ({ readonly kind: 'appended' } & Position)
  | { readonly kind: 'not-leader'; readonly leader: ActorId | undefined }
  /** Enough voters have not answered for a lease's time. */
  | { readonly kind: 'lapsed' }
  /** Too many records wait to be confirmed. */
  | { readonly kind: 'busy' }
  /** The fact does not fit a record. */
  | { readonly kind: 'unfit'; readonly why: string }

/**
 * Effects are performed in order. A `persist` must be on disk before any effect after it: what
 * follows may tell others, and they will hold this peer to it for ever.
 */
export type LeaseEffect =
  | {
      readonly kind: 'persist'
      readonly what: 'journal' | 'record' | 'certificate'
      readonly bytes: Uint8Array
    }
  | { readonly kind: 'send'; readonly to: PublicKey; readonly message: LeaseMessage }
  | { readonly kind: 'broadcast'; readonly message: LeaseMessage }
  | { readonly kind: 'confirmed'; readonly records: readonly ChainRecord[] }
  | { readonly kind: 'proposed'; readonly outcome: ProposeOutcome }
  /** Who leads, whether the lease lapsed, or who votes is not what it was. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'unfit'; readonly from: PublicKey; readonly why: Unfit; readonly seq: number }
  /** A leader signed what cannot be, beside what this peer holds: somebody lies or lost a disk. */
  | {
      readonly kind: 'contradiction'
      readonly held: ChainRecord
      readonly offered: ChainRecord
    }
  /** This incarnation has said more than its journal knows: begin a new one. */
  | { readonly kind: 'rolled-back'; readonly why: string }

/** One step in the making. */
export type Turn = {
  readonly lease: Lease
  readonly now: Monotonic
  readonly effects: LeaseEffect[]
}

/** The sets whose majorities elect on top of the chain as it is. */
export function electorsOf(lease: Lease): readonly Voters[] {
  return setsFor(lease.chain, tailOf(lease.chain), lease.rules.electors)
}

/** The sets of which enough must answer the leader and accept its next record. */
export function confirmersOf(lease: Lease): readonly Voters[] {
  return setsFor(lease.chain, tailOf(lease.chain), lease.rules.confirmers)
}

/** Whether an actor votes on top of the chain as it is. */
export function isVoter(lease: Lease, actor: ActorId): boolean {
  return isNamed(actor, electorsOf(lease)) || isNamed(actor, confirmersOf(lease))
}

/** Whether a key belongs to a voter, of whichever incarnation. */
export function isVoterKey(lease: Lease, key: PublicKey): boolean {
  return isKeyNamed(key, electorsOf(lease)) || isKeyNamed(key, confirmersOf(lease))
}

/** The membership of an actor; while the engine has not said, voters are members. */
export function memberOf(lease: Lease, actor: ActorId): Member | undefined {
  if (lease.members !== undefined) return lease.members.find((member) => member.actor === actor)
  return isVoter(lease, actor) ? { actor, stands: true, online: true } : undefined
}

/**
 * The term that this peer will not go below: what its journal promises, and the term its chain
 * ends in. Holding a record of a term without promising that term would let it stand in one that
 * has a leader already.
 */
export function floorOf(lease: Lease): number {
  return Math.max(lease.journal.promised, tailOf(lease.chain).term)
}

/** Where this peer's chain ends, as others are told. */
export function standingOf(chain: Chain): Standing {
  return { ...tailOf(chain), confirmed: chain.confirmed.seq }
}

/** Says something to one peer, after everything before it in this turn. */
export function send(turn: Turn, to: PublicKey, message: LeaseMessage): void {
  turn.effects.push({ kind: 'send', to, message })
}

/** Says something to every connected peer. */
export function broadcast(turn: Turn, message: LeaseMessage): void {
  turn.effects.push({ kind: 'broadcast', message })
}
