/** Agents as the room knows them. */
import { type ActorId, keyOf, type PublicKey } from '../brand.ts'
import type { Membership } from '../auth/evaluate.ts'
import type { Member } from '../auth/members.ts'
import type { Engine } from './state.ts'

/** The member that signs with a key, or undefined for a stranger's or a retired key. */
export function memberOf(engine: Engine, key: PublicKey): Member | undefined {
  return engine.membership.byKey(key)
}

/** The name of an actor's agent; a key that the room does not know shows as its first digits. */
export function nameOf(engine: Engine, actor: ActorId): string {
  const key = keyOf(actor)
  return memberOf(engine, key)?.name ?? key.slice(0, 8)
}

/** Whether a membership lets a key in now. */
export function isMember(membership: Membership, key: PublicKey): boolean {
  const member = membership.byKey(key)
  return member?.status === 'member' && member.key === key
}
