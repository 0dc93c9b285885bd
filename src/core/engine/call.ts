/** What local front ends can ask of the engine that changes the room, and what they are told. */
import type { Hash, Instant, Oid, PublicKey } from '../brand.ts'
import type { GivenRole } from '../auth/roles.ts'
import type { FactId } from '../room/facts.ts'

export type Call =
  | { kind: 'say'; text: string }
  | { kind: 'task'; title: string; body?: string }
  /** The founder's HEAD, where the room begins. */
  | { kind: 'base'; commit: Oid }
  /** The commit is in the repository already, and checked. */
  | {
      kind: 'push'
      commit: Oid
      base?: Oid
      files: string[]
      fileCount: number
      intent?: string
    }
  /** The seed of the invite's key is the caller's; only its public half is published. */
  | { kind: 'invite'; key: PublicKey; role: GivenRole; uses: number; expires: Instant }

export type Answer =
  | { kind: 'made'; id: FactId }
  | { kind: 'invited'; invite: Hash }
  /** Bytes of the join protocol. */
  | { kind: 'joined'; bytes: Uint8Array }
  | { kind: 'refused'; code: RefusalCode; message: string; fix?: string }

/** Why the engine refuses a call; see the table of error codes. */
export type RefusalCode = 'TOO_LARGE' | 'NOT_AUTHORISED' | 'USAGE'
