/** The room as a person reads it. */
import type { Output } from '../../src/api/types.ts'
import { ago, cleanLine, count, type Paint, shortOid, table } from '../print.ts'

type Status = Output<'status'>
type Member = Status['members'][number]

/** A page: the room, its members, who leads, what was landed and what waits. */
export function describeStatus(status: Status, paint: Paint, now: number): string {
  const { room, me } = status
  if (room === undefined) return `no room yet; this is ${cleanLine(me.name)} (${me.fingerprint})`
  const sections = [
    `room  ${paint.bold(cleanLine(room.name))}  ${paint.dim(room.id.slice(0, 16))}`,
    members(status, paint, now),
    facts(status, paint, now),
  ]
  return sections.join('\n\n')
}

function members(status: Status, paint: Paint, now: number): string {
  const head = ['MEMBER', 'ROLE', 'STATE', 'PATH', 'FINGERPRINT', ''].map(paint.dim)
  const rows = status.members.map((member) => [
    cleanLine(member.name),
    member.role,
    state(member, paint, now),
    path(member),
    member.fingerprint,
    [
      member.me ? '← you' : '',
      member.id === status.leader?.id ? 'leader' : '',
      onlyVotes(member) ? 'never leads' : '',
    ]
      .filter((mark) => mark !== '')
      .join(', '),
  ])
  return table([head, ...rows])
}

/** Of relays and observers their role says it. */
function onlyVotes({ integrates, role }: Member): boolean {
  return integrates === false && role !== 'relay' && role !== 'observer'
}

function state(member: Member, paint: Paint, now: number): string {
  if (member.status !== 'active') return paint.yellow(member.status)
  if (member.online) return paint.green('online')
  return member.lastSeen === undefined ? 'offline' : `offline, seen ${ago(member.lastSeen, now)}`
}

function path({ path: kind, address }: Member): string {
  return address === undefined ? kind : `${kind} ${cleanLine(address)}`
}

function facts(status: Status, paint: Paint, now: number): string {
  const { integration, checks } = status
  const landed = count(integration.landings, 'landing')
  const rows = [
    ['leader', leader(status, paint)],
    ['voters', status.voters.map(({ name }) => cleanLine(name)).join(', ')],
    ['integration', integration.commit === undefined
      ? 'nothing landed yet'
      : `${shortOid(integration.commit)}, ${landed}${behind(status, paint)}`],
    ...undone(integration, paint, now),
    ['checks', checks.length === 0
      ? paint.yellow('none detected: landings are unchecked')
      : checks.map(({ name, command }) => `${name} (${cleanLine(command)})`).join(', ')],
    ...integration.queue.map(({ name, commit, state, at }, place) => [
      place === 0 ? 'queue' : '',
      `${cleanLine(name)}@${shortOid(commit)} ${state}, ${ago(at, now)}`,
    ]),
    ...upstream(status, paint, now).map((text, line) => [line === 0 ? 'upstream' : '', text]),
    ['daemon', `pid ${status.pid}, ${status.transport}, ${status.addresses.join(' ')}`],
  ]
  return table(rows)
}

/** The wish that waits, then what was undone and is not back. */
function undone({ undo, undone }: Status['integration'], paint: Paint, now: number): string[][] {
  const row = ({ name, commit, by, at, reason }: Status['integration']['undone'][number]) => {
    const why = reason === undefined ? '' : `: ${cleanLine(reason)}`
    return `${cleanLine(name)}@${shortOid(commit)} by ${cleanLine(by.name)}, ${ago(at, now)}${why}`
  }
  const waits = undo === undefined ? [] : [['undo', paint.yellow(`provisional: ${row(undo)}`)]]
  return [...waits, ...undone.map((one, n) => [n === 0 ? 'undone' : '', row(one)])]
}

function behind({ integration }: Status, paint: Paint): string {
  if (integration.behind === 0) return ''
  return paint.yellow(`, ${integration.behind} of them not here yet`)
}

function upstream({ upstream: seen }: Status, paint: Paint, now: number): string[] {
  if (seen === undefined) return []
  const { remote, reach, answered, why, integration } = seen
  const when = answered === undefined ? 'never answered' : `answered ${ago(answered, now)}`
  const state = reach === 'answers' ? when : `${paint.yellow(REACH[reach])}, ${when}`
  const refused = reach === 'answers' ? 'refused' : 'because'
  return [
    `origin ${cleanLine(remote)}, ${reach === 'left-out' ? paint.yellow(REACH[reach]) : state}`,
    ...(why === undefined ? [] : [`${refused}: ${cleanLine(why)}`]),
    ...(integration.standing !== 'foreign' ? [] : [
      paint.yellow(`its integration is at ${shortOid(integration.commit ?? '')}, confirmed by`
        + ' nobody here: left alone'),
    ]),
  ]
}

const REACH = { answers: 'answers', away: 'away', 'left-out': 'left out' } as const

function leader({ leader, term, mode }: Status, paint: Paint): string {
  const reign = `term ${term}, ${mode === 'provisional' ? paint.yellow(mode) : mode}`
  if (leader === undefined) return `none, ${reign}`
  const name = `${cleanLine(leader.name)}${leader.mine ? ' (you)' : ''}`
  return leader.lapsed ? `${name}, ${paint.yellow('lapsed')}, ${reign}` : `${name}, ${reign}`
}
