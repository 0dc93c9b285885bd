/**
 * One op of the auth log: who decided what, having seen what.
 *
 * An op names its author and its parents, so its past cannot be changed afterwards, and its id is
 * the hash of what is signed. The parents are also what an op has seen: an op that takes a right
 * away lets stand what is in its past, and ends the rest.
 */
import type { Hash, Instant, PublicKey, RoomId } from '../brand.ts'
import { hashOf, tagged } from '../bytes/hash.ts'
import { type Decoded, Reader, decode } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import type { Signer, Verify } from '../crypto.ts'
import { AUTH_HEADS_MAX, AUTH_OP_MAX_BYTES } from '../limits.ts'
import { ascending, readDeed, writeDeed } from './deed-bytes.ts'
import type { Deed } from './deed.ts'

export type AuthOp = {
  readonly room: RoomId
  readonly author: PublicKey
  /** Strictly ascending; empty only in the genesis. */
  readonly parents: readonly Hash[]
  /** When its author's clock says it was made. Shown, and never decides. */
  readonly at: Instant
  readonly deed: Deed
}

/** An op as it travels and is stored: `bytes` is length(body) ‖ body ‖ signature. */
export type SignedOp = {
  readonly id: Hash
  readonly op: AuthOp
  readonly bytes: Uint8Array
}

const VERSION = 1
const NO_ROOM = '00'.repeat(32) as RoomId

/** Signs an op. The room of a genesis is its own id, whatever the argument says. */
export function signOp(signer: Signer, op: Omit<AuthOp, 'author'>): SignedOp {
  const body = encodeBody({ ...op, author: signer.key })
  const message = tagged('knot/auth/1', body)
  const id = hashOf(message)
  const room = op.deed.kind === 'genesis' ? (id as RoomId) : op.room
  const bytes = new Writer().bytes(body).raw(signer.sign(message)).done()
  return { id, op: { ...op, room, author: signer.key }, bytes }
}

/** Reads an op from hostile bytes; says nothing about its signature. */
export function decodeOp(bytes: Uint8Array): Decoded<SignedOp> {
  if (bytes.length > AUTH_OP_MAX_BYTES) {
    return { kind: 'malformed', why: `an op of ${bytes.length} bytes, over ${AUTH_OP_MAX_BYTES}` }
  }
  // A copy, so that what was judged is what is kept even if the caller uses its buffer again.
  const own = bytes.slice()
  return decode(own, reader => {
    const body = reader.bytes(AUTH_OP_MAX_BYTES)
    reader.raw(64)
    const id = hashOf(tagged('knot/auth/1', body))
    return { id, op: readBody(reader, body, id), bytes: own }
  })
}

/** Whether the author signed the op. */
export function isSigned({ op, bytes }: SignedOp, verify: Verify): boolean {
  const reader = new Reader(bytes)
  const body = reader.bytes(AUTH_OP_MAX_BYTES)
  return verify(op.author, tagged('knot/auth/1', body), reader.raw(64))
}

function encodeBody({ room, author, parents, at, deed }: AuthOp): Uint8Array {
  const writer = new Writer().u8(VERSION).id(deed.kind === 'genesis' ? NO_ROOM : room).id(author)
  writer.list(parents, parent => writer.id(parent)).uint(at)
  writeDeed(writer, deed)
  return writer.done()
}

function readBody(outer: Reader, body: Uint8Array, id: Hash): AuthOp {
  const read = decode(body, (reader): AuthOp => {
    const version = reader.u8()
    if (version !== VERSION) reader.fail(`format version ${version}, not ${VERSION}`)

    const room = reader.id<RoomId>(32)
    const author = reader.id<PublicKey>(32)
    const parents = ascending<Hash>(reader, { size: 32, max: AUTH_HEADS_MAX })
    const at = reader.uint() as Instant
    const deed = readDeed(reader)
    if (deed.kind !== 'genesis') {
      if (room === NO_ROOM || parents.length === 0) reader.fail(`a ${deed.kind} outside any room`)
      return { room, author, parents, at, deed }
    }
    if (room !== NO_ROOM || parents.length > 0) reader.fail('a genesis within a room')
    return { room: id as RoomId, author, parents, at, deed }
  })
  return read.kind === 'ok' ? read.value : outer.fail(read.why)
}
