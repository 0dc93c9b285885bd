/** The members of a room, with the names that are shown for them. */
import type { AgentId, Hash, PublicKey } from '../brand.ts'
import type { Entry } from './log.ts'
import { agentIdOf } from './identity.ts'
import { type Name, namer } from './name.ts'
import { type Place, type Sight, placeOf, rootOf, rootsOf } from './place.ts'
import type { DeedOf } from './register.ts'
import type { Role } from './roles.ts'

export type Member = {
  readonly agent: AgentId
  /** The key that it signs with now. */
  readonly key: PublicKey
  /** All its keys, the first ones first. */
  readonly keys: readonly PublicKey[]
  /** Unique in the room. */
  readonly name: Name
  readonly role: Role
  /** Pending: waits for a founder or admin. */
  readonly status: 'member' | 'pending' | 'removed'
  /** The op that let it in. */
  readonly admission: Hash
  /** Who signed that op; undefined for the founder. */
  readonly sponsor: AgentId | undefined
  /** How many handed the right to be here on, from the founder's 0. */
  readonly distance: number
}

/** Everyone who was let in or waits, the most senior first. */
export function membersOf(sight: Sight): Map<AgentId, Member> {
  const found = rootsOf(sight).flatMap(root => {
    const place = placeOf(sight, root)
    const known = place ?? formerPlace(sight, root)
    if (known === undefined) return []
    return { agent: agentIdOf(root), place: known, status: statusOf(place) }
  })
  found.sort((a, b) => rank(a) - rank(b) || seniority(a.place, b.place))

  // In this order the first holder of a name keeps it, removed or not: whoever comes later cannot
  // take over the name under which others know somebody's work.
  const members = new Map<AgentId, Member>()
  const nameOf = namer()
  for (const { agent, place, status } of found) {
    const { admission, distance, role, keys, key } = place
    const name = nameOf(wantedName(admission))
    const sponsor = distance === 0 ? undefined : sponsorOf(sight, admission)
    const id = admission.id
    members.set(agent, { agent, key, keys, name, role, status, admission: id, sponsor, distance })
  }
  return members
}

function statusOf(place: Place | undefined): Member['status'] {
  if (place === undefined) return 'removed'
  return place.waits ? 'pending' : 'member'
}

type Found = { place: Place; status: Member['status'] }

function rank({ status }: Found): number {
  return status === 'pending' ? 1 : 0
}

function seniority(a: Place, b: Place): number {
  return a.distance - b.distance || (a.admission.id < b.admission.id ? -1 : 1)
}

function sponsorOf({ register, ruling }: Sight, { op, past }: Entry): AgentId {
  return agentIdOf(rootOf({ register, ruling, past }, op.author))
}

/** What an agent was, had none of its removals been; undefined when it was never let in. */
function formerPlace(sight: Sight, root: PublicKey): Place | undefined {
  const { register, ruling } = sight
  const removals = new Set(register.dossierOf(root)?.removals.map(({ index }) => index))
  const worth = ruling.worth.map((each, index) => (removals.has(index) ? 'void' : each))
  return placeOf({ ...sight, ruling: { ...ruling, worth } }, root)
}

function wantedName({ op }: Entry): Name {
  const deed = op.deed as DeedOf<'genesis' | 'admit' | 'add'>
  return deed.kind === 'genesis' ? deed.founder : deed.name
}
