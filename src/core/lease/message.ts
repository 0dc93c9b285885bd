/**
 * What peers say to each other about the term chain.
 *
 * Only stands, grants, accepts and records are signed, because only they prove something to a
 * third peer. Everything else is worth as much as the authenticated channel it came over.
 */
import type { ActorId, Hash } from '../brand.ts'
import { decode, type Decoded, type Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import { ACCEPTS_MAX, RECORDS_MAX } from '../limits.ts'
import {
  HASH_BYTES,
  readAccept,
  readActor,
  readByVoter,
  readGrant,
  readPosition,
  readSeq,
  readStand,
  readTerm,
  writeAccept,
  writeGrant,
  writePosition,
  writeStand,
  type Accept,
  type Grant,
  type Stand,
} from './ballot.ts'
import type { Position } from './position.ts'
import { readRecord, writeRecord, type ChainRecord } from './record.ts'

/** Where a peer's chain ends, and how much of it that peer knows to be confirmed. */
export type Standing = Position & { readonly id: Hash; readonly confirmed: number }

/** The accepts that make the record at this place, the newest so far, confirmed. */
export type Certificate = {
  readonly era: number
  readonly seq: number
  readonly id: Hash
  readonly accepts: readonly Accept[]
}

export type LeaseMessage =
  | { readonly kind: 'stand'; readonly era: number; readonly stand: Stand }
  | { readonly kind: 'grant'; readonly era: number; readonly grant: Grant }
  | {
      readonly kind: 'pre-grant'
      readonly era: number
      readonly term: number
      readonly candidate: ActorId
      readonly voter: ActorId
    }
  | { readonly kind: 'accept'; readonly era: number; readonly accept: Accept }
  /** The leader is here, and its chain ends there. */
  | { readonly kind: 'pulse'; readonly era: number; readonly at: Standing }
  /** A voter hears the leader of this term, and has promised nothing higher. */
  | {
      readonly kind: 'pulse-answer'
      readonly era: number
      readonly voter: ActorId
      readonly term: number
      readonly seq: number
    }
  /** No: a higher term is promised, or the refuser's chain ranks higher. */
  | {
      readonly kind: 'refuse'
      readonly era: number
      readonly term: number
      readonly last: Position
    }
  /** My chain ends there: send what follows. */
  | { readonly kind: 'want'; readonly era: number; readonly at: Standing }
  | { readonly kind: 'records'; readonly era: number; readonly records: readonly ChainRecord[] }
  | ({ readonly kind: 'certificate' } & Certificate)
  /** The leader gives its term up; nobody needs to wait for its lease to run out. */
  | { readonly kind: 'resign'; readonly era: number; readonly term: number }

/** Kinds by their number less one; the order is part of the format. */
const KINDS = [
  'stand',
  'grant',
  'pre-grant',
  'accept',
  'pulse',
  'pulse-answer',
  'refuse',
  'want',
  'records',
  'certificate',
  'resign',
] as const

/** A message as a `lease` frame carries it. */
export function encodeMessage(message: LeaseMessage): Uint8Array {
  const writer = new Writer().u8(KINDS.indexOf(message.kind) + 1).uint(message.era)
  writeFields(writer, message)
  return writer.done()
}

/** Reads a message of a peer; says nothing about the signatures in it. */
export function decodeMessage(bytes: Uint8Array): Decoded<LeaseMessage> {
  return decode(bytes, (reader) => {
    const kind = KINDS[reader.u8() - 1]
    if (kind === undefined) return reader.fail('unknown kind of lease message')
    return readFields(reader, kind, reader.uint())
  })
}

/** A certificate as it is kept on disk. */
export function encodeCertificate(certificate: Certificate): Uint8Array {
  const writer = new Writer().uint(certificate.era)
  writeCertificate(writer, certificate)
  return writer.done()
}

/** Reads a certificate from this peer's own disk. */
export function decodeCertificate(bytes: Uint8Array): Decoded<Certificate> {
  return decode(bytes, (reader) => readCertificate(reader, reader.uint()))
}

function writeFields(writer: Writer, message: LeaseMessage): void {
  switch (message.kind) {
    case 'stand':
      return writeStand(writer, message.stand)
    case 'grant':
      return writeGrant(writer, message.grant)
    case 'pre-grant':
      writer.uint(message.term).id(message.candidate).id(message.voter)
      return
    case 'accept':
      return writeAccept(writer, message.accept)
    case 'pulse':
    case 'want':
      return writeStanding(writer, message.at)
    case 'pulse-answer':
      writer.id(message.voter).uint(message.term).uint(message.seq)
      return
    case 'refuse':
      writer.uint(message.term)
      return writePosition(writer, message.last)
    case 'records':
      writer.list(message.records, (record) => writeRecord(writer, record))
      return
    case 'certificate':
      return writeCertificate(writer, message)
    case 'resign':
      writer.uint(message.term)
      return
  }
}

function readFields(reader: Reader, kind: LeaseMessage['kind'], era: number): LeaseMessage {
  switch (kind) {
    case 'stand':
      return { kind, era, stand: readStand(reader) }
    case 'grant':
      return { kind, era, grant: readGrant(reader) }
    case 'pre-grant':
      return {
        kind,
        era,
        term: readTerm(reader),
        candidate: readActor(reader),
        voter: readActor(reader),
      }
    case 'accept':
      return { kind, era, accept: readAccept(reader) }
    case 'pulse':
    case 'want':
      return { kind, era, at: readStanding(reader) }
    case 'pulse-answer':
      return { kind, era, voter: readActor(reader), term: readTerm(reader), seq: reader.uint() }
    case 'refuse':
      return { kind, era, term: reader.uint(), last: readPosition(reader) }
    case 'records':
      return { kind, era, records: reader.list(RECORDS_MAX, () => readRecord(reader)) }
    case 'certificate':
      return { kind, ...readCertificate(reader, era) }
    case 'resign':
      return { kind, era, term: readTerm(reader) }
  }
}

function writeStanding(writer: Writer, at: Standing): void {
  writePosition(writer, at)
  writer.id(at.id).uint(at.confirmed)
}

function readStanding(reader: Reader): Standing {
  const { term, seq } = readPosition(reader)
  return { term, seq, id: reader.id<Hash>(HASH_BYTES), confirmed: reader.uint() }
}

function writeCertificate(writer: Writer, certificate: Certificate): void {
  writer.uint(certificate.seq).id(certificate.id)
  writer.list(certificate.accepts, (accept) => writeAccept(writer, accept))
}

function readCertificate(reader: Reader, era: number): Certificate {
  return {
    era,
    seq: readSeq(reader),
    id: reader.id<Hash>(HASH_BYTES),
    accepts: readByVoter(reader, { max: ACCEPTS_MAX, read: readAccept }),
  }
}
