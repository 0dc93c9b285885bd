/**
 * The bytes of a record log.
 *
 *   header  = "knotlog1" ‖ 8 random bytes (the salt)
 *   record  = u32le length of (mark ‖ body) ‖ u32le CRC-32 of (salt ‖ mark ‖ body) ‖ u8 mark ‖ body
 *   mark    = type (1 to 127), plus 128 on the first record that is written after a sync
 *
 * The salt keeps a peer from writing a fact whose bytes look like records of this log. The high bit
 * says that everything before was on the medium: damage in front of it is rot, not a torn write.
 */
import { crc32 } from 'node:zlib'
import { utf8 } from '../core/bytes/text.ts'
import { LOG_CHUNK_BYTES, LOG_RECORD_MAX_BYTES, LOG_SEARCH_MAX_BYTES } from '../core/limits.ts'
import type { DiskFile } from './disk.ts'

/** What every log begins with. */
export const MAGIC = utf8('knotlog1')
/** The header: MAGIC, then the salt. */
export const HEADER_BYTES = 16
const FRAME_BYTES = 8
const SETTLED = 0x80

/** One record as it is appended. */
export type Entry = { type: number; body: Uint8Array }
/** One record as it was found. `body` is a view of the chunk it was read in. */
export type LogRecord = Entry & { at: number }

/** The header of a new log. */
export function headerOf(salt: Uint8Array): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES)
  header.set(MAGIC)
  header.set(salt, MAGIC.length)
  return header
}

/** What the checksums of a log begin with. */
export function seedOf(header: Uint8Array): number {
  return crc32(header.subarray(MAGIC.length, HEADER_BYTES))
}

/** Whether a crash in the making of a log left this: nothing, a part of a header, or zeros. */
export function isUnfinished(header: Uint8Array, size: number): boolean {
  if (size > HEADER_BYTES) return false
  if (header.every(byte => byte === 0)) return true
  return size < HEADER_BYTES && startsWith(MAGIC, header.subarray(0, MAGIC.length))
}

/** Whether bytes begin with others. */
export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.length <= bytes.length && prefix.every((byte, at) => byte === bytes[at])
}

/** Bytes that a record takes on disk. */
export function frameSize(body: Uint8Array): number {
  return FRAME_BYTES + 1 + body.length
}

/** The bytes of records written together, the first marked as following a sync. */
export function frame(entries: readonly Entry[], seed: number): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, { body }) => sum + frameSize(body), 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const { type, body } of entries) {
    const start = at + FRAME_BYTES
    bytes[start] = at === 0 ? type | SETTLED : type
    bytes.set(body, start + 1)
    view.setUint32(at, 1 + body.length, true)
    at = start + 1 + body.length
    view.setUint32(start - 4, crc32(bytes.subarray(start, at), seed), true)
  }
  return bytes
}

export type ScanEnd = { kind: 'end' } | { kind: 'bad'; at: number; why: string }
export type Scan = { from: number; to: number; seed: number }

/** Reads records chunk by chunk; returns where and why it could not go on, or that it saw all. */
export async function* scan(
  file: DiskFile,
  { from, to, seed }: Scan,
): AsyncGenerator<LogRecord[], ScanEnd> {
  let held: Uint8Array = new Uint8Array()
  let start = from

  for (;;) {
    const more = await file.read(
      start + held.length,
      Math.min(LOG_CHUNK_BYTES, to - start - held.length),
    )
    const chunk = held.length === 0 ? more : joined(held, more)
    const whole = start + chunk.length >= to || more.length === 0
    const { records, used, why } = recordsIn(chunk, start, seed)

    if (records.length > 0) yield records
    if (why !== undefined) return { kind: 'bad', at: start + used, why }
    if (whole) {
      if (used === chunk.length) return { kind: 'end' }
      return { kind: 'bad', at: start + used, why: 'the record is cut short' }
    }
    start += used
    held = chunk.subarray(used)
  }
}

/**
 * Whether a record that was written after a sync lies behind `from`. If one does, the damage there
 * was once whole on the medium. 'unknown' when the search would take too long.
 */
export async function findSettled(
  file: DiskFile,
  { from, to, seed }: Scan,
): Promise<'found' | 'none' | 'unknown'> {
  const smallest = FRAME_BYTES + 1
  let budget = LOG_SEARCH_MAX_BYTES

  for (let start = from; start < to; start += LOG_CHUNK_BYTES) {
    const chunk = await file.read(
      start,
      Math.min(LOG_CHUNK_BYTES + LOG_RECORD_MAX_BYTES + FRAME_BYTES, to - start),
    )
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length)
    const last = Math.min(LOG_CHUNK_BYTES, chunk.length - smallest + 1)
    for (let at = 0; at < last; at++) {
      if ((chunk[at + FRAME_BYTES] as number) < SETTLED) continue
      const length = view.getUint32(at, true)
      if (length < 1 || length > LOG_RECORD_MAX_BYTES || at + FRAME_BYTES + length > chunk.length)
        continue
      budget -= length
      if (budget < 0) return 'unknown'
      if (isWhole(chunk, view, { at, length, seed })) return 'found'
    }
  }
  return 'none'
}

/** The whole records at the front of a chunk; `why` when the next one is not merely unread. */
function recordsIn(
  chunk: Uint8Array,
  start: number,
  seed: number,
): { records: LogRecord[]; used: number; why: string | undefined } {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length)
  const records: LogRecord[] = []
  let at = 0
  let why: string | undefined

  while (chunk.length - at >= FRAME_BYTES) {
    const length = view.getUint32(at, true)
    if (length < 1 || length > LOG_RECORD_MAX_BYTES) {
      why = `${length} is no length of a record`
      break
    }
    const end = at + FRAME_BYTES + length
    if (end > chunk.length) break
    if (!isWhole(chunk, view, { at, length, seed })) {
      why = 'the checksum does not match'
      break
    }
    const mark = chunk[at + FRAME_BYTES] as number
    records.push({
      at: start + at,
      type: mark & ~SETTLED,
      body: chunk.subarray(at + FRAME_BYTES + 1, end),
    })
    at = end
  }
  return { records, used: at, why }
}

function isWhole(
  chunk: Uint8Array,
  view: DataView,
  { at, length, seed }: { at: number; length: number; seed: number },
): boolean {
  const start = at + FRAME_BYTES
  return crc32(chunk.subarray(start, start + length), seed) === view.getUint32(at + 4, true)
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length)
  bytes.set(a)
  bytes.set(b, a.length)
  return bytes
}
