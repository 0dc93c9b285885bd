/** Members and invites as a person reads them. */
import type { Output } from '../../src/api/types.ts'
import { ago, cleanLine, count, type Paint, table } from '../print.ts'

type Row = Output<'members'>['members'][number]
type Invite = Output<'invite.list'>['invites'][number]

/** One line for each agent, as they come. */
export function describeMembers(members: Row[], paint: Paint, now: number): string {
  const head = ['MEMBER', 'ROLE', 'STATE', 'LET IN', 'ID', 'FINGERPRINT', ''].map(paint.dim)
  const rows = members.map((member) => [
    cleanLine(member.name),
    member.role,
    state(member, paint, now),
    letIn(member, now),
    member.id,
    member.fingerprint,
    member.me ? '← you' : '',
  ])
  return table([head, ...rows])
}

function state({ status, online, removed, lastSeen }: Row, paint: Paint, now: number): string {
  if (status === 'pending') return paint.yellow('waits')
  if (status === 'removed') {
    const by = removed === undefined ? '' : ` by ${cleanLine(removed.by.name)}`
    const when = removed === undefined ? '' : `, ${ago(removed.at, now)}`
    return paint.yellow(`removed${by}${when}`)
  }
  if (online) return paint.green('online')
  return lastSeen === undefined ? 'offline' : `offline, seen ${ago(lastSeen, now)}`
}

function letIn({ status, by, since }: Row, now: number): string {
  if (by === undefined) return `founded, ${ago(since, now)}`
  return `${status === 'pending' ? 'asked' : 'by'} ${cleanLine(by.name)}, ${ago(since, now)}`
}

/** What a decision did to the votes of the room; nothing where all is well. */
export function describeLoss({ lost }: Output<'members.remove'>, paint: Paint): string {
  if (lost === undefined) return ''
  const left = `${lost.left} of ${count(lost.voters, 'voter')} left`
  return `\n${paint.yellow(`only ${left}, and none of them leads`)}: what lands stays provisional`
}

/** One line for each invite, the open ones first; the links that this agent still has below. */
export function describeInvites(invites: Invite[], paint: Paint, now: number): string {
  if (invites.length === 0) return 'no invites yet'
  const head = ['INVITE', 'ROLE', 'STATE', 'USED', 'EXPIRES', 'BY', ''].map(paint.dim)
  const rows = invites.map(({ id, role, state, used, uses, expires, by, link }) => [
    id.slice(0, 8),
    role,
    state === 'open' ? paint.green(state) : paint.yellow(state),
    `${used} of ${uses}`,
    expires === undefined ? 'never' : until(expires, now),
    cleanLine(by.name),
    link === undefined ? '' : 'link kept here',
  ])
  return table([head, ...rows])
}

function until(at: number, now: number): string {
  if (at <= now) return ago(at, now)
  const hours = Math.ceil((at - now) / 3_600_000)
  return `in ${hours < 48 ? count(hours, 'hour') : count(Math.floor(hours / 24), 'day')}`
}
