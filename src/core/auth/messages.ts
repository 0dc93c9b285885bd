/** What is signed besides whole ops, each under a purpose of its own. */
import type { ActorId, Hash, PublicKey, RoomId } from '../brand.ts'
import { tagged } from '../bytes/hash.ts'
import { Writer } from '../bytes/writer.ts'
import { writeSeals } from './deed-bytes.ts'
import type { Seal } from './deed.ts'
import type { Name } from './name.ts'

/**
 * What the private half of an invite signs to let one key in. It names the invite by its public
 * key, because a joiner holds the link and no auth log.
 */
export function admitMessage({ room, invite, member }: {
  room: RoomId
  invite: PublicKey
  member: PublicKey
}): Uint8Array {
  return tagged('knot/admit/1', new Writer().id(room).id(invite).id(member).done())
}

/** What a joiner signs with its own key: that it wants to be in, through this invite, so named. */
export function joinMessage({ room, invite, member, name }: {
  room: RoomId
  invite: PublicKey
  member: PublicKey
  name: Name
}): Uint8Array {
  return tagged('knot/join/1', new Writer().id(room).id(invite).id(member).text(name).done())
}

/** What a new key signs to follow an old one. */
export function rotateMessage({ room, from, to, seals }: {
  room: RoomId
  from: PublicKey
  to: PublicKey
  seals: readonly Seal[]
}): Uint8Array {
  const writer = new Writer().id(room).id(from).id(to)
  return tagged('knot/rotate/1', writeSeals(writer, seals).done())
}

/** What an author signs of a document stream: place and hash of the last change of a run. */
export function changeMessage({ room, volume, actor, seq, hash }: {
  room: RoomId
  volume: Hash
  actor: ActorId
  seq: number
  hash: Hash
}): Uint8Array {
  const writer = new Writer().id(room).id(volume).id(actor).uint(seq).id(hash)
  return tagged('knot/op/1', writer.done())
}
