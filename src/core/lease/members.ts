/**
 * The room's members as far as leading and voting go, and which voters they should have.
 *
 * Who is a voter is only ever said by the chain. The list that the engine computes from the auth
 * log decides whose new words are heard and what the leader proposes; it never changes what
 * earlier words prove.
 */
import { keyOf, type ActorId } from '../brand.ts'
import { VOTERS_MAX } from '../limits.ts'
import { sortedVoters, type Voters } from './voters.ts'

/** One member, in its present incarnation. `stands`: its role lets it integrate, hence lead. */
export type Member = {
  readonly actor: ActorId
  readonly stands: boolean
  readonly online: boolean
}

/** The members that might become voters next, and should accept the chain for that. */
export function learners(members: readonly Member[]): readonly ActorId[] {
  return members
    .filter(({ online }) => online)
    .slice(0, VOTERS_MAX)
    .map(({ actor }) => actor)
}

/**
 * The next voter set that a leader should propose, one step away, or undefined when all is well.
 * Members come most senior first; `caughtUp` have accepted the whole chain.
 *
 * Sets grow by pairs to odd sizes, because four survive no more than three do; an even set that
 * came about otherwise stays, since dropping a live voter and adding it again helps nobody.
 */
export function nextVoters(
  current: Voters,
  { members, caughtUp }: { members: readonly Member[]; caughtUp: (actor: ActorId) => boolean },
): Voters | undefined {
  const ready = members
    .map(({ actor }) => actor)
    .filter((actor) => !current.includes(actor) && caughtUp(actor))

  // A member with a new incarnation takes the place of its old one: nobody may vote twice.
  const reborn = ready.find((actor) => current.some((voter) => isSameKey(voter, actor)))
  if (reborn !== undefined) {
    return sortedVoters([...current.filter((voter) => !isSameKey(voter, reborn)), reborn])
  }

  const removed = current.find((voter) => !members.some(({ actor }) => isSameKey(voter, actor)))
  if (removed !== undefined && current.length > 1) {
    return sortedVoters(current.filter((voter) => voter !== removed))
  }

  const [next, second] = ready
  if (next === undefined || current.length >= VOTERS_MAX) return undefined
  const wouldBeEven = current.length % 2 === 1
  if (wouldBeEven && current.length > 1 && second === undefined) return undefined
  return sortedVoters([...current, next])
}

function isSameKey(a: ActorId, b: ActorId): boolean {
  return keyOf(a) === keyOf(b)
}
