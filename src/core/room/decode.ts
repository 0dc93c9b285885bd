/**
 * Reads a change from hostile bytes.
 *
 * Automerge expands run lengths before it counts them, and takes many spellings of one change, some
 * of which it can never load again. So every count is bounded here before anything is expanded, and
 * what was read is written again and must give the same bytes: there is one spelling.
 */
import type { ActorId, Hash } from '../brand.ts'
import { hashOf } from '../bytes/hash.ts'
import { Reader, decode } from '../bytes/reader.ts'
import { fromUtf8 } from '../bytes/text.ts'
import {
  AUTH_HEADS_MAX,
  CHANGE_MAX_BYTES,
  CHANGE_OPS_MAX,
  CHANGE_TIME_MAX_S,
  FACT_MAX_BYTES,
  OP_NUMBER_MAX,
} from '../limits.ts'
import { type Change, type ObjectId, type Op, headsOf } from './change.ts'
import { ACTION, CHANGE_CHUNK, COLUMN, HASHED_FROM, MAGIC, VALUE, encodeBody } from './encode.ts'

export type DecodedChange =
  | { readonly kind: 'ok'; readonly change: Change; readonly hash: Hash }
  | { readonly kind: 'malformed'; readonly why: string }

/** Reads one change in its canonical bytes; says nothing about the stream it belongs to. */
export function decodeChange(bytes: Uint8Array): DecodedChange {
  if (bytes.length > CHANGE_MAX_BYTES) {
    return { kind: 'malformed', why: `${bytes.length} bytes, over ${CHANGE_MAX_BYTES}` }
  }
  const read = decode(bytes, reader => chunk(reader, bytes))
  return read.kind === 'ok' ? { kind: 'ok', ...read.value } : read
}

/** Reads a change that was taken once: its one spelling and its hash are not looked at again. */
export function readHeld(bytes: Uint8Array): Change {
  const read = decode(bytes.subarray(HASHED_FROM), reader => {
    reader.u8()
    return changeOf(new Reader(reader.bytes(CHANGE_MAX_BYTES)))
  })
  if (read.kind === 'malformed') throw new Error(`bug: held a change: ${read.why}`)
  return read.value
}

/** The longest key of the profile: an actor in hex. */
const KEY_MAX_BYTES = 80
const ACTOR_BYTES = 40
const GENESIS_ACTOR_BYTES = 32

function chunk(reader: Reader, bytes: Uint8Array): { change: Change; hash: Hash } {
  for (const byte of MAGIC) if (reader.u8() !== byte) reader.fail('not an Automerge chunk')
  const checksum = reader.id(4)
  const type = reader.u8()
  if (type !== CHANGE_CHUNK) reader.fail(`chunk type ${type}, not a plain change`)
  const body = reader.bytes(CHANGE_MAX_BYTES)
  reader.end()

  const change = changeOf(new Reader(body))
  if (!equal(encodeBody(change), body)) reader.fail('not in canonical form')

  const hash = hashOf(bytes.subarray(HASHED_FROM))
  if (!hash.startsWith(checksum)) reader.fail(`checksum ${checksum} of ${hash}`)
  return { change, hash }
}

function changeOf(reader: Reader): Change {
  const predecessors = reader.uint()
  if (predecessors !== 1) reader.fail(`${predecessors} predecessors`)
  const predecessor = reader.id<Hash>(32)
  const actor = id<ActorId>(reader, ACTOR_BYTES)
  const seq = reader.uint(OP_NUMBER_MAX)
  const startOp = reader.uint(OP_NUMBER_MAX)
  if (seq === 0 || startOp === 0) reader.fail(`seq ${seq}, startOp ${startOp}: both count from 1`)
  const time = sint(reader)
  if (time < 0 || time > CHANGE_TIME_MAX_S) reader.fail(`time ${time}`)
  const heads = headsOf(reader.text(64 * AUTH_HEADS_MAX))
  if (heads === undefined) reader.fail('a message that is not ascending auth heads')
  const others = reader.list(1, () => id<Hash>(reader, GENESIS_ACTOR_BYTES))
  const ops = opsOf(columnsOf(reader), others.length)
  reader.end()
  return { actor, seq, startOp, time, predecessor, heads, genesis: others[0], ops }
}

/** An actor behind its length, which must be the one its kind has. */
function id<Id extends string>(reader: Reader, size: number): Id {
  const length = reader.uint()
  if (length !== size) reader.fail(`an actor of ${length} bytes, not ${size}`)
  return reader.id<Id>(size)
}

/** As many as Automerge writes, so that a column of its own gets the better reason. */
const COLUMNS_MAX = 16

type Column = keyof typeof COLUMN
const NAMES = new Map<number, Column>(
  (Object.keys(COLUMN) as Column[]).map(name => [COLUMN[name], name]),
)

/** The columns by name; one that is not there is empty. */
function columnsOf(reader: Reader): Record<Column, Reader> {
  const heads = reader.list(COLUMNS_MAX, () => {
    const column = reader.uint(0xff)
    const name = NAMES.get(column)
    if (name === undefined) reader.fail(`column ${column} is not one that knot writes`)
    return { name, size: reader.uint(CHANGE_MAX_BYTES) }
  })

  const none = new Reader(new Uint8Array(0))
  const columns: Record<Column, Reader> = {
    objectActor: none,
    objectOp: none,
    key: none,
    insert: none,
    action: none,
    valueKind: none,
    value: none,
    preds: none,
  }
  for (const { name, size } of heads) columns[name] = new Reader(reader.raw(size))
  return columns
}

function opsOf(columns: Record<Column, Reader>, others: number): Op[] {
  const actions = runs(columns.action, at => at.uint(ACTION.put))
  const count = actions.length
  if (count === 0) columns.action.fail('no ops')

  const actors = runs(columns.objectActor, at => at.uint(others))
  const objects = runs(columns.objectOp, at => at.uint(OP_NUMBER_MAX))
  const keys = runs(columns.key, at => at.text(KEY_MAX_BYTES))
  const kinds = runs(columns.valueKind, at => at.uint(FACT_MAX_BYTES * 16 + 15))
  const preds = runs(columns.preds, at => at.uint() && at.fail('a predecessor op'))
  for (const column of [actors, objects, keys, kinds, preds]) {
    if (column.length !== count) columns.action.fail('columns of different lengths')
  }
  if (columns.insert.uint(CHANGE_OPS_MAX) !== count) columns.insert.fail('an op on a list')

  const ops = actions.map((action, i): Op => {
    const into: ObjectId = { by: actors[i] === 0 ? 'own' : 'genesis', op: objects[i] as number }
    const value = valueOf(columns.value, action, kinds[i] as number)
    return { into, key: keys[i] as string, value }
  })
  for (const column of Object.values(columns)) column.end()
  return ops
}

function valueOf(reader: Reader, action: number, kind: number): string | undefined {
  if (action === ACTION.makeMap) {
    return kind === VALUE.none ? undefined : reader.fail('a map with a value')
  }
  if (kind % 16 !== VALUE.string) reader.fail(`a value of type ${kind % 16}, not a string`)
  const size = Math.floor(kind / 16)
  if (size > FACT_MAX_BYTES) reader.fail(`a fact of ${size} bytes, over ${FACT_MAX_BYTES}`)
  return fromUtf8(reader.raw(size)) ?? reader.fail('a fact that is not UTF-8')
}

/** A whole run-length column, at most CHANGE_OPS_MAX values, counted before they are expanded. */
function runs<T>(reader: Reader, read: (reader: Reader) => T): T[] {
  const values: T[] = []
  while (!reader.done) {
    const count = sint(reader)
    const size = Math.abs(count)
    if (count === 0) reader.fail('an absent value')
    if (values.length + size > CHANGE_OPS_MAX) reader.fail(`over ${CHANGE_OPS_MAX} ops`)
    if (count < 0) for (let i = 0; i < size; i++) values.push(read(reader))
    else {
      const value = read(reader)
      for (let i = 0; i < size; i++) values.push(value)
    }
  }
  return values
}

/** An integer in signed LEB128 of at most 7 bytes, so it is exact in a double. */
function sint(reader: Reader): number {
  let value = 0
  let scale = 1
  for (;;) {
    const byte = reader.u8()
    value += (byte & 0x7f) * scale
    scale *= 0x80
    if (byte < 0x80) return byte < 0x40 ? value : value - scale
    if (scale >= 2 ** 49) reader.fail('number too long')
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}
