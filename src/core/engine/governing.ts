/**
 * What members decide about agents and invites: remove, role, approve, add, revoke.
 *
 * Each becomes one op of the auth log, and only where it has its effect: it is evaluated before it
 * is published, so that success is never said of an op that everybody will ignore.
 */
import { type ActorId, type AgentId, type Hash, keyOf, unreachable } from '../brand.ts'
import {
  makeAdd,
  makeApprove,
  makeClose,
  makeRemove,
  makeRole,
  makeRotate,
} from '../auth/author.ts'
import type { Seal } from '../auth/deed.ts'
import type { Membership } from '../auth/evaluate.ts'
import type { Member } from '../auth/members.ts'
import type { SignedOp } from '../auth/op.ts'
import { preview } from '../auth/preview.ts'
import { governs, mayGive, writes } from '../auth/roles.ts'
import { SEALS_MAX } from '../limits.ts'
import { takeOps } from './authority.ts'
import type { Answer, Call, Governing } from './call.ts'
import type { Effect, Now } from './effect.ts'
import { spot } from './joining.ts'
import { memberOf } from './names.ts'
import { governors, type Refused, refused, standingRefusal } from './standing.ts'
import type { Engine } from './state.ts'
import { goesOnWithout, votesLeft } from './votes.ts'

/** Whether a call is decided here. */
export function isGoverning(request: Call): request is Governing {
  return ['remove', 'role', 'approve', 'add', 'revoke', 'rotate'].includes(request.kind)
}

/** Performs one decision, or says why it cannot be. */
export function govern(engine: Engine, now: Now, out: Effect[], request: Governing): Answer {
  const refusal = refusalOf(engine, now, request)
  if (refusal !== undefined) return refusal
  if (isSo(engine.membership, request)) return { kind: 'unchanged' }
  const { bytes, id } = opFor(engine, now, request)
  const after = preview(engine.auth, bytes)
  if (after === undefined) {
    const message = 'the auth log of this room takes no more'
    return { kind: 'refused', code: 'TOO_LARGE', message, fix: 'make a new room: knot up' }
  }
  if (!isSo(after, request)) {
    return refused('it would have no effect: another op of the room rules it out', 'knot members')
  }
  if (![...after.members.values()].some((each) => each.status === 'member' && governs(each.role))) {
    const message = 'nobody would be left who can approve, remove or give roles'
    return refused(message, 'make somebody else an admin first: knot role <agent> admin')
  }
  const closes = closesWith(engine, now, { request, after, op: id })
  const taken = takeOps(engine, now, out, { from: undefined, ops: [bytes, ...closes] })
  if (taken === 0) {
    return refused('the auth log refused it; the daemon log says why', 'knot logs')
  }
  const closed = Math.min(closes.length, taken - 1)
  return { kind: 'governed', op: id, votes: votesLeft(engine, now), closed }
}

/**
 * Every invite that is open after the removal of a member, closed: it may know any of the links,
 * and come back by one under a new key. Who is turned away, or leaves, was trusted with none more.
 */
function closesWith(
  engine: Engine,
  now: Now,
  { request, after, op }: { request: Governing; after: Membership; op: Hash },
): Uint8Array[] {
  const { signer, agent } = engine.me
  const known = request.kind === 'remove' && request.agent !== agent
  if (!known || agentOf(engine, request.agent).status !== 'member') return []
  const ops: SignedOp[] = []
  for (const { id, open, admissions, expires } of after.invites.values()) {
    if (!open || (expires !== undefined && expires <= now.wall)) continue
    const at = { ...spot(engine, now), parents: [ops.at(-1)?.id ?? op] }
    ops.push(makeClose(signer, at, { invite: id, why: 'revoked', admissions }))
  }
  return ops.map(({ bytes }) => bytes)
}

/** Whether a membership is as asked. */
function isSo(membership: Membership, request: Governing): boolean {
  switch (request.kind) {
    case 'remove':
      return membership.members.get(request.agent)?.status === 'removed'
    case 'role':
      return membership.members.get(request.agent)?.role === request.role
    case 'approve':
      return membership.members.get(request.agent)?.status === 'member'
    case 'add': {
      const status = membership.byKey(request.key)?.status
      return status === 'member' || status === 'pending'
    }
    case 'rotate':
      return membership.byKey(request.next.key)?.key === request.next.key
    case 'revoke':
      return membership.invites.get(request.invite)?.closed === 'revoked'
    default:
      return unreachable(request)
  }
}

function opFor(engine: Engine, now: Now, request: Governing): SignedOp {
  const { signer } = engine.me
  const at = spot(engine, now)
  switch (request.kind) {
    case 'remove': {
      const member = agentOf(engine, request.agent)
      return makeRemove(signer, at, { member: member.key, seals: sealsOn(engine, member) })
    }
    case 'role': {
      const member = agentOf(engine, request.agent)
      const seals = writes(request.role) ? [] : sealsOn(engine, member)
      return makeRole(signer, at, { member: member.key, role: request.role, seals })
    }
    case 'approve':
      return makeApprove(signer, at, agentOf(engine, request.agent).admission)
    case 'add': {
      const { key, name, role } = request
      return makeAdd(signer, at, { member: key, name, role })
    }
    case 'rotate': {
      const seals = sealsOn(engine, agentOf(engine, engine.me.agent))
      const own = seals.filter(({ actor }) => keyOf(actor) === signer.key)
      return makeRotate(signer, at, { next: request.next, seals: own })
    }
    case 'revoke': {
      const { invite } = request
      const admissions = engine.membership.invites.get(invite)?.admissions ?? []
      return makeClose(signer, at, { invite, why: 'revoked', admissions })
    }
    default:
      return unreachable(request)
  }
}

/**
 * Where the streams of an agent end: at what is held of them here, so that no work that anybody
 * has seen and passed on is lost. A stream that was ended before is not made longer.
 */
export function sealsOn(engine: Engine, { keys }: Member): Seal[] {
  const { held, membership, volume } = engine
  const seals: Seal[] = []
  for (const [actor, changes] of held) {
    if (!keys.includes(keyOf(actor))) continue
    const end = Math.min(changes.length, membership.sealOf(actor, volume.id)?.seq ?? Infinity)
    // Of history only the ends of runs keep their signature, and a seal must carry one.
    for (let seq = end; seq > 0; seq--) {
      const { hash, signature } = changes[seq - 1] ?? {}
      if (hash === undefined || signature === undefined) continue
      seals.push({ actor, volume: volume.id, seq, hash, signature })
      break
    }
  }
  return seals.sort((a, b) => b.seq - a.seq || order(a.actor, b.actor)).slice(0, SEALS_MAX)
}

function order(a: ActorId, b: ActorId): number {
  return a < b ? -1 : 1
}

function agentOf({ membership }: Engine, agent: AgentId): Member {
  const member = membership.members.get(agent)
  if (member === undefined) throw new Error(`bug: ${agent} was found, and is nobody`)
  return member
}

/** Why this agent may not do it at all; what its op would then do is looked at afterwards. */
function refusalOf(engine: Engine, now: Now, request: Governing): Refused | undefined {
  const me = memberOf(engine, engine.me.signer.key)
  const leaves = request.kind === 'remove' && request.agent === engine.me.agent
  if (leaves && me?.status === 'member') return undefined
  const silent = standingRefusal(engine)
  if (silent !== undefined && !leaves) return silent
  if (me === undefined) return silent
  switch (request.kind) {
    case 'rotate':
      return whyNotRotated(engine, now)
    case 'add':
      return whyNotAdded(engine, me, request)
    case 'revoke': {
      const invite = engine.membership.invites.get(request.invite)
      if (invite?.by === me.agent || governs(me.role)) return undefined
      const by = invite === undefined ? undefined : engine.membership.members.get(invite.by)
      return refused(`${by?.name ?? 'somebody else'} made that invite`, ask(engine, me))
    }
    default: {
      if (leaves || governs(me.role)) return whyNotAbout(engine, request)
      const what = { remove: 'remove others', role: 'give roles', approve: 'approve' }[request.kind]
      return refused(`${me.name} may not ${what}: it is a ${me.role}`, ask(engine, me))
    }
  }
}

/** A new key is a new voter, and the old one votes no more: the others must be able to go on. */
function whyNotRotated(engine: Engine, now: Now): Refused | undefined {
  if (goesOnWithout(engine, now, engine.me.actor)) return undefined
  const message = 'the room needs the vote of this key: without it no leader could be elected'
  return refused(message, 'rotate it once two others vote and are online: knot status')
}

function ask(engine: Engine, { name }: Member): string {
  return `ask ${governors(engine)} to do it, or for: knot role ${name} admin`
}

function whyNotAbout(
  engine: Engine,
  request: Extract<Governing, { kind: 'remove' | 'role' | 'approve' }>,
): Refused | undefined {
  const { name, role, status } = agentOf(engine, request.agent)
  if (request.kind !== 'remove' && status === 'removed') {
    const fix = `knot key add "<what ${name}'s knot key show prints>" adds it again`
    return refused(`${name} was removed from the room`, fix)
  }
  if (request.kind === 'role' && status === 'pending') {
    return refused(`${name} waits to be let in`, `knot approve ${name}`)
  }
  if (role !== 'founder' || request.kind === 'approve' || status === 'removed') return undefined
  const what = request.kind === 'remove' ? 'nobody else can remove' : 'nobody can demote'
  return refused(`${name} is the founder, whom ${what}`, `${name} can leave: knot remove ${name}`)
}

function whyNotAdded(
  engine: Engine,
  me: Member,
  { key, role }: Extract<Governing, { kind: 'add' }>,
): Refused | undefined {
  if (!mayGive(me.role, role)) {
    return refused(`a ${me.role} may not add a ${role}`, ask(engine, me))
  }
  const known = memberOf(engine, key)
  if (known?.status === 'removed' && !governs(me.role)) {
    return refused(`${known.name} was removed, and a ${me.role} adds nobody again`, ask(engine, me))
  }
  if (known === undefined || known.key === key || known.status === 'removed') return undefined
  return refused(`${known.name} replaced that key by a newer one`, 'knot members')
}
