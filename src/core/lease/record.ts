/**
 * Records of the term chain, to the byte.
 *
 * A record names its predecessor by hash, so holding one that is confirmed proves the whole chain
 * before it. The kinds are numbered for ever.
 */
import type { ActorId, Hash, RoomId } from '../brand.ts'
import { hashOf, tagged } from '../bytes/hash.ts'
import { decode, Reader, type Decoded } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import {
  ACCEPTS_MAX,
  CUT_MAX_BYTES,
  FACT_MAX_BYTES,
  RECORD_PAYLOAD_MAX_BYTES,
  TOPIC_MAX_BYTES,
  VOTERS_MAX,
} from '../limits.ts'
import {
  HASH_BYTES,
  readAccept,
  readActor,
  readByVoter,
  readGrant,
  readSeq,
  readSignature,
  readTerm,
  writeAccept,
  writeGrant,
  type Accept,
  type Grant,
} from './ballot.ts'

/** A fact of the room document, word for word: once confirmed, no seal, fork or cut unmakes it. */
export type FactPayload = {
  readonly kind: 'fact'
  readonly topic: string
  readonly actor: ActorId
  readonly n: number
  readonly value: string
}

/** The end of a volume; what it says is `room/cut.ts`'s. */
export type CutPayload = { readonly kind: 'cut'; readonly bytes: Uint8Array }

/** What a record says. `open` begins every term with the grants that elected its leader. */
export type Payload =
  | { readonly kind: 'open'; readonly grants: readonly Grant[] }
  | { readonly kind: 'voters'; readonly voters: readonly ActorId[] }
  | FactPayload
  | CutPayload

export type ChainRecord = {
  readonly era: number
  readonly term: number
  readonly seq: number
  /** The id of the predecessor; for the first record the room's id. */
  readonly prev: Hash
  readonly leader: ActorId
  readonly payload: Payload
  /** Accepts of predecessors that the leader knew of and the chain did not carry yet. */
  readonly accepts: readonly Accept[]
  readonly signature: Uint8Array
}

/** A record together with its id. */
export type Held = { readonly record: ChainRecord; readonly id: Hash }

type Draft = Omit<ChainRecord, 'signature'>

/** The bytes that the leader signs; their hash is the record's id. */
export function recordBytes(room: RoomId, draft: Draft): Uint8Array {
  const writer = new Writer().id(room)
  writeBody(writer, draft)
  return tagged('knot/record/1', writer.done())
}

/** Computes a record's id. The signature is outside it: one record has one id. */
export function hold(room: RoomId, record: ChainRecord): Held {
  return { record, id: hashOf(recordBytes(room, record)) }
}

/** A record as it is kept on disk. */
export function encodeRecord(record: ChainRecord): Uint8Array {
  const writer = new Writer()
  writeRecord(writer, record)
  return writer.done()
}

/** Reads one whole record; says nothing about its signature. */
export function decodeRecord(bytes: Uint8Array): Decoded<ChainRecord> {
  return decode(bytes, readRecord)
}

/** Appends a record with its signature. */
export function writeRecord(writer: Writer, record: ChainRecord): void {
  writeBody(writer, record)
  writer.raw(record.signature)
}

/** Reads what `writeRecord` wrote; says nothing about the signature. */
export function readRecord(reader: Reader): ChainRecord {
  return {
    era: reader.uint(),
    term: readTerm(reader),
    seq: readSeq(reader),
    prev: reader.id<Hash>(HASH_BYTES),
    leader: readActor(reader),
    payload: readPayload(reader),
    accepts: readByVoter(reader, { max: ACCEPTS_MAX, read: readAccept }),
    signature: readSignature(reader),
  }
}

function writeBody(writer: Writer, draft: Draft): void {
  writer.uint(draft.era).uint(draft.term).uint(draft.seq).id(draft.prev).id(draft.leader)
  writer.u8(KINDS.indexOf(draft.payload.kind) + 1).bytes(payloadBytes(draft.payload))
  writer.list(draft.accepts, (accept) => writeAccept(writer, accept))
}

/** Kinds by their number less one; the order is part of the format. */
const KINDS = ['open', 'voters', 'fact', 'cut'] as const

function payloadBytes(payload: Payload): Uint8Array {
  const writer = new Writer()
  switch (payload.kind) {
    case 'open':
      return writer.list(payload.grants, (grant) => writeGrant(writer, grant)).done()
    case 'voters':
      return writer.list(payload.voters, (voter) => writer.id(voter)).done()
    case 'fact':
      return writer.text(payload.topic).id(payload.actor).uint(payload.n).text(payload.value).done()
    case 'cut':
      return writer.raw(payload.bytes).done()
  }
}

function readPayload(outer: Reader): Payload {
  const kind = KINDS[outer.u8() - 1]
  const bytes = outer.bytes(kind === 'cut' ? CUT_MAX_BYTES : RECORD_PAYLOAD_MAX_BYTES)
  if (kind === undefined) return outer.fail('unknown kind of record')
  if (kind === 'cut') return { kind, bytes: bytes.slice() }

  const reader = new Reader(bytes)
  const payload = readFields(reader, kind)
  reader.end()
  return payload
}

function readFields(reader: Reader, kind: 'open' | 'voters' | 'fact'): Payload {
  switch (kind) {
    case 'open':
      return { kind, grants: readByVoter(reader, { max: ACCEPTS_MAX, read: readGrant }) }
    case 'voters':
      return { kind, voters: readVoters(reader) }
    case 'fact':
      return {
        kind,
        topic: reader.text(TOPIC_MAX_BYTES),
        actor: readActor(reader),
        n: reader.uint(),
        value: reader.text(FACT_MAX_BYTES),
      }
  }
}

/** One to seven actors, ascending, of as many keys: two lives of one key would vote twice. */
function readVoters(reader: Reader): ActorId[] {
  const voters = reader.list(VOTERS_MAX, () => readActor(reader))
  if (voters.length === 0) reader.fail('no voters')
  for (const [at, voter] of voters.entries()) {
    const before = voters[at - 1]
    if (before === undefined) continue
    if (before >= voter) reader.fail('voters out of order')
    if (before.slice(0, 64) === voter.slice(0, 64)) reader.fail('one key twice among the voters')
  }
  return voters
}
