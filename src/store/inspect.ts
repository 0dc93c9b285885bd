/**
 * Looking at a room's logs without opening them: nothing is written, cut off, or begun anew, so it
 * may be done beside a running daemon and on a disk that cannot be written.
 */
import type { Disk, DiskFile, Fault } from './disk.ts'
import { codeOf, faultOf } from './disk.ts'
import type { Home } from './home.ts'
import { findSettled, HEADER_BYTES, isUnfinished, MAGIC } from './log-format.ts'
import type { LogRecord, ScanEnd } from './log-format.ts'
import { scan, seedOf, startsWith } from './log-format.ts'
import { JOURNAL_TYPES, journalEntryOf, ROOM_TYPES, roomEntryOf } from './room-format.ts'
import type { StoredEntry } from './room-format.ts'

/** What a log would be found to be, were it opened now. */
export type LogHealth =
  | { kind: 'whole'; records: number; bytes: number }
  /** Not there, or never begun. */
  | { kind: 'missing' }
  /** Ends in half a record: the next start cuts it off and keeps a copy. */
  | { kind: 'torn'; at: number; bytes: number }
  /** No start gets past this place. */
  | { kind: 'damaged'; at: number; why: string }
  | { kind: 'failed'; fault: Fault }

type See = (entry: StoredEntry) => void

/** Reads one of a room's logs to its end; `see` is given what is whole, in order. */
export async function inspectLog(
  { home, disk, see = () => undefined }: {
    home: Pick<Home, 'roomLog' | 'journal'>
    disk: Disk
    see?: See
  },
  part: 'room' | 'journal',
): Promise<LogHealth> {
  const path = part === 'room' ? home.roomLog : home.journal
  let file: DiskFile | undefined
  try {
    file = await disk.open(path, 'reading')
    return await inspect(file, part, see)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { kind: 'missing' }
    return { kind: 'failed', fault: faultOf(error, path) }
  } finally {
    await file?.close().catch(() => undefined)
  }
}

async function inspect(file: DiskFile, part: 'room' | 'journal', see: See): Promise<LogHealth> {
  const size = await file.size()
  const header = await file.read(0, HEADER_BYTES)
  if (isUnfinished(header, size)) return { kind: 'missing' }
  if (!startsWith(header, MAGIC)) {
    return { kind: 'damaged', at: 0, why: 'it is not a log of this version of knot' }
  }
  const seed = seedOf(header)
  let records = 0
  const chunks = scan(file, { from: HEADER_BYTES, to: size, seed })
  for (;;) {
    const next = await chunks.next()
    if (next.done === true) return await ended(file, next.value, { size, seed, records })
    for (const record of next.value) {
      const why = read(record, part, see)
      if (why !== undefined) return { kind: 'damaged', at: record.at, why }
      records++
    }
  }
}

function read(record: LogRecord, part: 'room' | 'journal', see: See): string | undefined {
  const types: readonly number[] = part === 'room' ? ROOM_TYPES : JOURNAL_TYPES
  if (!types.includes(record.type)) return `records of type ${record.type} are from a newer knot`
  const entry = part === 'room' ? roomEntryOf(record) : journalEntryOf(record)
  if (entry.kind === 'malformed') return entry.why
  see(entry.value)
  return undefined
}

async function ended(
  file: DiskFile,
  end: ScanEnd,
  { size, seed, records }: { size: number; seed: number; records: number },
): Promise<LogHealth> {
  if (end.kind === 'end') return { kind: 'whole', records, bytes: size }
  const behind = await findSettled(file, { from: end.at + 1, to: size, seed })
  if (behind === 'none') return { kind: 'torn', at: end.at, bytes: size - end.at }
  return { kind: 'damaged', at: end.at, why: end.why }
}
