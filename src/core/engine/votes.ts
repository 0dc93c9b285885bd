/** Whether a room can go on confirming after somebody's vote is gone. */
import { type ActorId, keyOf } from '../brand.ts'
import type { Member } from '../auth/members.ts'
import { isEnough, isMajority } from '../lease/voters.ts'
import type { Votes } from './call.ts'
import { isThere } from './alive.ts'
import { leaderNow, votersNow } from './chain.ts'
import type { Now } from './effect.ts'
import { memberOf } from './names.ts'
import type { Engine } from './state.ts'

/**
 * What is left of the voters: those that are members by now, and whether one of them leads, as a
 * leader drops the others with fewer votes than it takes to elect one.
 */
export function votesLeft(engine: Engine, now: Now): Votes {
  const voters = votersNow(engine)
  const left = voters.filter((voter) => mayVote(memberOf(engine, keyOf(voter))))
  const leader = leaderNow(engine, now)
  const isLed = leader !== undefined && !leader.lapsed && left.includes(leader.actor)
  const got = new Set(left)
  const goOn = isLed ? isEnough(got, voters) : isMajority(got, voters)
  if (goOn || left.length === voters.length) return { kind: 'enough' }
  return { kind: 'lost', voters: voters.length, left: left.length }
}

/**
 * Whether those voters that are there now can go on confirming when one of them votes no more; true
 * of who votes not at all. Who is away may be so for long, and nobody new is named without enough.
 */
export function goesOnWithout(engine: Engine, now: Now, gone: ActorId): boolean {
  const voters = votersNow(engine)
  if (!voters.includes(gone)) return true
  const there = voters.filter((voter) => {
    const member = memberOf(engine, keyOf(voter))
    return voter !== gone && mayVote(member) && isThere(engine, now, keyOf(voter))
  })
  const leader = leaderNow(engine, now)
  const isLed = leader !== undefined && !leader.lapsed && there.includes(leader.actor)
  const got = new Set(there)
  return isLed ? isEnough(got, voters) : isMajority(got, voters)
}

function mayVote(member: Member | undefined): boolean {
  return member?.status === 'member' && member.role !== 'observer'
}
