/** The invites of a room: who came through them, and whether they still let anyone in. */
import type { AgentId, Hash, Instant, PublicKey } from '../brand.ts'
import { agentIdOf } from './identity.ts'
import type { Entry } from './log.ts'
import { type Place, type Sight, standing } from './place.ts'
import type { DeedOf } from './register.ts'
import type { GivenRole } from './roles.ts'
import { closersOf } from './threats.ts'

export type Invite = {
  readonly id: Hash
  readonly key: PublicKey
  readonly by: AgentId
  readonly role: GivenRole
  readonly uses: number
  /** Undefined: never. A clock decides, so the one who sponsors does, and not this evaluation. */
  readonly expires: Instant | undefined
  /** All admissions through it, one for each key. */
  readonly admissions: readonly Hash[]
  /** Those of them beyond its uses, let in on several sides at once. They stand. */
  readonly extra: readonly Hash[]
  readonly open: boolean
  /** Why it is not open. */
  readonly closed: 'spent' | 'revoked' | undefined
}

/** Every invite that its author had the right to, by its id. */
export function invitesOf(sight: Sight): Map<Hash, Invite> {
  const admissions = admissionsByInvite(sight)
  const invites = new Map<Hash, Invite>()
  for (const entry of standing(sight, sight.register.ops)) {
    const { deed } = entry.op
    if (deed.kind !== 'invite') continue
    const { key, role, uses, expires } = deed
    const by = agentIdOf((sight.ruling.author[entry.index] as Place).root)
    const all = admissions.get(entry.id) ?? []
    const closed = closedBy(sight, entry) ?? (all.length >= uses ? 'spent' : undefined)
    const open = closed === undefined
    const own = { id: entry.id, key, by, role, uses, expires, open, closed }
    invites.set(entry.id, { ...own, admissions: all, extra: all.slice(uses) })
  }
  return invites
}

/** Admissions that stand or wait, in canonical order, and of each key only the first. */
function admissionsByInvite({ register, ruling }: Sight): Map<Hash, Hash[]> {
  const found = new Map<Hash, Hash[]>()
  const counted = new Set<string>()
  for (const { id, index, op } of register.ops) {
    if (op.deed.kind !== 'admit' || ruling.worth[index] === 'void') continue
    const { invite, member } = op.deed
    if (counted.has(invite + member)) continue
    counted.add(invite + member)
    found.set(invite, [...(found.get(invite) ?? []), id])
  }
  return found
}

function closedBy(sight: Sight, { id }: Entry): Invite['closed'] {
  const closes = standing(sight, sight.register.closes.get(id) ?? [])
  const reasons = closes.map(({ op }) => (op.deed as DeedOf<'close'>).why)
  if (reasons.includes('revoked')) return 'revoked'
  if (standing(sight, closersOf(sight, id)).length > 0) return 'revoked'
  return reasons.length > 0 ? 'spent' : undefined
}
