/**
 * Beats: presence that is signed, gossiped, and never stored. Only the last of each actor counts,
 * by its own counter.
 */
import type { ActorId, RoomId } from '../brand.ts'
import { keyOf } from '../brand.ts'
import { tagged } from '../bytes/hash.ts'
import { decode } from '../bytes/reader.ts'
import { utf8 } from '../bytes/text.ts'
import { Writer } from '../bytes/writer.ts'
import type { Signer, Verify } from '../crypto.ts'
import { ADDRESS_MAX_BYTES, BEAT_ADDRESSES_MAX } from '../limits.ts'

export type Beat = {
  actor: ActorId
  /** Grows with every beat of this actor; its clock's milliseconds, so that a restart goes on. */
  counter: number
  /** `host:port` forms where the actor can be reached. */
  addresses: string[]
  /** Whether it holds the repository and may lead. */
  integrates: 'yes' | 'no'
}

/**
 * A beat's bytes: its fields, then the actor's signature over them and the room. A machine of many
 * networks has more addresses than a beat takes; it tells the first ones.
 */
export function encodeBeat(room: RoomId, beat: Beat, signer: Signer): Uint8Array {
  const body = bodyOf(beat)
  return new Writer().raw(body).raw(signer.sign(signed(room, body))).done()
}

/** The beat, or undefined when it is malformed or not signed by the actor that it names. */
export function readBeat(room: RoomId, bytes: Uint8Array, verify: Verify): Beat | undefined {
  if (bytes.length < 64) return undefined
  const body = bytes.subarray(0, bytes.length - 64)
  const read = decode(body, (r): Beat => ({
    actor: r.id(40),
    counter: r.uint(),
    addresses: r.list(BEAT_ADDRESSES_MAX, () => r.text(ADDRESS_MAX_BYTES)),
    integrates: r.uint(1) === 1 ? 'yes' : 'no',
  }))
  if (read.kind === 'malformed') return undefined
  const sound = verify(keyOf(read.value.actor), signed(room, body), bytes.subarray(-64))
  return sound ? read.value : undefined
}

function bodyOf(beat: Beat): Uint8Array {
  const w = new Writer().id(beat.actor).uint(beat.counter)
  const short = beat.addresses.filter((address) => utf8(address).length <= ADDRESS_MAX_BYTES)
  w.list(short.slice(0, BEAT_ADDRESSES_MAX), (address) => w.text(address))
  return w.uint(beat.integrates === 'yes' ? 1 : 0).done()
}

function signed(room: RoomId, body: Uint8Array): Uint8Array {
  return tagged('knot/beat/1', new Writer().id(room).raw(body).done())
}
