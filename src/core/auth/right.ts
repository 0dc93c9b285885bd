/** Whether an author had the right to its op, given what it was in the op's own past. */
import { type PublicKey, keyOf, unreachable } from '../brand.ts'
import type { Deed } from './deed.ts'
import type { Entry } from './log.ts'
import type { AuthOp } from './op.ts'
import type { Place, Sight } from './place.ts'
import { dossierOf, isActive, placeOf, rootOf, seen, standing } from './place.ts'
import type { DeedOf, Register } from './register.ts'
import { type Role, governs, mayGive, writes } from './roles.ts'

/** What the author was, when it had the right; undefined when it had not. */
export function rightTo(sight: Sight, entry: Entry): Place | undefined {
  const { author, deed } = entry.op
  const place = placeOf(sight, rootOf(sight, author))
  // A proof of fraud speaks for itself, whoever found it and whatever has become of them since.
  if (deed.kind === 'fraud') return place ?? founding(sight.register)
  if (deed.kind === 'genesis') return founding(sight.register)
  if (!isActive(place, author)) return undefined
  return isAllowed(sight, entry.op, place) ? place : undefined
}

/** Whether a role is enough for such an op; other conditions aside. */
export function suffices(role: Role, { author, deed }: AuthOp, sight: Sight): boolean {
  switch (deed.kind) {
    case 'invite':
    case 'add':
      return mayGive(role, deed.role)
    case 'admit':
    case 'close':
      return writes(role)
    case 'approve':
    case 'role':
    case 'recover':
      return governs(role)
    case 'remove':
      return governs(role) || rootOf(sight, deed.member) === rootOf(sight, author)
    case 'genesis':
    case 'rotate':
    case 'fraud':
      return true
    default:
      return unreachable(deed)
  }
}

/** The ops in an op's past on which its right depends. */
export function groundsOf(sight: Sight, { op }: Entry): Entry[] {
  const { register } = sight
  const files = new Set([op.author, ...concerned(op.deed)].map(key => register.dossierOf(key)))
  const entries = [...files].flatMap(file => {
    if (file === undefined) return []
    const { admissions, removals, roles, rotations } = file
    const approvals = admissions.flatMap(({ id }) => register.approvals.get(id) ?? [])
    return [...admissions, ...removals, ...roles, ...rotations, ...approvals]
  })
  if (op.deed.kind === 'recover') entries.push(...register.recoveries)
  if (op.deed.kind === 'admit' || op.deed.kind === 'close') {
    entries.push(register.find(op.deed.invite))
  }
  if (op.deed.kind === 'approve') entries.push(register.find(op.deed.admission))
  return seen(sight, entries)
}

/** The keys, besides the author's, whose standing an op depends on. */
function concerned(deed: Deed): PublicKey[] {
  if (deed.kind === 'recover') return deed.voters.map(keyOf)
  return 'member' in deed ? [deed.member] : []
}

function isAllowed(sight: Sight, op: AuthOp, place: Place): boolean {
  const { register, ruling } = sight
  const { deed } = op
  if (!suffices(place.role, op, sight)) return false
  switch (deed.kind) {
    case 'admit':
      return ruling.worth[register.find(deed.invite).index] !== 'void' && !isLost(sight, deed)
    case 'add':
      return !isRetired(sight, deed.member) && (governs(place.role) || !isLost(sight, deed))
    case 'approve':
      return ruling.worth[register.find(deed.admission).index] !== 'void'
    case 'close':
      return mayClose(sight, deed, place)
    case 'role':
      return !isFounder(sight, deed.member)
    case 'remove':
      return rootOf(sight, deed.member) === place.root || !isFounder(sight, deed.member)
    case 'recover':
      return isNextEra(sight, deed) && deed.voters.every(voter => isVoter(sight, keyOf(voter)))
    default:
      return true
  }
}

/** Whether the key is that of the founder, who has not left. */
function isFounder(sight: Sight, key: PublicKey): boolean {
  return placeOf(sight, rootOf(sight, key))?.role === 'founder'
}

function mayClose(sight: Sight, deed: DeedOf<'close'>, place: Place): boolean {
  const { register, ruling } = sight
  const invite = register.find(deed.invite)
  if (ruling.worth[invite.index] !== 'stands') return false
  const isOwn = ruling.author[invite.index]?.root === place.root
  return deed.why === 'spent' || isOwn || governs(place.role)
}

/** Whether the agent of a joiner's key was removed: an invite does not bring it back. */
function isLost(sight: Sight, { member }: DeedOf<'admit' | 'add'>): boolean {
  const dossier = dossierOf(sight, rootOf(sight, member))
  return isRetired(sight, member) || standing(sight, dossier?.removals ?? []).length > 0
}

function isRetired(sight: Sight, key: PublicKey): boolean {
  const rotations = sight.register.dossierOf(key)?.rotations ?? []
  return standing(sight, rotations).some(({ op }) => op.author === key)
}

function isNextEra(sight: Sight, { era }: DeedOf<'recover'>): boolean {
  const eras = standing(sight, sight.register.recoveries).map(({ op }) => {
    return (op.deed as DeedOf<'recover'>).era
  })
  return era === 1 + Math.max(0, ...eras)
}

function isVoter(sight: Sight, key: PublicKey): boolean {
  return isActive(placeOf(sight, rootOf(sight, key)), key)
}

function founding({ genesis }: Register): Place {
  const key = genesis.op.author
  const own = { root: key, admission: genesis, distance: 0, role: 'founder', waits: false } as const
  return { ...own, keys: [key], key, valid: new Set([key]) }
}
