/** Who is in the room, and what is decided about them. */
import { Failure } from '../../api/errors.ts'
import type { Answers, Output } from '../../api/types.ts'
import { agentNamed } from '../../core/auth/find.ts'
import type { Member } from '../../core/auth/members.ts'
import { removalOf } from '../../core/engine/standing.ts'
import type { Governing } from '../../core/engine/call.ts'
import type { RunningRoom } from '../running.ts'
import { whoIs } from '../words.ts'
import { memberRow } from './status.ts'
import { type FindRoom, granted } from './talk.ts'

type MemberCalls = Pick<
  Answers,
  'members' | 'members.remove' | 'members.approve' | 'members.role'
>

type Row = Output<'members'>['members'][number]

/** The handlers. */
export function memberCalls(room: FindRoom): MemberCalls {
  return {
    members: async () => {
      const here = await room()
      const rows = [...here.engine.membership.members.values()].map((each) => row(here, each))
      return { members: rows.sort(byState) }
    },
    'members.remove': async ({ agent }) => about(await room(), agent, { kind: 'remove' }),
    'members.approve': async ({ agent }) => about(await room(), agent, { kind: 'approve' }),
    'members.role': async ({ agent, role }) => {
      return { ...(await about(await room(), agent, { kind: 'role', role })), role }
    },
  }
}

const STATES: Row['status'][] = ['active', 'pending', 'removed']

/** Members first, then who waits, then who was removed; of each the first to come first. */
function byState(a: Row, b: Row): number {
  const state = STATES.indexOf(a.status) - STATES.indexOf(b.status)
  return state || a.since - b.since || (a.id < b.id ? -1 : 1)
}

function row(room: RunningRoom, member: Member): Row {
  const { engine } = room
  const { members } = engine.membership
  const by = member.sponsor === undefined ? undefined : members.get(member.sponsor)
  const removal = removalOf(engine, member.agent)
  return {
    ...memberRow(room, member),
    ...(by === undefined ? {} : { by: { id: by.agent, name: by.name } }),
    since: engine.auth.entry(member.admission)?.op.at ?? 0,
    ...(removal === undefined
      ? {}
      : { removed: { by: whoIs(engine, removal.by), at: removal.at } }),
    ...(member.status === 'pending' ? { approve: `knot approve ${member.name}` } : {}),
  }
}

/** Decides about one agent, however it was named. */
async function about(
  room: RunningRoom,
  word: string,
  decision: { kind: 'remove' | 'approve' } | Omit<Extract<Governing, { kind: 'role' }>, 'agent'>,
): Promise<Output<'members.remove'>> {
  const { agent, name } = theAgent(room, word)
  const answer = await granted(room, { ...decision, agent })
  const done = { agent: { id: agent, name } }
  if (answer.kind !== 'governed') return { kind: 'unchanged', ...done }
  const { votes, closed } = answer
  return {
    kind: 'done',
    ...done,
    ...(closed === 0 ? {} : { closed }),
    ...(votes.kind === 'enough' ? {} : { lost: { voters: votes.voters, left: votes.left } }),
  }
}

/** The agent that a person means; one word that fits several of them is refused. */
export function theAgent({ engine }: RunningRoom, word: string): Member {
  const found = agentNamed(engine.membership, word)
  if (found.kind === 'found') return found.member
  if (found.kind === 'none') {
    throw new Failure('NOT_FOUND', `there is no agent "${word}" here`, 'knot members shows them')
  }
  const meant = found.members.map(({ name, agent }) => `${name} (${agent})`).join(', ')
  throw new Failure('AMBIGUOUS', `"${word}" may be any of ${meant}`, 'give the id')
}
