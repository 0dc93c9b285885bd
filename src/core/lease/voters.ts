/** Voter sets: how many make a leader, and how many confirm. */
import { keyOf, type ActorId, type PublicKey } from '../brand.ts'

/** The actors of one set, ascending. */
export type Voters = readonly ActorId[]

/** More than half: any two majorities share a voter. */
export function majorityOf(size: number): number {
  return Math.floor(size / 2) + 1
}

/** The fewest that meet every majority: 1 of 2, 2 of 3, 2 of 4, 3 of 5. */
export function enoughOf(size: number): number {
  return size - majorityOf(size) + 1
}

/** Whether these actors are a majority of the set: with them a leader can be made. */
export function isMajority(got: ReadonlySet<ActorId>, voters: Voters): boolean {
  return countIn(got, voters) >= majorityOf(voters.length)
}

/** Whether no leader can be made without one of these actors: what they hold is safe. */
export function isEnough(got: ReadonlySet<ActorId>, voters: Voters): boolean {
  return countIn(got, voters) >= enoughOf(voters.length)
}

/** Orders actors as every set and list of them is written. */
export function sortedVoters(actors: Iterable<ActorId>): Voters {
  return [...new Set(actors)].sort()
}

/** Whether one of the sets names this actor. */
export function isNamed(actor: ActorId, sets: readonly Voters[]): boolean {
  return sets.some((voters) => voters.includes(actor))
}

/** Whether one of the sets names an actor of this key. */
export function isKeyNamed(key: PublicKey, sets: readonly Voters[]): boolean {
  return sets.some((voters) => voters.some((voter) => keyOf(voter) === key))
}

function countIn(got: ReadonlySet<ActorId>, voters: Voters): number {
  return voters.filter((voter) => got.has(voter)).length
}
