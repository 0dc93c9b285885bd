/**
 * Who is in the room and what they may do: a pure function of the set of auth ops.
 *
 * Cheap enough to run again from the beginning on every new op, so there is no state that could
 * remember the order in which the ops arrived.
 */
import type { ActorId, AgentId, Hash, PublicKey, RoomId } from '../brand.ts'
import { actorOf } from '../brand.ts'
import { type Era, erasOf } from './eras.ts'
import { agentIdOf } from './identity.ts'
import { type Invite, invitesOf } from './invites.ts'
import type { AuthLog } from './log.ts'
import { type Member, membersOf } from './members.ts'
import type { Name } from './name.ts'
import { type Sight, rootOf } from './place.ts'
import { register } from './register.ts'
import { rule } from './ruling.ts'
import { type SealPoint, sealer } from './seals.ts'
import { mayWriteUnder } from './writers.ts'

export type Membership = {
  readonly room: RoomId
  readonly roomName: Name
  /** 32 bytes: what the Noise prologue and the mDNS tag are made of. */
  readonly secret: Uint8Array
  /** Whether joiners wait for a founder or admin. */
  readonly approves: boolean
  /** The founder's first stream: the first voter. */
  readonly founder: ActorId
  /** Everyone who was ever let in or asked to be, in order of seniority. */
  readonly members: ReadonlyMap<AgentId, Member>
  /** By the id of the op that made it. */
  readonly invites: ReadonlyMap<Hash, Invite>
  /** Ascending, from era 0, the genesis. The last is the one in force. */
  readonly eras: readonly Era[]
  /** The agent that any of its keys belongs to, those rotated away included. */
  readonly byKey: (key: PublicKey) => Member | undefined
  /** Whether an op has effect: its author had the right, and nothing ended it. */
  readonly stands: (op: Hash) => boolean
  /** Where a stream was ended in a volume; seq 0: before its first change. */
  readonly sealOf: (actor: ActorId, volume: Hash) => SealPoint | undefined
  /**
   * Whether a key may write under these auth heads. Depends on nothing but their past, so that no
   * answer but `unknown` ever changes; what happens later is what seals are for.
   */
  readonly mayWrite: (key: PublicKey, heads: readonly Hash[]) => 'may' | 'may-not' | 'unknown'
}

/** Evaluates a log; undefined until it holds the genesis. */
export function evaluate(log: AuthLog): Membership | undefined {
  const all = register(log, 'all')
  if (all === undefined) return undefined

  const sight: Sight = { register: all, ruling: rule(all), past: 'all' }
  const { author, deed } = all.genesis.op
  const members = membersOf(sight)
  return {
    room: log.room,
    roomName: deed.name,
    secret: deed.secret,
    approves: deed.approve,
    founder: actorOf(author, deed.incarnation),
    members,
    invites: invitesOf(sight),
    eras: erasOf(sight),
    byKey: key => {
      const member = all.dossierOf(key) && members.get(agentIdOf(rootOf(sight, key)))
      return member?.keys.includes(key) ? member : undefined
    },
    stands: op => sight.ruling.worth[log.entry(op)?.index ?? -1] === 'stands',
    sealOf: sealer(sight),
    mayWrite: (key, heads) => mayWriteUnder(log, key, heads),
  }
}
