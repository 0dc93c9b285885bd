/** The invites of a room: listing them, and closing one. */
import { Failure } from '../../api/errors.ts'
import type { Answers, Output } from '../../api/types.ts'
import { inviteNamed } from '../../core/auth/find.ts'
import type { Invite } from '../../core/auth/invites.ts'
import type { Instant } from '../../core/brand.ts'
import { keptSeeds } from '../invites.ts'
import { linkFor } from '../linking.ts'
import type { RunningRoom } from '../running.ts'
import { type FindRoom, granted } from './talk.ts'

type Row = Output<'invite.list'>['invites'][number]

/** The handlers. */
export function inviteCalls(
  room: FindRoom,
): Pick<Answers, 'invite.list' | 'invite.revoke'> {
  return {
    'invite.list': async () => ({ invites: await list(await room()) }),
    'invite.revoke': async ({ invite }) => {
      const here = await room()
      const { id } = theInvite(here, invite)
      const answer = await granted(here, { kind: 'revoke', invite: id })
      return { kind: answer.kind === 'unchanged' ? 'unchanged' : 'done', id }
    },
  }
}

/** What a shell may complete where an invite is meant. */
export function openInvites({ engine, now }: RunningRoom): Output<'values'>['invites'] {
  return [...engine.membership.invites.values()]
    .filter((invite) => stateOf(invite, now().wall) === 'open')
    .map(({ id, role, uses, admissions }) => {
      return { id: id.slice(0, 8), about: `${role}, ${admissions.length} of ${uses} used` }
    })
}

/** The open ones first; of equals, the one that lasts longest. */
async function list(room: RunningRoom): Promise<Row[]> {
  const seeds = await keptSeeds(room.identity.home)
  const { wall } = room.now()
  const rows = [...room.engine.membership.invites.values()].map((invite): Row => {
    const { id, key, role, uses, admissions, expires, by } = invite
    const state = stateOf(invite, wall)
    const seed = state === 'open' ? seeds.get(key) : undefined
    return {
      id,
      role,
      state,
      uses,
      used: admissions.length,
      ...(expires === undefined ? {} : { expires }),
      by: { id: by, name: room.engine.membership.members.get(by)?.name ?? by },
      ...(seed === undefined ? {} : { link: linkFor(room, seed) }),
    }
  })
  const rank = ({ state }: Row) => (state === 'open' ? 0 : 1)
  return rows.sort((a, b) => {
    return rank(a) - rank(b) || (b.expires ?? Infinity) - (a.expires ?? Infinity)
      || (a.id < b.id ? -1 : 1)
  })
}

/** By this machine's clock: no other says when an invite expires. */
function stateOf({ closed, uses, admissions, expires }: Invite, now: Instant): Row['state'] {
  if (closed === 'revoked') return 'revoked'
  if (admissions.length >= uses) return 'spent'
  if (expires !== undefined && expires <= now) return 'expired'
  return closed ?? 'open'
}

function theInvite({ engine }: RunningRoom, word: string): Invite {
  const found = inviteNamed(engine.membership, word)
  if (found.kind === 'found') return found.invite
  if (found.kind === 'none') {
    throw new Failure('NOT_FOUND', `there is no invite "${word}"`, 'knot invite list shows them')
  }
  const ids = found.invites.map(({ id }) => id.slice(0, 16)).join(', ')
  throw new Failure('AMBIGUOUS', `"${word}" may be any of ${ids}`, 'give more of the id')
}
