/** Which ops can end another: those that take its author's right away and had not seen it. */
import type { Hash } from '../brand.ts'
import { holds } from './bits.ts'
import type { Entry } from './log.ts'
import { type Sight, rootOf, targetOf } from './place.ts'
import type { DeedOf, Dossier, Register } from './register.ts'
import { suffices } from './right.ts'

/** All that may end an op: what must be known before the op can stand. */
export type Threats = {
  /** The invite of an admission: where it has ended, the joiner waits. */
  readonly invite: Entry | undefined
  /** Removals, changes of role and rotations about the author's kin. */
  readonly takers: readonly Entry[]
  /** The same about the kin of who made the invite of an admission. */
  readonly closers: readonly Entry[]
  readonly closes: readonly Entry[]
}

/** All that may end an op, whatever they are worth and whomever of the kin they mean. */
export function threatsTo(register: Register, entry: Entry): Threats {
  const { author, deed } = entry.op
  const none = { invite: undefined, takers: [], closers: [], closes: [] }
  if (deed.kind === 'genesis' || deed.kind === 'fraud') return none

  const takers = takersIn(register.dossierOf(author)).filter(taker => areConcurrent(taker, entry))
  if (deed.kind !== 'admit') return { ...none, takers }
  const invite = register.find(deed.invite)
  const closers = takersIn(register.dossierOf(invite.op.author)).filter(({ past }) => {
    return holds(past, invite.index) && !holds(past, entry.index)
  })
  return { invite, takers, closers, closes: register.closes.get(deed.invite) ?? [] }
}

/** What the threats make of an op that had its right; undefined while that is open. */
export function afterThreats(
  { register, ruling }: Omit<Sight, 'past'>,
  entry: Entry,
  { invite, takers, closers, closes }: Threats,
): 'stands' | 'ended' | undefined {
  const { worth } = ruling
  const stands = ({ index }: Entry): boolean => worth[index] === 'stands'
  if (invite !== undefined && worth[invite.index] === 'ended') return 'ended'
  const own: Sight = { register, ruling, past: entry.past }
  if (takers.some(taker => stands(taker) && takesFrom(own, taker, entry))) return 'ended'
  const isClosing = (closer: Entry) => stands(closer) && closesInvite(own, closer, invite as Entry)
  if (closers.some(isClosing)) return 'ended'

  const omitting = closes.filter(close => !deedOf(close).admissions.includes(entry.id))
  if (omitting.some(close => stands(close) && deedOf(close).why === 'revoked')) return 'ended'
  const all = [...takers, ...closers, ...closes]
  if (all.some(({ index }) => worth[index] === undefined)) return undefined

  // Where an invite was spent on two sides at once, each side names its own and all of them stand.
  const standing = closes.filter(stands)
  const isOmitted = standing.length > 0 && standing.every(close => omitting.includes(close))
  return isOmitted ? 'ended' : 'stands'
}

/** What took from the author of an invite the right to have made it. */
export function closersOf(sight: Sight, id: Hash): Entry[] {
  const invite = sight.register.find(id)
  return takersIn(sight.register.dossierOf(invite.op.author)).filter(closer => {
    return holds(closer.past, invite.index) && closesInvite(sight, closer, invite)
  })
}

/** Whether a standing op leaves the author of another without the right to it. */
function takesFrom(sight: Sight, taker: Entry, { op }: Entry): boolean {
  const { deed } = taker.op
  if (deed.kind === 'rotate') return taker.op.author === op.author
  if (targetOf(sight, taker) !== rootOf(sight, op.author)) return false
  return deed.kind === 'remove' || !suffices((deed as DeedOf<'role'>).role, op, sight)
}

// A rotation closes no invite: its author is the same agent.
function closesInvite(sight: Sight, closer: Entry, invite: Entry): boolean {
  const { deed } = closer.op
  const author = sight.ruling.author[invite.index]?.root
  if (deed.kind === 'rotate' || targetOf(sight, closer) !== author) return false
  return deed.kind === 'remove' || !suffices((deed as DeedOf<'role'>).role, invite.op, sight)
}

function takersIn(dossier: Dossier | undefined): Entry[] {
  if (dossier === undefined) return []
  return [...dossier.removals, ...dossier.roles, ...dossier.rotations]
}

function areConcurrent(a: Entry, b: Entry): boolean {
  return a !== b && !holds(a.past, b.index) && !holds(b.past, a.index)
}

function deedOf(close: Entry): DeedOf<'close'> {
  return close.op.deed as DeedOf<'close'>
}
