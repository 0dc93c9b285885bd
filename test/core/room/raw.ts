/**
 * A change chunk taken apart and put together again without any of src's care: each field is bytes,
 * so that a test can write what no honest encoder would.
 */
import { hashOf, sha256 } from '../../../src/core/bytes/hash.ts'
import type { Hash } from '../../../src/core/brand.ts'
import { Reader } from '../../../src/core/bytes/reader.ts'
import { fromHex } from '../../../src/core/bytes/text.ts'
import { Writer } from '../../../src/core/bytes/writer.ts'

export type RawColumn = { spec: number; bytes: Uint8Array }

export type Raw = {
  type: number
  predecessors: string[]
  actor: string
  seq: Uint8Array
  startOp: Uint8Array
  time: Uint8Array
  message: Uint8Array
  others: string[]
  columns: RawColumn[]
  extra: Uint8Array
}

/** Takes an honest chunk apart. */
export function parse(bytes: Uint8Array): Raw {
  const reader = new Reader(bytes)
  reader.raw(8)
  const type = reader.u8()
  reader.uint()
  const raw = {
    type,
    predecessors: reader.list(9, () => reader.id(32)),
    actor: reader.id<string>(reader.uint()),
    seq: leb(reader),
    startOp: leb(reader),
    time: leb(reader),
    message: reader.bytes(5000).slice(),
    others: reader.list(9, () => reader.id<string>(reader.uint())),
  }
  const heads = reader.list(20, () => ({ spec: reader.uint(), size: reader.uint() }))
  const columns = heads.map(({ spec, size }) => ({ spec, bytes: reader.raw(size).slice() }))
  return { ...raw, columns, extra: new Uint8Array(0) }
}

/** Puts a chunk together, with the right length and checksum for whatever it holds. */
export function build(raw: Raw): Uint8Array {
  const body = new Writer()
  body.list(raw.predecessors, hash => body.id(hash))
  body.bytes(fromHex(raw.actor) as Uint8Array).raw(raw.seq).raw(raw.startOp).raw(raw.time)
  body.bytes(raw.message)
  body.list(raw.others, actor => body.bytes(fromHex(actor) as Uint8Array))
  body.list(raw.columns, ({ spec, bytes }) => body.uint(spec).uint(bytes.length))
  for (const { bytes } of raw.columns) body.raw(bytes)
  body.raw(raw.extra)
  return wrap(raw.type, new Writer().bytes(body.done()).done())
}

/** A chunk of any content, its length included, under the right checksum. */
export function wrap(type: number, lengthAndBody: Uint8Array): Uint8Array {
  const hashed = new Writer().u8(type).raw(lengthAndBody).done()
  const magic = Uint8Array.of(0x85, 0x6f, 0x4a, 0x83)
  return new Writer().raw(magic).raw(sha256(hashed).subarray(0, 4)).raw(hashed).done()
}

/** The hash of a chunk, whatever it holds. */
export function hashOfChunk(bytes: Uint8Array): Hash {
  return hashOf(bytes.subarray(8))
}

/** The column of a specification, made where it is not there yet. */
export function column(raw: Raw, spec: number): RawColumn {
  let found = raw.columns.find(each => each.spec === spec)
  if (found === undefined) {
    found = { spec, bytes: new Uint8Array(0) }
    raw.columns.push(found)
    raw.columns.sort((a, b) => a.spec - b.spec)
  }
  return found
}

export function uint(value: number): Uint8Array {
  return new Writer().uint(value).done()
}

function leb(reader: Reader): Uint8Array {
  const bytes: number[] = []
  do bytes.push(reader.u8())
  while ((bytes.at(-1) as number) >= 0x80)
  return Uint8Array.from(bytes)
}
