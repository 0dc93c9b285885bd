/**
 * What the two logs of a room hold, and the bytes of each record's body.
 *
 *   room.log      1 auth op · 2 change: uint volume ‖ bytes
 *                 3 signed change: uint volume ‖ 64-byte signature ‖ bytes
 *                 4 record of the term chain · 5 certificate · 6 era · 7 life: 8 bytes
 *                 8 part of what a volume begins with · 9 own facts owed to it · 10 it has begun
 *   journal.log   1 incarnation: 8 bytes · 2 word · 3 signed · 4 all of it so far, in one
 *
 * Where nothing else is said the body is the bytes that the core made, which alone reads them.
 */
import { decode } from '../core/bytes/reader.ts'
import { Writer } from '../core/bytes/writer.ts'
import type { Entry } from './log.ts'

/** What the room itself keeps: everyone's, and the same on every peer that holds it. */
export type RoomEntry =
  | { kind: 'auth' | 'record' | 'certificate' | 'era'; bytes: Uint8Array }
  /** A change that a later signature of its run covers has none of its own. */
  | { kind: 'change'; volume: number; bytes: Uint8Array; signature: Uint8Array | undefined }
  /** This peer began an incarnation: says the same as the journal does, in the other file. */
  | { kind: 'life'; incarnation: string }
  /** What a volume begins with, in parts, and the word that it has begun. */
  | { kind: 'carried' | 'owed' | 'volume'; bytes: Uint8Array }

/** What this voter alone has bound itself to. */
export type JournalEntry =
  | { kind: 'incarnation'; incarnation: string }
  /** A word is a grant or an accept, as the lease wrote it; 'signed' is the last own change. */
  | { kind: 'word' | 'signed'; bytes: Uint8Array }
  /** Stands for everything before it; it is restored as the entries that it is made of. */
  | { kind: 'essence'; bytes: Uint8Array }

export type StoredEntry = RoomEntry | JournalEntry

/** Types of records that are of one volume, whose number they begin with. */
export const TYPE = { change: 2, signedChange: 3, carried: 8, owed: 9, volume: 10 } as const

/** Types of records that this version knows in room.log. */
export const ROOM_TYPES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const
/** Types of records that this version knows in journal.log. */
export const JOURNAL_TYPES = [1, 2, 3, 4] as const

/** Which log an entry belongs to, and its record there. */
export function recordOf(entry: StoredEntry): { log: 'room' | 'journal'; record: Entry } {
  switch (entry.kind) {
    case 'auth':
      return room(1, entry.bytes)
    case 'change':
      return entry.signature === undefined
        ? room(2, new Writer().uint(entry.volume).raw(entry.bytes).done())
        : room(3, new Writer().uint(entry.volume).raw(entry.signature).raw(entry.bytes).done())
    case 'record':
      return room(4, entry.bytes)
    case 'certificate':
      return room(5, entry.bytes)
    case 'era':
      return room(6, entry.bytes)
    case 'life':
      return room(7, new Writer().id(entry.incarnation).done())
    case 'carried':
      return room(8, entry.bytes)
    case 'owed':
      return room(9, entry.bytes)
    case 'volume':
      return room(10, entry.bytes)
    case 'incarnation':
      return journal(1, new Writer().id(entry.incarnation).done())
    case 'word':
      return journal(2, entry.bytes)
    case 'signed':
      return journal(3, entry.bytes)
    case 'essence':
      return journal(ESSENCE, entry.bytes)
  }
}

/** The type of the record that stands for a whole journal. */
export const ESSENCE = 4

/** The entries that an essence is made of. */
export function partsOf(bytes: Uint8Array): ReadEntry<JournalEntry[]> {
  return decode(bytes, reader => {
    const incarnation = reader.id<string>(8)
    const words = reader.list(16, () => reader.bytes(bytes.length))
    const signed = reader.list(1, () => reader.bytes(bytes.length))
    return [
      { kind: 'incarnation', incarnation },
      ...words.map(word => ({ kind: 'word' as const, bytes: word })),
      ...signed.map(one => ({ kind: 'signed' as const, bytes: one })),
    ]
  })
}

export type ReadEntry<T> = { kind: 'ok'; value: T } | { kind: 'malformed'; why: string }

/** Reads a record of room.log. */
export function roomEntryOf({ type, body }: Entry): ReadEntry<RoomEntry> {
  switch (type) {
    case 1:
      return ok({ kind: 'auth', bytes: body })
    case 2:
    case 3:
      return changeOf(body, type === 3 ? 64 : 0)
    case 4:
      return ok({ kind: 'record', bytes: body })
    case 5:
      return ok({ kind: 'certificate', bytes: body })
    case 6:
      return ok({ kind: 'era', bytes: body })
    case 7:
      return decode(body, reader => ({ kind: 'life', incarnation: reader.id<string>(8) }))
    case 8:
      return ok({ kind: 'carried', bytes: body })
    case 9:
      return ok({ kind: 'owed', bytes: body })
    case 10:
      return ok({ kind: 'volume', bytes: body })
    default:
      return { kind: 'malformed', why: `${type} is no type of room.log` }
  }
}

/** Reads a record of journal.log. */
export function journalEntryOf({ type, body }: Entry): ReadEntry<JournalEntry> {
  switch (type) {
    case 1:
      return decode(body, reader => ({ kind: 'incarnation', incarnation: reader.id<string>(8) }))
    case 2:
      return ok({ kind: 'word', bytes: body })
    case 3:
      return ok({ kind: 'signed', bytes: body })
    case ESSENCE:
      return ok({ kind: 'essence', bytes: body })
    default:
      return { kind: 'malformed', why: `${type} is no type of journal.log` }
  }
}

function changeOf(body: Uint8Array, signed: 0 | 64): ReadEntry<RoomEntry> {
  return decode(body, reader => {
    const volume = reader.uint()
    const signature = signed === 0 ? undefined : reader.raw(signed)
    return { kind: 'change', volume, signature, bytes: reader.raw(body.length - reader.at) }
  })
}

function room(type: number, body: Uint8Array): { log: 'room'; record: Entry } {
  return { log: 'room', record: { type, body } }
}

function journal(type: number, body: Uint8Array): { log: 'journal'; record: Entry } {
  return { log: 'journal', record: { type, body } }
}

function ok<T>(value: T): { kind: 'ok'; value: T } {
  return { kind: 'ok', value }
}

/** The number that the record of a volume's beginning starts with. */
export function volumeOf(body: Uint8Array): number | undefined {
  const read = decode(body, reader => {
    const number = reader.uint()
    reader.rest()
    return number
  })
  return read.kind === 'ok' ? read.value : undefined
}
