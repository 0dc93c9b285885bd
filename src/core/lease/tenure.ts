/**
 * The lease for whoever looks at it: who holds it, by whose word, until when, and what is missing.
 *
 * Nothing here decides anything. A leader knows who acknowledged it and when; everybody else knows
 * when it heard the leader, and the accepts that the chain carries.
 */
import type { ActorId, Monotonic } from '../brand.ts'
import { keyOf } from '../brand.ts'
import { LEASE_MS } from '../limits.ts'
import type { Position } from './position.ts'
import { comparePositions } from './position.ts'
import { leaderOf, type Leader } from './queries.ts'
import {
  confirmersOf,
  electorsOf,
  floorOf,
  memberOf,
  standingOf,
  type Lease,
} from './state.ts'
import type { Standing } from './message.ts'
import { patienceWith } from './voter.ts'
import { enoughOf, isMajority, majorityOf, type Voters } from './voters.ts'

/** One voter, as this peer knows it. */
export type Voice = {
  readonly actor: ActorId
  /** Until the last change counts, a voter may be of the set before it, of the new one, or both. */
  readonly of: 'both' | 'old' | 'new'
  readonly online: boolean
  /** Whether it may be elected; a voter that may not still votes. */
  readonly stands: boolean
  /** When it was last known to follow the leader; of the leader itself, when it was heard. */
  readonly acknowledged: Monotonic | undefined
  /** The furthest place that it is known to have accepted. */
  readonly accepted: Position | undefined
}

/** What is missing before anything can be confirmed. */
export type Missing =
  /** So many more of these have to be reached. */
  | { readonly kind: 'voters'; readonly needed: number; readonly of: readonly ActorId[] }
  /** Enough of them are reached, and none of those may lead; one of these would have to. */
  | { readonly kind: 'candidate'; readonly of: readonly ActorId[] }
  /** Nothing but time: an election is due. */
  | { readonly kind: 'election' }

/** Everything that `knot lease` tells. */
export type Tenure = {
  readonly era: number
  /** The highest term that this peer has promised or seen. */
  readonly term: number
  readonly leader: Leader | undefined
  /** When the lease runs out if nothing more is heard; undefined where nothing bounds it. */
  readonly until: Monotonic | undefined
  readonly standing: Standing
  /** The last change of voters, and whether it counts; undefined before the first. */
  readonly change: { readonly seq: number; readonly counts: boolean } | undefined
  readonly voters: readonly Voice[]
  /** Empty while what is asked can be confirmed. */
  readonly missing: readonly Missing[]
}

/** The lease as it stands here and now. */
export function tenureOf(lease: Lease, now: Monotonic): Tenure {
  const { chain, era } = lease
  const leader = leaderOf(lease, now)
  const last = chain.changes.at(-1)
  const change = last && { seq: last.seq, counts: last.counted !== undefined }
  const isHeld = leader !== undefined && !leader.lapsed
  return {
    era: era.number,
    term: floorOf(lease),
    leader,
    until: untilOf(lease),
    standing: standingOf(chain),
    change,
    voters: voicesOf(lease, now),
    missing: isHeld ? [] : missingOf(lease, now),
  }
}

/** Whether somebody else could take the lead now, were it given up: whom, or what is missing. */
export type Succession =
  | { readonly kind: 'possible'; readonly by: readonly ActorId[] }
  | { readonly kind: 'impossible'; readonly missing: Missing }

/** Looks for those who could be elected without this peer standing; it votes all the same. */
export function successionOf(lease: Lease): Succession {
  for (const voters of electorsOf(lease)) {
    const short = shortOf(lease, voters)
    if (short !== undefined) return { kind: 'impossible', missing: short }
  }
  const others = namedIn(electorsOf(lease)).filter((actor) => actor !== lease.me.actor)
  const by = others.filter((actor) => isOnline(lease, actor) && mayLead(lease, actor))
  if (by.length > 0) return { kind: 'possible', by }
  return { kind: 'impossible', missing: { kind: 'candidate', of: others } }
}

function voicesOf(lease: Lease, now: Monotonic): Voice[] {
  const { chain } = lease
  const last = chain.changes.at(-1)
  const isOpen = last !== undefined && last.counted === undefined
  const [old, fresh] = isOpen ? [last.old, last.voters] : [[], last?.voters ?? chain.first]
  return namedIn([fresh, old]).map((actor) => ({
    actor,
    of: !isOpen || (old.includes(actor) && fresh.includes(actor)) ? 'both'
      : fresh.includes(actor) ? 'new' : 'old',
    online: isOnline(lease, actor),
    stands: mayLead(lease, actor),
    acknowledged: acknowledgedAt(lease, now, actor),
    accepted: acceptedBy(lease, actor),
  }))
}

function acknowledgedAt(lease: Lease, now: Monotonic, actor: ActorId): Monotonic | undefined {
  const { role, me, chain, heardAt } = lease
  if (role.kind === 'leader') return actor === me.actor ? now : role.answered.get(actor)
  return chain.reigns.at(-1)?.leader === actor ? heardAt : undefined
}

function acceptedBy({ chain }: Lease, actor: ActorId): Position | undefined {
  let best: Position | undefined
  for (const byVoter of chain.accepts.values()) {
    const accept = byVoter.get(actor)?.accept
    if (accept === undefined || (best && comparePositions(accept, best) <= 0)) continue
    best = { term: accept.term, seq: accept.seq }
  }
  return best
}

/** When enough will not have answered for a lease's time, or the leader not been heard for it. */
function untilOf(lease: Lease): Monotonic | undefined {
  const { role, chain, heardAt } = lease
  if (role.kind !== 'leader') {
    const leader = chain.reigns.at(-1)?.leader
    if (leader === undefined || heardAt === undefined) return undefined
    return (heardAt + patienceWith(lease, keyOf(leader))) as Monotonic
  }
  const ends = confirmersOf(lease).map((voters) => {
    const answers = voters.map((voter) => answerOf(lease, voter)).sort((a, b) => b - a)
    return (answers[enoughOf(voters.length) - 1] as number) + LEASE_MS
  })
  const end = Math.min(...ends)
  return Number.isFinite(end) ? (end as Monotonic) : undefined
}

function answerOf({ role, me }: Lease, voter: ActorId): number {
  if (voter === me.actor) return Infinity
  return (role.kind === 'leader' ? role.answered.get(voter) : undefined) ?? -Infinity
}

function missingOf(lease: Lease, now: Monotonic): Missing[] {
  if (lease.role.kind === 'leader') return silentFor(lease, now)
  const short = electorsOf(lease).flatMap((voters) => shortOf(lease, voters) ?? [])
  if (short.length > 0) return short
  const named = namedIn(electorsOf(lease))
  const able = named.filter((actor) => isOnline(lease, actor) && mayLead(lease, actor))
  return able.length > 0 ? [{ kind: 'election' }] : [{ kind: 'candidate', of: named }]
}

/** Who has not answered a leader that lapsed, for each set of which too few did. */
function silentFor(lease: Lease, now: Monotonic): Missing[] {
  return confirmersOf(lease).flatMap((voters): Missing[] => {
    const silent = voters.filter((voter) => now >= answerOf(lease, voter) + LEASE_MS)
    const needed = enoughOf(voters.length) - (voters.length - silent.length)
    return needed > 0 ? [{ kind: 'voters', needed, of: silent }] : []
  })
}

/** How many of a set lack for a majority, and who they could be. */
function shortOf(lease: Lease, voters: Voters): Missing | undefined {
  const reached = new Set(voters.filter((voter) => isOnline(lease, voter)))
  if (isMajority(reached, voters)) return undefined
  const of = voters.filter((voter) => !reached.has(voter))
  return { kind: 'voters', needed: majorityOf(voters.length) - reached.size, of }
}

function isOnline(lease: Lease, actor: ActorId): boolean {
  return memberOf(lease, actor)?.online === true
}

function mayLead(lease: Lease, actor: ActorId): boolean {
  return memberOf(lease, actor)?.stands === true
}

function namedIn(sets: readonly Voters[]): readonly ActorId[] {
  return [...new Set(sets.flat())].sort()
}
