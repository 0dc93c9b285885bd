/** What the lane of the shared remote is told of the room, anew for each pass. */
import type { ActorId, AgentId, Instant, Oid, PublicKey, RoomId } from '../../core/brand.ts'
import type { Signer } from '../../core/crypto.ts'
import type { FactId } from '../../core/room/facts.ts'

/** Whether the shared remote is used: `auto` leaves it out where it is somebody's working copy. */
export type Transport = 'auto' | 'mesh' | 'upstream'

/** A push of this agent: the nth fact on the topic refs of its actor, or of an earlier one. */
export type OwnPush = {
  push: FactId
  actor: ActorId
  n: number
  commit: Oid
  base?: Oid
  at: Instant
}

export type Picture = {
  room: RoomId
  me: { agent: AgentId; actor: ActorId; signer: Signer }
  /** Who may write moves refs there; the leader moves the integration ref first. */
  part: 'leads' | 'writes' | 'reads'
  /** Own pushes that wait, and the newest whatever became of it; the newest last. */
  own: readonly OwnPush[]
  /** Pushes whose commits are not here, and that no peer is being asked for. */
  missing: readonly { push: FactId; commit: Oid }[]
  /** Commits of the confirmed landings and undos, oldest first. */
  line: readonly Oid[]
  /** Agents whose words count: members, but for this one. */
  agents: ReadonlySet<AgentId>
  /** The agent that writes as an actor. */
  agentOf(actor: ActorId): AgentId | undefined
  /** The n of an actor's newest push that the room knows; -1 for none. */
  newestOf(actor: ActorId): number
  authorOf(push: FactId): PublicKey | undefined
}
