/**
 * Whether a member lets a joiner in.
 *
 * This is the one place where a clock and a count decide about membership, and it decides for one
 * member only: an admission that was signed stands, whatever others would have judged.
 */
import type { AgentId, Hash, Instant } from '../brand.ts'
import type { Verify } from '../crypto.ts'
import { MEMBERS_MAX } from '../limits.ts'
import { isSoundKey } from './ed25519.ts'
import type { Membership } from './evaluate.ts'
import type { Invite } from './invites.ts'
import { type JoinRequest, type Refusal, isProven } from './join.ts'
import { type Name, nameFrom, parseName, uniqueName } from './name.ts'

export type JoinVerdict =
  /** To be admitted under this name; then a member, or pending in a room that approves. */
  | {
      readonly kind: 'admit'
      readonly invite: Hash
      readonly name: Name
      readonly becomes: 'member' | 'pending'
    }
  /** Already in: to be answered as when it was admitted. */
  | { readonly kind: 'member'; readonly agent: AgentId }
  | { readonly kind: 'pending'; readonly admission: Hash; readonly approvers: readonly Name[] }
  | { readonly kind: 'refuse'; readonly code: Refusal; readonly why: string }

/** Judges a request now. Who cannot prove that it holds the link learns nothing of the room. */
export function judgeJoin(
  membership: Membership,
  request: JoinRequest,
  now: Instant,
  verify: Verify,
): JoinVerdict {
  if (request.room !== membership.room) {
    return refuse('wrong-room', `This is room ${membership.room}, not ${request.room}.`)
  }
  if (!isSoundKey(request.member)) {
    return refuse('bad-key', `${request.member} is not a sound Ed25519 key; make a new one.`)
  }
  if (!isProven(request, verify)) {
    return refuse('bad-proof', 'Nothing proves that the link is yours; copy it again.')
  }

  const known = membership.byKey(request.member)
  if (known?.status === 'member' && known.key !== request.member) {
    return refuse('removed', `That key was replaced; ${known.name} has a newer one.`)
  }
  if (known?.status === 'member') return { kind: 'member', agent: known.agent }
  if (known?.status === 'pending') {
    return { kind: 'pending', admission: known.admission, approvers: approversOf(membership) }
  }
  if (known?.status === 'removed') {
    const fix = 'a founder or admin can add it again with `knot key add`'
    return refuse('removed', `${known.name} was removed from the room; ${fix}.`)
  }
  return judgeInvite(membership, request, now)
}

/** The names of those who can let in who waits, the most senior first. */
export function approversOf({ members }: Membership): Name[] {
  return [...members.values()]
    .filter(({ status, role }) => status === 'member' && (role === 'founder' || role === 'admin'))
    .map(({ name }) => name)
}

function judgeInvite(membership: Membership, request: JoinRequest, now: Instant): JoinVerdict {
  const invites = [...membership.invites.values()].filter(({ key }) => key === request.invite)
  const invite = invites.find(({ open }) => open) ?? invites[0]
  if (invite === undefined) {
    return refuse('unknown-invite', 'No member here knows this invite; ask for a new link.')
  }
  const fault = faultOf(invite, now)
  if (fault !== undefined) return fault

  const present = [...membership.members.values()].filter(({ status }) => status !== 'removed')
  if (present.length >= MEMBERS_MAX) {
    return refuse('room-full', `The room has ${MEMBERS_MAX} members; one must be removed first.`)
  }
  const taken = [...membership.members.values()].map(({ name }) => name)
  const wanted = parseName(request.name)
  const name = uniqueName(wanted.kind === 'name' ? wanted.name : nameFrom(request.name), taken)
  const becomes = membership.approves ? 'pending' : 'member'
  return { kind: 'admit', invite: invite.id, name, becomes }
}

function faultOf({ uses, closed, admissions, expires }: Invite, now: Instant): Refused | undefined {
  const ask = 'ask for a new link'
  if (closed === 'revoked') return refuse('revoked', `The invite was revoked; ${ask}.`)
  if (expires !== undefined && now >= expires) {
    return refuse('expired', `The invite has expired; ${ask}.`)
  }
  if (closed === 'spent' || admissions.length >= uses) {
    return refuse('used-up', `The invite was for ${uses}, and is used up; ${ask}.`)
  }
  return undefined
}

type Refused = Extract<JoinVerdict, { kind: 'refuse' }>

function refuse(code: Refusal, why: string): Refused {
  return { kind: 'refuse', code, why }
}
