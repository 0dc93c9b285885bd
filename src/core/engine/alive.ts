/** Who is there, and since when somebody is not. */
import { type ActorId, keyOf, type PublicKey } from '../brand.ts'
import { writes } from '../auth/roles.ts'
import { DEAD_PEER_MS, HOLDER_SILENCE_MS } from '../limits.ts'
import type { Now } from './effect.ts'
import { memberOf } from './names.ts'
import type { Engine } from './state.ts'

/** Whether a key's daemon is there now: in a session, or by a fresh beat that was passed on. */
export function isThere(engine: Engine, now: Now, key: PublicKey): boolean {
  if (key === engine.me.signer.key || engine.sessions.get(key)?.actor !== undefined) return true
  const heard = engine.presence.get(key)?.heard
  return heard !== undefined && now.mono - heard < DEAD_PEER_MS
}

/** Whether an actor may be given something: a member that writes, and is there. */
export function mayHold(engine: Engine, now: Now, actor: ActorId): boolean {
  const member = memberOf(engine, keyOf(actor))
  if (member?.status !== 'member' || !writes(member.role)) return false
  return isThere(engine, now, member.key)
}

/**
 * Why whoever holds something loses it; undefined while it does not. Silence counts from when this
 * peer last heard of the holder, by its own clock, and at the earliest from its own start.
 */
export function whyLost(
  engine: Engine,
  now: Now,
  actor: ActorId,
): 'silent' | 'removed' | undefined {
  const member = memberOf(engine, keyOf(actor))
  if (member?.status !== 'member' || !writes(member.role)) return 'removed'
  if (isThere(engine, now, member.key)) return undefined
  const heard = engine.presence.get(member.key)?.heard ?? engine.started
  return now.mono - Math.max(heard, engine.started) < HOLDER_SILENCE_MS ? undefined : 'silent'
}

/** Whether two actors are lives of one agent, by whichever of its keys. */
export function isOneAgent(engine: Engine, a: ActorId, b: ActorId): boolean {
  if (keyOf(a) === keyOf(b)) return true
  const [one, other] = [memberOf(engine, keyOf(a)), memberOf(engine, keyOf(b))]
  return one !== undefined && one.agent === other?.agent
}
