/**
 * The canonical bytes of a change: Automerge's change chunk, byte for byte as Automerge 3.5 writes
 * it for the same edits. What else would decode to the same change is not canonical, and refused.
 */
import type { Hash } from '../brand.ts'
import { sha256 } from '../bytes/hash.ts'
import { fromHex, hex, utf8 } from '../bytes/text.ts'
import { Writer } from '../bytes/writer.ts'
import { type Change, type ObjectId, type Op, messageOf } from './change.ts'

/** The first bytes of every Automerge chunk. */
export const MAGIC = Uint8Array.of(0x85, 0x6f, 0x4a, 0x83)
/** The chunk type of a plain change; the other types are opaque or compressed. */
export const CHANGE_CHUNK = 1
/** Where the hashed part of a chunk begins: after the magic and the checksum. */
export const HASHED_FROM = 8

/** Column specifications, in the order in which they stand: id << 4 | type. */
export const COLUMN = {
  objectActor: 0x01,
  objectOp: 0x02,
  key: 0x15,
  insert: 0x34,
  action: 0x42,
  valueKind: 0x56,
  value: 0x57,
  preds: 0x70,
} as const

/** The action of an op that makes a map, and of one that writes a value. */
export const ACTION = { makeMap: 0, put: 1 } as const
/** The low four bits of a value's kind: nothing (a map) and a string; above them its length. */
export const VALUE = { none: 0, string: 6 } as const

export type Encoded = { readonly bytes: Uint8Array; readonly hash: Hash }

/** A change as a whole chunk, with its hash. */
export function encodeChange(change: Change): Encoded {
  return chunk(encodeBody(change))
}

/** The part of the chunk behind its header. */
export function encodeBody(change: Change): Uint8Array {
  const named = change.ops.some(op => op.into.by === 'genesis') ? change.genesis : undefined
  return body({
    ...change,
    predecessors: [change.predecessor],
    message: messageOf(change.heads),
    others: named === undefined ? [] : [named],
  })
}

/** The first change of a volume: maps at the root, and what stands in them from the beginning. */
export function encodeGenesis(actor: Hash, ops: readonly AnyOp[]): Encoded {
  const start = { seq: 1, startOp: 1, time: 0 }
  return chunk(body({ ...start, predecessors: [], actor, message: '', others: [], ops }))
}

/** An op that may stand at the root, which has no name. */
export type AnyOp = Omit<Op, 'into'> & { readonly into: ObjectId | undefined }

type Body = {
  readonly predecessors: readonly Hash[]
  readonly actor: string
  readonly seq: number
  readonly startOp: number
  readonly time: number
  readonly message: string
  readonly others: readonly string[]
  readonly ops: readonly AnyOp[]
}

function chunk(content: Uint8Array): Encoded {
  const hashed = new Writer().u8(CHANGE_CHUNK).bytes(content).done()
  const digest = sha256(hashed)
  const bytes = new Uint8Array(HASHED_FROM + hashed.length)
  bytes.set(MAGIC)
  bytes.set(digest.subarray(0, 4), MAGIC.length)
  bytes.set(hashed, HASHED_FROM)
  return { bytes, hash: hex(digest) as Hash }
}

function body(change: Body): Uint8Array {
  const to = new Writer()
  to.list(change.predecessors, hash => to.id(hash))
  to.bytes(bytesOf(change.actor)).uint(change.seq).uint(change.startOp)
  sint(to, change.time)
  to.text(change.message)
  to.list(change.others, actor => to.bytes(bytesOf(actor)))

  const columns = columnsOf(change.ops).filter(([, bytes]) => bytes.length > 0)
  to.list(columns, ([column, bytes]) => to.uint(column).uint(bytes.length))
  for (const [, bytes] of columns) to.raw(bytes)
  return to.done()
}

/** Where an object's maker stands among the actors of a change. */
const ACTOR_PLACE = { own: 0, genesis: 1 } as const

function columnsOf(ops: readonly AnyOp[]): [number, Uint8Array][] {
  const objects = ops.map(op => op.into)
  const values = ops.map(op => (op.value === undefined ? undefined : utf8(op.value)))
  const raw = new Writer()
  for (const value of values) if (value !== undefined) raw.raw(value)

  return [
    [COLUMN.objectActor, runs(objects.map(object => object && ACTOR_PLACE[object.by]), writeUint)],
    [COLUMN.objectOp, runs(objects.map(object => object?.op), writeUint)],
    [COLUMN.key, runs(ops.map(op => op.key), (to, key) => to.text(key))],
    [COLUMN.insert, new Writer().uint(ops.length).done()],
    [COLUMN.action, runs(values.map(actionOf), writeUint)],
    [COLUMN.valueKind, runs(values.map(kindOf), writeUint)],
    [COLUMN.value, raw.done()],
    [COLUMN.preds, runs(ops.map(() => 0), writeUint)],
  ]
}

function actionOf(value: Uint8Array | undefined): number {
  return value === undefined ? ACTION.makeMap : ACTION.put
}

function kindOf(value: Uint8Array | undefined): number {
  return value === undefined ? VALUE.none : value.length * 16 + VALUE.string
}

function bytesOf(text: string): Uint8Array {
  const bytes = fromHex(text)
  if (bytes === undefined) throw new Error(`bug: not hex: ${text}`)
  return bytes
}

function writeUint(to: Writer, value: number): void {
  to.uint(value)
}

/**
 * Run-length form: two or more equal values as one run, what stands between as one literal. What is
 * absent, as the name of the root, is a run of its own; a column with nothing else is left out.
 */
function runs<T>(
  values: readonly (T | undefined)[],
  write: (to: Writer, value: T) => void,
): Uint8Array {
  const to = new Writer()
  if (values.every(value => value === undefined)) return to.done()
  let at = 0
  while (at < values.length) {
    let end = at + 1
    if (values[at] === undefined) {
      while (end < values.length && values[end] === undefined) end++
      to.u8(0).uint(end - at)
    } else if (end < values.length && values[at] === values[end]) {
      while (values[end] === values[at]) end++
      sint(to, end - at)
      write(to, values[at] as T)
    } else {
      while (end < values.length && values[end] !== undefined && values[end] !== values[end + 1]) {
        end++
      }
      sint(to, at - end)
      for (const value of values.slice(at, end)) write(to, value as T)
    }
    at = end
  }
  return to.done()
}

/** An integer in the shortest signed LEB128. */
function sint(to: Writer, value: number): void {
  let rest = value
  for (;;) {
    const low = ((rest % 0x80) + 0x80) % 0x80
    rest = Math.floor(rest / 0x80)
    if (rest === (low < 0x40 ? 0 : -1)) {
      to.u8(low)
      return
    }
    to.u8(low | 0x80)
  }
}
