/**
 * The lease: who leads, and what is confirmed.
 *
 * At most one record is ever confirmed at a place of the term chain, whatever crashes, pauses,
 * partitions and delays there are. When that cannot be had (no majority can talk) nothing is
 * confirmed, and the room works on provisionally. Clocks and connections only decide when a peer
 * *tries*; safety comes from what voters signed and flushed to disk. A lying voter or leader is
 * not prevented from contradicting itself, but its signatures show it afterwards.
 *
 *     follower --time, a majority would grant--> standing --majority granted--> leader
 *        ^  ^------- asking ------^                 |                             |
 *        '--- a higher chain arrives, a higher term is promised, refused, resigned '
 *
 * Beside its role every peer is a voter: it answers candidates, follows the highest-ranking chain
 * it can verify, and accepts its tail. Learners do the same, and nobody counts them yet.
 *
 * Invariants, checked after every step of the simulator:
 * - One candidate at most gets a voter's grant of a term; no word of a lower term follows it.
 * - A held tail never ranks (term of its last record, length) below an earlier one.
 * - An accept is for a whole tail and in the term of its last record; it promises that term.
 * - A leader writes one record at a place, on disk with its own accept before anyone sees it.
 * - Every later leader's chain contains every confirmed record.
 * - Every record that is held was checked: signature, predecessor, and that the voters of the
 *   chain before it, both sets of them while a change may not count, elected its leader.
 * - A confirmed prefix is never replaced; a valid chain without it is reported, not taken.
 *
 * What goes wrong, and what happens then:
 * - The leader dies: its pulses stop, a voter stands; what it had not confirmed may be replaced.
 * - The leader cannot reach enough voters: it lapses, answers `lapsed`, and keeps its term, which
 *   it takes up where it was when they answer again. A restart is the same.
 * - Any message is lost: the next pulse brings a want, a missing accept, or a refusal.
 * - A disk is lost or goes back in time: words are about that its journal does not know. That
 *   incarnation is mute for ever; the next one votes once a record names it.
 * - In a room of two that becomes three the leader dies as the only one who knows that the change
 *   counts: the other two cannot elect, having no majority of the old set, until it returns or
 *   `recover` opens an era. No joint election can avoid this.
 * - A voter lies about terms: elections can be delayed, by bounded jumps; nothing false is
 *   confirmed by that.
 */
import { keyOf, unreachable, type ActorId, type Monotonic, type PublicKey } from '../brand.ts'
import { considerStanding, onGrant, onPreGrant, onRefuse, rest } from './candidate.ts'
import { tailOf } from './chain.ts'
import {
  changeVoters,
  keepLease,
  leaveIfDropped,
  onAnswer,
  propose,
  resume,
  stepDown,
} from './leader.ts'
import type { Member } from './members.ts'
import type { LeaseMessage } from './message.ts'
import { comparePositions } from './position.ts'
import { leaderOf, votersOf } from './queries.ts'
import { memberOf, type Lease, type LeaseEffect, type LeaseInput, type Turn } from './state.ts'
import {
  askAround,
  onAccept,
  onCertificate,
  onPulse,
  onRecords,
  onResign,
  onWant,
  tell,
  want,
} from './sync.ts'
import { onStand } from './voter.ts'

export { openLease, type LeaseOptions, type Opening } from './open.ts'
export * from './queries.ts'
export * from './tenure.ts'
export type { Lease, LeaseEffect, LeaseInput, ProposeOutcome, Role, Self } from './state.ts'

/** Moves one peer's lease forward by one input; changes it in place, answers what to do. */
export function stepLease(lease: Lease, now: Monotonic, input: LeaseInput): LeaseEffect[] {
  const turn: Turn = { lease, now, effects: [] }
  if (lease.restingSince === undefined) {
    lease.restingSince = now
    resume(turn)
  }
  perform(turn, input)
  tell(turn)
  changeVoters(turn)
  tell(turn)
  leaveIfDropped(turn)
  noteChange(turn)
  return turn.effects
}

function perform(turn: Turn, input: LeaseInput): void {
  const { lease } = turn
  switch (input.kind) {
    case 'tick':
      keepLease(turn)
      considerStanding(turn)
      return askAround(turn)
    case 'heard':
      return onMessage(turn, keyOf(input.from as ActorId), input.message)
    case 'connected':
      lease.connected.add(input.key)
      return want(turn, input.key)
    case 'disconnected':
      lease.connected.delete(input.key)
      return
    case 'propose':
      turn.effects.push({ kind: 'proposed', outcome: propose(turn, input.payload) })
      return
    case 'eligible':
      return onEligible(turn, input.members)
    case 'step-down':
      return stepDown(turn)
    default:
      return unreachable(input)
  }
}

/** Messages of another era say nothing here: the auth log brings its `recover` first. */
function onMessage(turn: Turn, from: PublicKey, message: LeaseMessage): void {
  if (message.era !== turn.lease.era.number || from === turn.lease.me.key) return
  switch (message.kind) {
    case 'stand':
      return onStand(turn, from, message.stand)
    case 'grant':
      return onGrant(turn, message.grant)
    case 'pre-grant':
      return onPreGrant(turn, from, message)
    case 'accept':
      return onAccept(turn, from, message.accept)
    case 'pulse':
      return onPulse(turn, from, message.at)
    case 'pulse-answer':
      return onAnswer(turn, from, message)
    case 'refuse':
      onRefuse(turn, from, message)
      if (comparePositions(message.last, tailOf(turn.lease.chain)) > 0) want(turn, from)
      return
    case 'want':
      return onWant(turn, from, message.at)
    case 'records':
      return onRecords(turn, from, message.records)
    case 'certificate':
      return onCertificate(turn, from, message)
    case 'resign':
      return onResign(turn, from, message.term)
    default:
      return unreachable(message)
  }
}

/** A member that lost the right to lead stops leading and standing at once. */
function onEligible(turn: Turn, members: readonly Member[]): void {
  const { lease } = turn
  lease.members = members
  if (memberOf(lease, lease.me.actor)?.stands === true) return
  if (lease.role.kind === 'leader') stepDown(turn)
  else if (lease.role.kind !== 'follower') rest(turn)
}

function noteChange({ lease, now, effects }: Turn): void {
  const leader = leaderOf(lease, now)
  const { voters, counts } = votersOf(lease)
  const status = [leader?.actor, leader?.term, leader?.mine, leader?.lapsed, voters, counts].join()
  if (status === lease.told.status) return
  lease.told.status = status
  effects.push({ kind: 'changed' })
}
