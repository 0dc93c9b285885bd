/** The leader lease as a person reads it. */
import type { Output } from '../../src/api/types.ts'
import { ago, cleanLine, type Paint, table } from '../print.ts'

type Lease = Output<'lease'>
type Voter = Lease['voters'][number]

/** Who leads and until when, how far the chain goes, and each voter on a line. */
export function describeLease(lease: Lease, paint: Paint, now: number): string {
  const { era, confirmed, tail } = lease
  const rows = [
    ['leader', leader(lease, paint)],
    ['until', until(lease, now)],
    ['mode', lease.mode === 'provisional' ? paint.yellow(lease.mode) : lease.mode],
    ...lease.missing.map(({ text }) => ['missing', paint.yellow(cleanLine(text))]),
    ['chain', `era ${era}, record ${confirmed} confirmed, ${waiting(tail.seq - confirmed)}`],
    ['voters', change(lease, paint)],
  ]
  return [table(rows), voters(lease, paint, now)].join('\n\n')
}

function leader({ leader, term }: Lease, paint: Paint): string {
  if (leader === undefined) return `none, term ${term}`
  const name = `${cleanLine(leader.name)}${leader.mine ? ' (you)' : ''}`
  const lapsed = leader.lapsed ? `, ${paint.yellow('lapsed')}` : ''
  const later = term > leader.term ? `; term ${term} was promised since` : ''
  return `${name}, term ${leader.term}${lapsed}${later}`
}

function until({ leader, until: end }: Lease, now: number): string {
  if (leader === undefined) return 'no lease'
  if (end === undefined) {
    if (leader.lapsed) return 'not heard of since this daemon began'
    return 'as long as this agent runs: its own word is enough'
  }
  if (leader.lapsed || end <= now) return `ran out ${ago(end, now)}`
  const seconds = Math.ceil((end - now) / 1000)
  return `${seconds} s from now, if nothing more is heard`
}

function waiting(records: number): string {
  return records <= 0 ? 'none waits' : `${records} after it wait for enough accepts`
}

function change({ voters, change: last }: Lease, paint: Paint): string {
  const count = voters.filter(({ of }) => of !== 'old').length
  if (last === undefined) return `${count}, as the era began`
  if (last.counts) return `${count} since record ${last.seq}`
  return `${count} since record ${last.seq}, ${paint.yellow('which does not count yet')}`
}

function voters({ voters: all, tail }: Lease, paint: Paint, now: number): string {
  const head = ['VOTER', 'LIFE', 'STATE', 'ACKNOWLEDGED', 'ACCEPTED', ''].map(paint.dim)
  const rows = all.map((voter) => [
    `${cleanLine(voter.name)}${voter.me ? ' (you)' : ''}`,
    voter.incarnation,
    voter.online ? paint.green('online') : 'offline',
    voter.acknowledged === undefined ? '' : ago(voter.acknowledged, now),
    voter.accepted === undefined ? '' : accepted(voter.accepted, tail),
    notes(voter),
  ])
  return table([head, ...rows])
}

function accepted({ term, seq }: NonNullable<Voter['accepted']>, tail: Lease['tail']): string {
  return term === tail.term ? `record ${seq}` : `record ${seq} of term ${term}`
}

function notes({ leads, integrates, of }: Voter): string {
  const said = [
    leads ? 'leads' : '',
    integrates ? '' : 'never leads',
    of === 'old' ? 'leaves' : of === 'new' ? 'is new' : '',
  ]
  return said.filter((note) => note !== '').join(', ')
}
