/** What local front ends can ask of the engine that changes the room, and what they are told. */
import type { AgentId, Hash, Instant, Oid, PublicKey } from '../brand.ts'
import type { Name } from '../auth/name.ts'
import type { Signer } from '../crypto.ts'
import type { GivenRole } from '../auth/roles.ts'
import type { Want } from '../room/claim-facts.ts'
import type { FactId } from '../room/facts.ts'
import type { LockTerms } from '../room/lock-facts.ts'
import type { TaskTerms } from '../room/task-facts.ts'

export type Call =
  | { kind: 'say'; text: string }
  | ({ kind: 'task'; title: string; body?: string } & TaskTerms)
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
      again?: FactId[]
      claim?: FactId
    }
  /** About a task: what is wanted of it, and the claim that it is said under. */
  | { kind: 'ask'; want: Want; task: FactId; claim?: FactId; wait?: true }
  | ({ kind: 'lock'; wait?: true } & LockTerms)
  /** Takes an ask about a task or for a lock back, or gives back what it was granted. */
  | { kind: 'withdraw'; topic: 'claims' | 'locks'; ask: FactId }
  /**
   * What this agent does now, and what it locks for it, or the lock that it keeps for it; with an
   * empty text, that it is over.
   */
  | { kind: 'doing'; text: string; lock?: LockTerms; keeps?: FactId }
  /** Takes the last landing back; both as the caller saw them. */
  | { kind: 'undo'; landing: FactId; head: Oid; reason?: string }
  /** Ends the volume, when its leader can. */
  | { kind: 'cut' }
  /** The seed of the invite's key is the caller's; only its public half is published. */
  | { kind: 'invite'; key: PublicKey; role: GivenRole; uses: number; expires: Instant }
  /** Gives the lead up, for somebody else to take. */
  | { kind: 'step-down' }
  | Governing

/**
 * Whether the voters that are still members can go on confirming; `lost`: they are too few to elect
 * a leader and none of them leads, so that everything stays provisional.
 */
export type Votes = { kind: 'enough' } | { kind: 'lost'; voters: number; left: number }

/** What is asked about other agents and their invites; each becomes one op of the auth log. */
export type Governing =
  /** Of this agent itself: it leaves. Of one that waits: it is not let in. */
  | { kind: 'remove'; agent: AgentId }
  | { kind: 'role'; agent: AgentId; role: GivenRole }
  | { kind: 'approve'; agent: AgentId }
  | { kind: 'add'; key: PublicKey; name: Name; role: GivenRole }
  | { kind: 'revoke'; invite: Hash }
  /** Of this agent itself; its own engine writes nothing more after it. */
  | { kind: 'rotate'; next: Signer }

export type Answer =
  /** `with` is the lock that was asked for beside it. */
  | { kind: 'made'; id: FactId; with?: FactId }
  | { kind: 'invited'; invite: Hash }
  /** `closed` are the invites that a removal closed with it. */
  | { kind: 'governed'; op: Hash; votes: Votes; closed: number }
  /** It was so already, and nothing was written. */
  | { kind: 'unchanged' }
  /** This peer leads no more; `term` is the one that it gave up. */
  | { kind: 'stepped-down'; term: number }
  /** Bytes of the join protocol. */
  | { kind: 'joined'; bytes: Uint8Array }
  | { kind: 'refused'; code: RefusalCode; message: string; fix?: string }

/** Why the engine refuses a call; see the table of error codes. */
export type RefusalCode =
  | 'TOO_LARGE'
  | 'NOT_AUTHORISED'
  | 'USAGE'
  | 'STALE'
  | 'ABSENT'
  | 'ALONE'
  | 'HOLDS'
