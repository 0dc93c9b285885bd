/**
 * Makes auth ops. Keys, secrets and seeds are arguments, so the same call gives the same bytes.
 *
 * Whether the author has the right is not asked: `evaluate` does, on every peer.
 */
import type { ActorId, Hash, Instant, PublicKey, RoomId } from '../brand.ts'
import type { Signer } from '../crypto.ts'
import type { Deed, ProofRun, Seal } from './deed.ts'
import { inProofOrder } from './fraud.ts'
import type { JoinRequest } from './join.ts'
import { rotateMessage } from './messages.ts'
import type { Name } from './name.ts'
import { type SignedOp, signOp } from './op.ts'
import type { GivenRole } from './roles.ts'

/** Where the next op goes: the room, and what its author has seen (`log.parents()`). */
export type Spot = {
  readonly room: RoomId
  readonly parents: readonly Hash[]
  /** By the author's clock. */
  readonly at: Instant
}

/** Founds a room; its id is the id of the op. */
export function makeGenesis(
  founder: Signer,
  genesis: {
    readonly incarnation: string
    readonly founder: Name
    readonly name: Name
    readonly secret: Uint8Array
    readonly approve: boolean
    readonly at: Instant
  },
): SignedOp {
  const room = '' as RoomId
  const { at, ...deed } = genesis
  return signOp(founder, { room, parents: [], at, deed: { kind: 'genesis', ...deed } })
}

/** Makes an invite for whoever holds the private half of `key`. */
export function makeInvite(
  author: Signer,
  spot: Spot,
  invite: {
    readonly key: PublicKey
    readonly role: GivenRole
    readonly uses: number
    readonly expires: Instant | undefined
  },
): SignedOp {
  return make(author, spot, { kind: 'invite', ...invite })
}

/** Lets in who asked; the name is the sponsor's choice, as only members know which are taken. */
export function makeAdmit(
  sponsor: Signer,
  spot: Spot,
  admission: { readonly invite: Hash; readonly request: JoinRequest; readonly name: Name },
): SignedOp {
  const { invite, request, name } = admission
  const { member, proof } = request
  return make(sponsor, spot, { kind: 'admit', invite, member, name, proof })
}

/** Lets in for good who waits. */
export function makeApprove(author: Signer, spot: Spot, admission: Hash): SignedOp {
  return make(author, spot, { kind: 'approve', admission })
}

/** Lets in a key that somebody vouches for, without an invite. The one way back after a removal. */
export function makeAdd(
  author: Signer,
  spot: Spot,
  addition: { readonly member: PublicKey; readonly name: Name; readonly role: GivenRole },
): SignedOp {
  return make(author, spot, { kind: 'add', ...addition })
}

/** Closes an invite; those whose admissions it does not name will wait for approval. */
export function makeClose(
  author: Signer,
  spot: Spot,
  close: {
    readonly invite: Hash
    readonly why: 'spent' | 'revoked'
    readonly admissions: readonly Hash[]
  },
): SignedOp {
  return make(author, spot, { kind: 'close', ...close, admissions: unique(close.admissions) })
}

/** Changes a role. Seals matter where the new role no longer writes. */
export function makeRole(
  author: Signer,
  spot: Spot,
  change: {
    readonly member: PublicKey
    readonly role: GivenRole
    readonly seals: readonly Seal[]
  },
): SignedOp {
  return make(author, spot, { kind: 'role', ...change, seals: inOrder(change.seals) })
}

/** Removes an agent, or lets its author leave. */
export function makeRemove(
  author: Signer,
  spot: Spot,
  removal: { readonly member: PublicKey; readonly seals: readonly Seal[] },
): SignedOp {
  return make(author, spot, { kind: 'remove', ...removal, seals: inOrder(removal.seals) })
}

/** Goes from one key to the next; both sign. */
export function makeRotate(
  old: Signer,
  spot: Spot,
  rotation: { readonly next: Signer; readonly seals: readonly Seal[] },
): SignedOp {
  const { next } = rotation
  const seals = inOrder(rotation.seals)
  const message = rotateMessage({ room: spot.room, from: old.key, to: next.key, seals })
  return make(old, spot, { kind: 'rotate', key: next.key, proof: next.sign(message), seals })
}

/** Publishes that an author signed two changes at one place. */
export function makeFraud(
  author: Signer,
  spot: Spot,
  proof: {
    readonly actor: ActorId
    readonly volume: Hash
    readonly runs: readonly [ProofRun, ProofRun]
  },
): SignedOp {
  return make(author, spot, { kind: 'fraud', ...proof, runs: inProofOrder(...proof.runs) })
}

/** Opens an era with new voters, when too many of the old ones are gone for good. */
export function makeRecover(
  author: Signer,
  spot: Spot,
  recovery: { readonly era: number; readonly voters: readonly ActorId[] },
): SignedOp {
  return make(author, spot, { kind: 'recover', ...recovery, voters: unique(recovery.voters) })
}

function make(author: Signer, { room, parents, at }: Spot, deed: Deed): SignedOp {
  return signOp(author, { room, parents: unique(parents), at, deed })
}

function unique<Id extends string>(ids: readonly Id[]): Id[] {
  return [...new Set(ids)].sort()
}

function inOrder(seals: readonly Seal[]): Seal[] {
  return [...seals].sort((a, b) => (a.actor + a.volume < b.actor + b.volume ? -1 : 1))
}
