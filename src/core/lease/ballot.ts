/**
 * What candidates and voters sign: stands, grants and accepts.
 *
 * Each signature covers the room and the era, which are therefore not repeated inside the bytes
 * that travel: whoever reads them supplies both, and a ballot of elsewhere does not verify.
 */
import type { ActorId, Hash, RoomId } from '../brand.ts'
import { tagged } from '../bytes/hash.ts'
import type { Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import type { Position } from './position.ts'

/** One reckoning of terms of one room; `recover` opens the next, which knows nothing of this. */
export type Era = { readonly room: RoomId; readonly number: number }

/** A request for grants; a `pre` one only asks who would, and binds nobody. */
export type Stand = {
  readonly phase: 'pre' | 'real'
  readonly term: number
  readonly candidate: ActorId
  readonly last: Position
  readonly lastId: Hash
  readonly signature: Uint8Array
}

/** A voter's promise: this candidate alone in this term, and nothing lower ever again. */
export type Grant = {
  readonly term: number
  readonly candidate: ActorId
  readonly voter: ActorId
  /** The voter's own tail when it granted; never above the candidate's. */
  readonly last: Position
  readonly signature: Uint8Array
}

/** A voter's word that it holds, for good, the chain up to a record of this very term. */
export type Accept = {
  readonly term: number
  readonly seq: number
  readonly id: Hash
  readonly voter: ActorId
  readonly signature: Uint8Array
}

type Unsigned<T> = Omit<T, 'signature'>

/** A 32-byte key and an 8-byte incarnation. */
export const ACTOR_BYTES = 40
/** SHA-256. */
export const HASH_BYTES = 32
/** Ed25519. */
export const SIGNATURE_BYTES = 64

/** The bytes that a stand's signature covers. */
export function standBytes(era: Era, stand: Unsigned<Stand>): Uint8Array {
  const writer = bound(era)
  writeStandBody(writer, stand)
  return tagged('knot/stand/1', writer.done())
}

/** The bytes that a grant's signature covers. */
export function grantBytes(era: Era, grant: Unsigned<Grant>): Uint8Array {
  const writer = bound(era)
  writeGrantBody(writer, grant)
  return tagged('knot/grant/1', writer.done())
}

/** The bytes that an accept's signature covers. */
export function acceptBytes(era: Era, accept: Unsigned<Accept>): Uint8Array {
  const writer = bound(era)
  writeAcceptBody(writer, accept)
  return tagged('knot/accept/1', writer.done())
}

/** Appends a stand with its signature. */
export function writeStand(writer: Writer, stand: Stand): void {
  writeStandBody(writer, stand)
  writer.raw(stand.signature)
}

/** Reads what `writeStand` wrote; says nothing about the signature. */
export function readStand(reader: Reader): Stand {
  const phase = reader.u8()
  if (phase > 1) reader.fail('unknown phase of a stand')
  return {
    phase: phase === 0 ? 'pre' : 'real',
    term: readTerm(reader),
    candidate: readActor(reader),
    last: readPosition(reader),
    lastId: reader.id<Hash>(HASH_BYTES),
    signature: readSignature(reader),
  }
}

/** Appends a grant with its signature. */
export function writeGrant(writer: Writer, grant: Grant): void {
  writeGrantBody(writer, grant)
  writer.raw(grant.signature)
}

/** Reads what `writeGrant` wrote; says nothing about the signature. */
export function readGrant(reader: Reader): Grant {
  return {
    term: readTerm(reader),
    candidate: readActor(reader),
    voter: readActor(reader),
    last: readPosition(reader),
    signature: readSignature(reader),
  }
}

/** Appends an accept with its signature. */
export function writeAccept(writer: Writer, accept: Accept): void {
  writeAcceptBody(writer, accept)
  writer.raw(accept.signature)
}

/** Reads what `writeAccept` wrote; says nothing about the signature. */
export function readAccept(reader: Reader): Accept {
  return {
    term: readTerm(reader),
    seq: readSeq(reader),
    id: reader.id<Hash>(HASH_BYTES),
    voter: readActor(reader),
    signature: readSignature(reader),
  }
}

/** Reads a list that is in strictly ascending order of voters: one word each, one encoding. */
export function readByVoter<T extends { readonly voter: ActorId }>(
  reader: Reader,
  { max, read }: { max: number; read: (reader: Reader) => T },
): T[] {
  const items = reader.list(max, () => read(reader))
  for (const [at, item] of items.entries()) {
    const before = items[at - 1]
    if (before !== undefined && before.voter >= item.voter) reader.fail('voters out of order')
  }
  return items
}

/** Reads an actor. */
export function readActor(reader: Reader): ActorId {
  return reader.id<ActorId>(ACTOR_BYTES)
}

/** Reads a term; no record has term 0. */
export function readTerm(reader: Reader): number {
  const term = reader.uint()
  return term > 0 ? term : reader.fail('term 0')
}

/** Reads the place of a record; the first is 1. */
export function readSeq(reader: Reader): number {
  const seq = reader.uint()
  return seq > 0 ? seq : reader.fail('seq 0')
}

/** Appends a position, which may be the empty chain's. */
export function writePosition(writer: Writer, position: Position): void {
  writer.uint(position.term).uint(position.seq)
}

/** Reads a position; {0, 0} is the empty chain. */
export function readPosition(reader: Reader): Position {
  return { term: reader.uint(), seq: reader.uint() }
}

/** Reads 64 bytes as a copy of its own: the frame that they came in is not kept for them. */
export function readSignature(reader: Reader): Uint8Array {
  return reader.raw(SIGNATURE_BYTES).slice()
}

function bound(era: Era): Writer {
  return new Writer().id(era.room).uint(era.number)
}

function writeStandBody(writer: Writer, stand: Unsigned<Stand>): void {
  writer.u8(stand.phase === 'pre' ? 0 : 1).uint(stand.term).id(stand.candidate)
  writePosition(writer, stand.last)
  writer.id(stand.lastId)
}

function writeGrantBody(writer: Writer, grant: Unsigned<Grant>): void {
  writer.uint(grant.term).id(grant.candidate).id(grant.voter)
  writePosition(writer, grant.last)
}

function writeAcceptBody(writer: Writer, accept: Unsigned<Accept>): void {
  writer.uint(accept.term).uint(accept.seq).id(accept.id).id(accept.voter)
}
