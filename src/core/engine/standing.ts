/** How this agent stands in its room, and why it may not write there. */
import type { AgentId, Instant, PublicKey } from '../brand.ts'
import { approversOf } from '../auth/judge.ts'
import { writes } from '../auth/roles.ts'
import type { Answer } from './call.ts'
import { memberOf } from './names.ts'
import type { Engine } from './state.ts'

export type Refused = Extract<Answer, { kind: 'refused' }>

/** Who removed an agent last, and when by that one's clock; undefined while it is not removed. */
export function removalOf(
  { auth, membership }: Engine,
  agent: AgentId,
): { by: PublicKey; at: Instant } | undefined {
  if (membership.members.get(agent)?.status !== 'removed') return undefined
  const removals = auth.ops().filter(({ id, op }) => {
    if (op.deed.kind !== 'remove' || !membership.stands(id)) return false
    return membership.byKey(op.deed.member)?.agent === agent
  })
  const last = removals.at(-1)
  return last === undefined ? undefined : { by: last.op.author, at: last.op.at }
}

/** Why this agent may write nothing here; undefined when it may. */
export function writingRefusal(engine: Engine): Refused | undefined {
  const refusal = standingRefusal(engine)
  if (refusal !== undefined) return refusal
  if (engine.membership.sealOf(engine.me.actor, engine.volume.id) === undefined) return undefined
  const name = memberOf(engine, engine.me.signer.key)?.name ?? 'this agent'
  const why = `the stream of ${name} was ended while it could not write`
  return refused(why, 'run it again: a new incarnation begins by itself')
}

/** Why this agent has no say here; undefined when it has. */
export function standingRefusal(engine: Engine): Refused | undefined {
  const member = memberOf(engine, engine.me.signer.key)
  const name = member?.name ?? 'this agent'
  const ask = `ask ${governors(engine)}`
  if (member === undefined) return refused(`${name} is no member of the room`, 'join it again')
  if (member.status === 'removed') {
    const by = removalOf(engine, member.agent)?.by
    const who = by === undefined ? undefined : memberOf(engine, by)
    const how = who?.agent === member.agent ? 'left the room' : 'was removed from the room'
    const whose = who === undefined || who.agent === member.agent ? '' : ` by ${who.name}`
    const fix = `${ask} to add it again: knot key add "<what knot key show prints here>"`
    return refused(`${name} ${how}${whose}`, fix)
  }
  if (member.status === 'pending') {
    return refused(`${name} waits to be let in`, `${ask} for: knot approve ${name}`)
  }
  if (writes(member.role)) return undefined
  const article = member.role === 'observer' ? 'an observer' : `a ${member.role}`
  const fix = `${ask} for: knot role ${name} member`
  return refused(`${name} may not write here: it is ${article}`, fix)
}

/** Who decides about agents here, as one asks them. */
export function governors({ membership }: Engine): string {
  const names = approversOf(membership).filter((_, at) => at < 3)
  return names.length === 0 ? 'a founder or admin' : names.join(' or ')
}

/** A refusal for want of a right. */
export function refused(message: string, fix: string): Refused {
  return { kind: 'refused', code: 'NOT_AUTHORISED', message, fix }
}
