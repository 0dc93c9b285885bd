/** Ops by the people of the tests of core/auth. */
import {
  type Spot,
  makeAdd,
  makeAdmit,
  makeInvite,
  makeRemove,
  makeRole,
} from '../../../src/core/auth/author.ts'
import { writeDeed } from '../../../src/core/auth/deed-bytes.ts'
import type { Seal } from '../../../src/core/auth/deed.ts'
import { makeJoinRequest } from '../../../src/core/auth/join.ts'
import { changeMessage } from '../../../src/core/auth/messages.ts'
import type { Name } from '../../../src/core/auth/name.ts'
import type { AuthOp, SignedOp } from '../../../src/core/auth/op.ts'
import type { GivenRole } from '../../../src/core/auth/roles.ts'
import type { Hash, Instant, RoomId } from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import { Writer } from '../../../src/core/bytes/writer.ts'
import type { Signer } from '../../../src/core/crypto.ts'
import { alice, bob, carol, dave, erin, name, seedOf, signer } from './keys.ts'

export * from './keys.ts'

/** The moment of every op of the tests. */
export const NOON = 1_700_000_000_000 as Instant

export const GENESIS = {
  incarnation: '0000000000000001',
  founder: name('alice'),
  name: name('orchard'),
  secret: seedOf('secret'),
  approve: false,
  at: NOON,
}

export const NAMES = new Map([alice, bob, carol, dave, erin].map((each, at) => {
  return [each.key, name(['alice', 'bob', 'carol', 'dave', 'erin'][at] as string)]
}))

/** An addition of one of the cast. */
export function add(author: Signer, spot: Spot, member: Signer, role: GivenRole): SignedOp {
  return makeAdd(author, spot, { member: member.key, name: nameOf(member), role })
}

export function remove(author: Signer, spot: Spot, member: Signer, ...seals: Seal[]): SignedOp {
  return makeRemove(author, spot, { member: member.key, seals })
}

export function setRole(
  author: Signer,
  spot: Spot,
  member: Signer,
  role: GivenRole,
  ...seals: Seal[]
): SignedOp {
  return makeRole(author, spot, { member: member.key, role, seals })
}

/** An op in its bytes, under any signature and format version. */
export function rawOp(op: AuthOp, signature: Uint8Array, version = 1): Uint8Array {
  const room = op.deed.kind === 'genesis' ? '00'.repeat(32) : op.room
  const body = new Writer().u8(version).id(room).id(op.author)
  body.list(op.parents, parent => body.id(parent)).uint(op.at)
  return new Writer().bytes(writeDeed(body, op.deed).done()).raw(signature).done()
}

/** An invite whose private half is made from a word. */
export function invite(
  author: Signer,
  spot: Spot,
  word: string,
  terms: { role?: GivenRole; uses?: number; expires?: Instant } = {},
): SignedOp {
  const { role = 'member', uses = 10, expires } = terms
  return makeInvite(author, spot, { key: signer(word).key, role, uses, expires })
}

export function admit(
  sponsor: Signer,
  spot: Spot,
  joiner: Signer,
  through: { invite: SignedOp; word: string },
): SignedOp {
  const request = requestOf(spot.room, joiner, through.word)
  const wanted = nameOf(joiner)
  return makeAdmit(sponsor, spot, { invite: through.invite.id, request, name: wanted })
}

export function requestOf(room: RoomId, joiner: Signer, word: string) {
  return makeJoinRequest({ room, invite: signer(word), member: joiner, name: nameOf(joiner) })
}

export function nameOf({ key }: Signer): Name {
  return NAMES.get(key) ?? name(`n-${key.slice(0, 6)}`)
}

export const VOLUME = hashOf(utf8('volume'))

/** A seal on an author's stream of the given incarnation. */
export function seal(
  room: RoomId,
  author: Signer,
  place: { incarnation?: string; seq: number; hash?: Hash },
): Seal {
  const actor = (author.key + (place.incarnation ?? '0000000000000001')) as Seal['actor']
  const { seq, hash = hashOf(utf8(`change ${seq}`)) } = place
  const at = { room, volume: VOLUME, actor, seq, hash }
  return { actor, volume: VOLUME, seq, hash, signature: author.sign(changeMessage(at)) }
}
