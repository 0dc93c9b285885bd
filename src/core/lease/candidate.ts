/**
 * The candidate: first it asks who would grant, which binds nobody, and only with a majority of
 * such answers does it stand, which binds voters for ever.
 */
import { keyOf, type ActorId, type Monotonic, type PublicKey } from '../brand.ts'
import { STAND_REST_MS, STAND_ROUND_MS, STAND_STEP_MS, TERM_JUMP_MAX } from '../limits.ts'
import { standBytes, type Grant, type Stand } from './ballot.ts'
import { tailOf } from './chain.ts'
import { isGrantFor } from './check.ts'
import { lead } from './leader.ts'
import type { Position } from './position.ts'
import { rankOf } from './ranking.ts'
import {
  broadcast,
  electorsOf,
  floorOf,
  isVoterKey,
  memberOf,
  type Lease,
  type Turn,
} from './state.ts'
import { grant, patienceWith } from './voter.ts'
import { isMajority, isNamed, type Voters } from './voters.ts'

/** On each tick: gives a round up that was not answered, and begins one when it is time. */
export function considerStanding(turn: Turn): void {
  const { lease, now } = turn
  const { role } = lease
  if (role.kind === 'leader') return
  if (role.kind !== 'follower') {
    if (now < role.since + STAND_ROUND_MS) return
    rest(turn)
  }
  if (!mayStand(lease) || now < standsAt(lease, now)) return
  ask(turn)
}

/** A voter would grant. */
export function onPreGrant(
  turn: Turn,
  from: PublicKey,
  answer: { readonly term: number; readonly candidate: ActorId; readonly voter: ActorId },
): void {
  const { lease } = turn
  const { role } = lease
  if (role.kind !== 'asking' || answer.term !== role.term) return
  if (answer.candidate !== lease.me.actor || keyOf(answer.voter) !== from) return
  if (memberOf(lease, answer.voter) === undefined) return
  role.willing.add(answer.voter)
  if (isElected(lease, role.willing)) stand(turn, role.term)
}

/** A voter has granted. */
export function onGrant(turn: Turn, grant: Grant): void {
  const { lease } = turn
  const { role, era, verify, rules } = lease
  if (role.kind !== 'standing' || memberOf(lease, grant.voter) === undefined) return
  const claim = { term: role.term, leader: lease.me.actor, tail: tailOf(lease.chain) }
  if (!isGrantFor(grant, claim, { era, verify, rules })) return
  role.grants.set(grant.voter, grant)
  leadIfElected(turn)
}

/** A voter said no. Its term is hearsay: it is believed within bounds, so nothing can lock up. */
export function onRefuse(
  turn: Turn,
  from: PublicKey,
  refusal: { readonly term: number; readonly last: Position },
): void {
  const { lease, now } = turn
  const { role } = lease
  if (!isVoterKey(lease, from)) return
  const believed = Math.min(refusal.term, floorOf(lease) + TERM_JUMP_MAX - 1)
  lease.heardTerm = Math.max(lease.heardTerm, believed)
  if (role.kind !== 'leader' || refusal.term <= role.term) return
  // A voter that promised more will never accept here. Standing again in a higher term, at once,
  // wins it back or finds out who leads now.
  lease.role = { kind: 'follower' }
  lease.heardAt = undefined
  lease.restingSince = (now - STAND_REST_MS) as Monotonic
}

/** Gives a candidacy up and lets others go first for a while. */
export function rest({ lease, now }: Turn): void {
  lease.role = { kind: 'follower' }
  lease.restingSince = now
}

function mayStand(lease: Lease): boolean {
  const { actor } = lease.me
  if (lease.forgetful || !isNamed(actor, electorsOf(lease))) return false
  return memberOf(lease, actor)?.stands === true
}

/** When this peer may stand: at once where it is the only voter, else after its rank's patience. */
function standsAt(lease: Lease, now: Monotonic): number {
  const sets = electorsOf(lease)
  if (sets.every((voters) => voters.length === 1)) return now

  const rested = (lease.restingSince ?? now) + STAND_REST_MS
  const reign = lease.chain.reigns.at(-1)
  const missed =
    reign === undefined || lease.heardAt === undefined
      ? 0
      : lease.heardAt + patienceWith(lease, keyOf(reign.leader))
  return Math.max(rested, missed) + STAND_STEP_MS * rank(lease, sets, reign?.leader)
}

/** This peer's rank among the voters that are there and could lead, the missed leader left out. */
function rank(lease: Lease, sets: readonly Voters[], missed: ActorId | undefined): number {
  const among = [...new Set(sets.flat())]
    .filter((actor) => actor !== missed && memberOf(lease, actor)?.online === true)
    .filter((actor) => memberOf(lease, actor)?.stands === true)
    .map(keyOf)
  return rankOf(lease.me.key, { era: lease.era, term: nextTerm(lease), among })
}

function nextTerm(lease: Lease): number {
  return Math.max(floorOf(lease), lease.heardTerm) + 1
}

function ask(turn: Turn): void {
  const { lease, now } = turn
  const term = nextTerm(lease)
  const willing = new Set([lease.me.actor])
  lease.role = { kind: 'asking', term, since: now, willing }
  if (isElected(lease, willing)) return stand(turn, term)
  announce(turn, 'pre', term)
}

function stand(turn: Turn, term: number): void {
  const { lease, now } = turn
  grant(turn, { term, candidate: lease.me.actor })
  const own = lease.journal.granted as Grant
  lease.role = { kind: 'standing', term, since: now, grants: new Map([[own.voter, own]]) }
  if (!leadIfElected(turn)) announce(turn, 'real', term)
}

function announce(turn: Turn, phase: Stand['phase'], term: number): void {
  const { lease } = turn
  const { id: lastId, ...last } = tailOf(lease.chain)
  const draft = { phase, term, candidate: lease.me.actor, last, lastId }
  const signature = lease.me.sign(standBytes(lease.era, draft))
  broadcast(turn, { kind: 'stand', era: lease.era.number, stand: { ...draft, signature } })
}

function leadIfElected(turn: Turn): boolean {
  const { role } = turn.lease
  if (role.kind !== 'standing' || !isElected(turn.lease, new Set(role.grants.keys()))) return false
  lead(turn, role.term, [...role.grants.values()])
  return true
}

function isElected(lease: Lease, got: ReadonlySet<ActorId>): boolean {
  return electorsOf(lease).every((voters) => isMajority(got, voters))
}
