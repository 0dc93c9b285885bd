/**
 * An append-only log of records: the form of everything that must survive a crash.
 *
 * What a flush has answered for is there after any crash. A torn tail, which nobody was answered
 * for, is cut off and a copy kept; damage anywhere else stops the opening and changes nothing.
 */
import { randomBytes } from 'node:crypto'
import { LOG_QUEUE_MAX_BYTES, LOG_RECORD_MAX_BYTES } from '../core/limits.ts'
import { coalesced } from './coalesce.ts'
import type { Disk, DiskFile, Fault } from './disk.ts'
import { faultOf, writeAll } from './disk.ts'
import { keepCopy } from './files.ts'
import type { Entry, LogRecord, ScanEnd } from './log-format.ts'
import {
  findSettled,
  frame,
  frameSize,
  HEADER_BYTES,
  headerOf,
  isUnfinished,
  MAGIC,
  scan,
  seedOf,
  startsWith,
} from './log-format.ts'

export type { Entry, LogRecord } from './log-format.ts'

/** A tail that was cut off, and where its bytes are now. */
export type Torn = { path: string; bytes: number; keptAt: string }
export type Damage = { path: string; offset: number; why: string }
export type OpenedLog =
  | { kind: 'ok'; log: Log; made: 'now' | 'before'; torn: Torn | undefined }
  | { kind: 'corrupt'; damage: Damage }
  | { kind: 'failed'; fault: Fault }

export type Appended = { kind: 'queued' } | { kind: 'full' } | { kind: 'too-large'; size: number }
export type Flushed = { kind: 'ok' } | { kind: 'stopped'; fault: Fault }

export type OpenLog = {
  disk: Disk
  path: string
  /** Types that this version knows; a whole record of another type stops the opening. */
  types: readonly number[]
  /** Given every record in order. Answers what is wrong with one, or undefined. */
  visit: (record: LogRecord) => string | undefined
}

/** Opens a log, or makes it, and replays it. One process may have it open at a time. */
export async function openLog({ disk, path, types, visit }: OpenLog): Promise<OpenedLog> {
  let file: DiskFile | undefined
  try {
    file = await disk.open(path, 'either')
    const opened = await restore(file, { disk, path, types, visit })
    if (opened.kind !== 'ok') await file.close()
    return opened
  } catch (error) {
    await file?.close().catch(() => undefined)
    return { kind: 'failed', fault: faultOf(error, path) }
  }
}

/** A log that is open for appending. After a fault it takes nothing until it is opened again. */
export class Log {
  readonly #file: DiskFile
  #path: string
  readonly #seed: number
  #size: number
  #queue: Entry[] = []
  #queued = 0
  #fault: Fault | undefined

  /**
   * Returns once everything appended before is on the medium. All who wait share one sync. A sync
   * that failed may have lost any write since the last one, so nothing after it is answered for.
   */
  readonly flush: () => Promise<Flushed>

  constructor(opened: { file: DiskFile; path: string; seed: number; size: number }) {
    this.#file = opened.file
    this.#path = opened.path
    this.#seed = opened.seed
    this.#size = opened.size
    this.flush = coalesced(() => this.#write())
  }

  /** Bytes in the file, as far as they were flushed. */
  get size(): number {
    return this.#size
  }

  /** The file has another name now. */
  movedTo(path: string): void {
    this.#path = path
  }

  /** Queues records, all or none, for the next flush to write. Their bytes are not copied. */
  append(entries: readonly Entry[]): Appended {
    let size = 0
    for (const { type, body } of entries) {
      if (type < 1 || type > 127) throw new Error(`bug: ${type} is no record type`)
      if (body.length >= LOG_RECORD_MAX_BYTES) return { kind: 'too-large', size: body.length }
      size += frameSize(body)
    }
    if (this.#queued + size > LOG_QUEUE_MAX_BYTES) return { kind: 'full' }

    this.#queue.push(...entries)
    this.#queued += size
    return { kind: 'queued' }
  }

  /** Reads back, in chunks, what had been flushed when this was called; rejects on damage. */
  records(): AsyncIterable<LogRecord[]> {
    return sound(scan(this.#file, { from: HEADER_BYTES, to: this.#size, seed: this.#seed }))
  }

  /** Flushes and closes. The log takes nothing afterwards. */
  async close(): Promise<Flushed> {
    const flushed = await this.flush()
    this.#fault ??= { code: 'EBADF', path: this.#path, why: `${this.#path} is closed` }
    await this.#file.close().catch(() => undefined)
    return flushed
  }

  async #write(): Promise<Flushed> {
    const entries = this.#queue
    this.#queue = []
    this.#queued = 0
    if (this.#fault !== undefined) return { kind: 'stopped', fault: this.#fault }
    if (entries.length === 0) return { kind: 'ok' }

    try {
      const bytes = frame(entries, this.#seed)
      await writeAll(this.#file, bytes, this.#size)
      await this.#file.sync()
      this.#size += bytes.length
      return { kind: 'ok' }
    } catch (error) {
      this.#fault = faultOf(error, this.#path)
      return { kind: 'stopped', fault: this.#fault }
    }
  }
}

/** A log that was whole when it was opened has no reason to end early. */
async function* sound(chunks: AsyncGenerator<LogRecord[], ScanEnd>): AsyncGenerator<LogRecord[]> {
  const end = yield* chunks
  if (end.kind === 'bad') throw Object.assign(new Error(`${end.why} at ${end.at}`), { code: 'EIO' })
}

async function restore(file: DiskFile, { disk, path, types, visit }: OpenLog): Promise<OpenedLog> {
  const size = await file.size()
  const header = await file.read(0, HEADER_BYTES)
  if (isUnfinished(header, size)) {
    // The header is synced before the first record is written: there was never anything in here.
    const seed = await begin(file)
    return {
      kind: 'ok',
      log: new Log({ file, path, seed, size: HEADER_BYTES }),
      made: 'now',
      torn: undefined,
    }
  }
  if (!startsWith(header, MAGIC)) {
    const why = `${path} is not a log of this version of knot; move it away or use the newer knot`
    return { kind: 'corrupt', damage: { path, offset: 0, why } }
  }

  const seed = seedOf(header)
  const replayed = await replay(file, { size, seed, types, visit })
  if (replayed.kind === 'refused') return corrupt(path, replayed)
  if (replayed.kind === 'end') {
    // A process that was killed may have left whole records that no sync covers yet.
    await file.sync()
    return { kind: 'ok', log: new Log({ file, path, seed, size }), made: 'before', torn: undefined }
  }

  const behind = await findSettled(file, { from: replayed.at + 1, to: size, seed })
  if (behind !== 'none') return corrupt(path, replayed)

  const torn = await cut(file, { disk, path, from: replayed.at, to: size })
  if (torn.kind === 'failed') return torn
  return {
    kind: 'ok',
    log: new Log({ file, path, seed, size: replayed.at }),
    made: 'before',
    torn: torn.torn,
  }
}

type Replayed = ScanEnd | { kind: 'refused'; at: number; why: string }

async function replay(
  file: DiskFile,
  { size, seed, types, visit }: { size: number; seed: number } & Pick<OpenLog, 'types' | 'visit'>,
): Promise<Replayed> {
  const chunks = scan(file, { from: HEADER_BYTES, to: size, seed })
  for (;;) {
    const next = await chunks.next()
    if (next.done === true) return next.value
    for (const record of next.value) {
      const why = types.includes(record.type)
        ? visit(record)
        : `records of type ${record.type} are from a newer knot`
      if (why !== undefined) return { kind: 'refused', at: record.at, why }
    }
  }
}

/** Keeps a copy of the tail, then cuts it off: never the other way round. */
async function cut(
  file: DiskFile,
  { disk, path, from, to }: { disk: Disk; path: string; from: number; to: number },
): Promise<{ kind: 'ok'; torn: Torn } | { kind: 'failed'; fault: Fault }> {
  const bytes = await file.read(from, to - from)
  const kept = await keepCopy(disk, { path, label: 'torn', bytes })
  if (kept.kind === 'failed') return kept
  await file.truncate(from)
  await file.sync()
  return { kind: 'ok', torn: { path, bytes: bytes.length, keptAt: kept.at } }
}

async function begin(file: DiskFile): Promise<number> {
  const header = headerOf(randomBytes(HEADER_BYTES - MAGIC.length))
  await file.truncate(0)
  await writeAll(file, header, 0)
  await file.sync()
  return seedOf(header)
}

function corrupt(path: string, { at, why }: { at: number; why: string }): OpenedLog {
  const fix = 'nothing was changed; restore the file, or move it away to begin again from peers'
  return {
    kind: 'corrupt',
    damage: { path, offset: at, why: `${path} is damaged at byte ${at}: ${why}; ${fix}` },
  }
}
