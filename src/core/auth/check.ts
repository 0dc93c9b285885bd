/**
 * Whether an op may be in the log at all: signatures, keys, and what it says about its own past.
 *
 * Everything asked here is settled by the op and its past, so the answer is the same on every peer
 * and for ever. Rights are not asked here: whether they were there can depend on what others did.
 */
import { type Hash, type PublicKey, keyOf, unreachable } from '../brand.ts'
import type { Verify } from '../crypto.ts'
import type { Deed, Seal } from './deed.ts'
import { forkOf } from './fraud.ts'
import { admitMessage, changeMessage, rotateMessage } from './messages.ts'
import { type AuthOp, type SignedOp, isSigned } from './op.ts'

/** What an op can have seen. */
export type Past = {
  readonly find: (id: Hash) => AuthOp | undefined
  /** Whether some op made the key one that can have rights. */
  readonly names: (key: PublicKey) => boolean
  /** Whether the key was found sound before; it need not be asked again. */
  readonly isKnownSound: (key: PublicKey) => boolean
}

export type Check = {
  readonly past: Past
  readonly verify: Verify
  readonly isSound: (key: PublicKey) => boolean
}

/** Why an op is not one, as a sentence; undefined when it is. Cheap questions first. */
export function faultOf(signed: SignedOp, check: Check): string | undefined {
  const { op, id } = signed
  const { author, deed } = op
  const isFounding = deed.kind === 'genesis'
  if (!isFounding && !check.past.names(author)) {
    return `Op ${id} is by ${author}, whom nothing in its past lets into the room.`
  }
  if (isFounding && !isSoundIn(check, author)) return `The founder's key ${author} is not sound.`
  if (!isSigned(signed, check.verify)) return `Op ${id} is not signed by ${author}.`

  const fault = faultOfDeed(op, deed, check)
  return fault === undefined ? undefined : `Op ${id} of kind ${deed.kind} ${fault}.`
}

/** The key that an op makes one that can have rights. */
export function namedBy({ author, deed }: AuthOp): PublicKey | undefined {
  switch (deed.kind) {
    case 'genesis':
      return author
    case 'admit':
    case 'add':
      return deed.member
    case 'rotate':
      return deed.key
    default:
      return undefined
  }
}

function faultOfDeed(op: AuthOp, deed: Deed, check: Check): string | undefined {
  const { past } = check
  switch (deed.kind) {
    case 'genesis':
      return undefined
    case 'invite':
      return isSoundIn(check, deed.key) ? undefined : `names the unsound key ${deed.key}`
    case 'add':
      return isSoundIn(check, deed.member) ? undefined : `names the unsound key ${deed.member}`
    case 'admit':
      return faultOfAdmit(op, deed, check)
    case 'approve': {
      const kind = past.find(deed.admission)?.deed.kind
      if (kind === 'admit' || kind === 'add') return undefined
      return `approves ${deed.admission}, no admission in its past`
    }
    case 'close':
      return faultOfClose(deed, past)
    case 'role':
    case 'remove':
      if (!past.names(deed.member)) return `concerns ${deed.member}, whom its past does not know`
      return faultOfSeals(op, deed.seals, check.verify)
    case 'rotate':
      return faultOfRotate(op, deed, check)
    case 'fraud': {
      const fork = forkOf(op.room, deed, check.verify)
      if (fork.kind === 'unproven') return `proves nothing. ${fork.why}`
      return past.names(keyOf(deed.actor)) ? undefined : `accuses a stranger, ${deed.actor}`
    }
    case 'recover':
      return undefined
    default:
      return unreachable(deed)
  }
}

function faultOfAdmit(
  { room }: AuthOp,
  { invite, member, proof }: Extract<Deed, { kind: 'admit' }>,
  check: Check,
): string | undefined {
  const deed = check.past.find(invite)?.deed
  if (deed?.kind !== 'invite') return `uses ${invite}, no invite in its past`
  if (!isSoundIn(check, member)) return `names the unsound key ${member}`
  const message = admitMessage({ room, invite: deed.key, member })
  if (check.verify(deed.key, message, proof)) return undefined
  return `does not prove that ${member} held the invite`
}

function faultOfClose(
  { invite, admissions }: Extract<Deed, { kind: 'close' }>,
  past: Past,
): string | undefined {
  if (past.find(invite)?.deed.kind !== 'invite') return `closes ${invite}, no invite in its past`
  const foreign = admissions.find(id => {
    const deed = past.find(id)?.deed
    return deed?.kind !== 'admit' || deed.invite !== invite
  })
  return foreign === undefined ? undefined : `names ${foreign}, no admission through it in its past`
}

function faultOfRotate(
  op: AuthOp,
  { key, proof, seals }: Extract<Deed, { kind: 'rotate' }>,
  check: Check,
): string | undefined {
  const { room, author } = op
  if (check.past.names(key)) return `rotates to ${key}, a key that its past knows`
  if (!isSoundIn(check, key)) return `names the unsound key ${key}`
  const foreign = seals.find(({ actor }) => keyOf(actor) !== author)
  if (foreign !== undefined) return `seals ${foreign.actor}, no stream of the old key`
  const message = rotateMessage({ room, from: author, to: key, seals })
  if (!check.verify(key, message, proof)) return `has no consent of the new key ${key}`
  return faultOfSeals(op, seals, check.verify)
}

// A seal that its author did not sign could claim a place beyond the stream and end nothing.
function faultOfSeals(
  { room }: AuthOp,
  seals: readonly Seal[],
  verify: Verify,
): string | undefined {
  const forged = seals.find(seal => {
    return !verify(keyOf(seal.actor), changeMessage({ room, ...seal }), seal.signature)
  })
  return forged === undefined ? undefined : `has a seal that ${forged.actor} did not sign`
}

function isSoundIn({ past, isSound }: Check, key: PublicKey): boolean {
  return past.isKnownSound(key) || isSound(key)
}
