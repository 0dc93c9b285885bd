/**
 * What an op of the auth log does, and the seals that it carries where it takes a right away.
 *
 * A seal covers a document stream. For auth ops there is none to carry: what is in an op's past
 * stands, and what is not is ended.
 */
import type { ActorId, Hash, Instant, PublicKey } from '../brand.ts'
import type { Name } from './name.ts'
import type { GivenRole } from './roles.ts'

/** The last change that stands of one stream in one volume, with its author's signature over it. */
export type Seal = {
  readonly actor: ActorId
  readonly volume: Hash
  readonly seq: number
  readonly hash: Hash
  readonly signature: Uint8Array
}

/** Consecutive changes of one stream, and the author's signature over the last. */
export type ProofRun = {
  readonly changes: readonly Uint8Array[]
  readonly signature: Uint8Array
}

/** What an op does. */
export type Deed =
  | {
      readonly kind: 'genesis'
      /** Of the founder's first stream, 16 hex digits. */
      readonly incarnation: string
      readonly founder: Name
      readonly name: Name
      /** 32 bytes that members know and strangers do not; also what makes two rooms differ. */
      readonly secret: Uint8Array
      /** Whether joiners wait for a founder or admin. */
      readonly approve: boolean
    }
  | {
      readonly kind: 'invite'
      readonly key: PublicKey
      readonly role: GivenRole
      readonly uses: number
      /** Undefined: never. */
      readonly expires: Instant | undefined
    }
  | {
      readonly kind: 'admit'
      readonly invite: Hash
      readonly member: PublicKey
      readonly name: Name
      readonly proof: Uint8Array
    }
  | { readonly kind: 'approve'; readonly admission: Hash }
  | {
      readonly kind: 'add'
      readonly member: PublicKey
      readonly name: Name
      readonly role: GivenRole
    }
  | {
      readonly kind: 'close'
      readonly invite: Hash
      /** Spent: used up or expired. Revoked: by its author or those who govern. */
      readonly why: 'spent' | 'revoked'
      readonly admissions: readonly Hash[]
    }
  | {
      readonly kind: 'role'
      readonly member: PublicKey
      readonly role: GivenRole
      readonly seals: readonly Seal[]
    }
  | { readonly kind: 'remove'; readonly member: PublicKey; readonly seals: readonly Seal[] }
  | {
      readonly kind: 'rotate'
      readonly key: PublicKey
      readonly proof: Uint8Array
      readonly seals: readonly Seal[]
    }
  | {
      readonly kind: 'fraud'
      readonly actor: ActorId
      readonly volume: Hash
      readonly runs: readonly [ProofRun, ProofRun]
    }
  | { readonly kind: 'recover'; readonly era: number; readonly voters: readonly ActorId[] }
