/** Whether a room can go on confirming after somebody's vote is gone. */
import { type ActorId, keyOf } from '../brand.ts'
import type { Member } from '../auth/members.ts'
import { isEnough, isMajority } from '../lease/voters.ts'
import type { Votes } from './call.ts'
import { leaderNow, votersNow } from './chain.ts'
import type { Now } from './effect.ts'
import { memberOf } from './names.ts'
import type { Engine } from './state.ts'

/**
 * What is left of the voters: those that are members by now, `without` aside, and whether one of
 * them leads, as a leader drops the others with fewer votes than it takes to elect one.
 */
export function votesLeft(engine: Engine, now: Now, without?: ActorId): Votes {
  const voters = votersNow(engine)
  const left = voters.filter(voter => {
    return voter !== without && mayVote(memberOf(engine, keyOf(voter)))
  })
  const leader = leaderNow(engine, now)
  const isLed = leader !== undefined && !leader.lapsed && left.includes(leader.actor)
  const got = new Set(left)
  const goOn = isLed ? isEnough(got, voters) : isMajority(got, voters)
  if (goOn || left.length === voters.length) return { kind: 'enough' }
  return { kind: 'lost', voters: voters.length, left: left.length }
}

function mayVote(member: Member | undefined): boolean {
  return member?.status === 'member' && member.role !== 'observer'
}
