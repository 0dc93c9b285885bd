/**
 * Rotation: once a volume has begun, room.log is written anew without the changes of those before,
 * and the old file stays beside it as `volume-<number>.log`.
 *
 *     write room.log.next, sync it ─▶ room.log to volume-<n>.log ─▶ .next to room.log
 *
 * A start finds which steps were done: with a room.log there, what lies beside it was not
 * finished, and is removed; without one, what lies beside it is whole, and takes its place. The old
 * file says all that the new one does, so nothing is lost before the first step either.
 */
import { LOG_QUEUE_MAX_BYTES } from '../core/limits.ts'
import type { Disk, Fault } from './disk.ts'
import { codeOf, faultOf } from './disk.ts'
import { firstFree } from './files.ts'
import type { Entry, Log, LogRecord } from './log.ts'
import { openLog } from './log.ts'
import { frameSize } from './log-format.ts'
import { ESSENCE, JOURNAL_TYPES, ROOM_TYPES, TYPE, volumeOf } from './room-format.ts'

export type Rotated =
  | { kind: 'ok'; log: Log; closed: string; before: number; after: number }
  /** Nothing was moved: the old file goes on. */
  | { kind: 'kept'; log: Log; why: string }
  /** The old file may be gone and the new one not in its place: the next start mends that. */
  | { kind: 'failed'; fault: Fault }

/** Where a log lies that is being written anew. */
export function nextPath(path: string): string {
  return `${path}.next`
}

/** Where the log of a volume that ended lies. */
export function closedPath(roomLog: string, number: number): string {
  return roomLog.replace(/room\.log$/, `volume-${number}.log`)
}

/** Finishes or undoes what a crash left of a rotation. */
export async function settleRotation(disk: Disk, roomLog: string): Promise<Fault | undefined> {
  const next = nextPath(roomLog)
  try {
    if (!(await exists(disk, next))) return undefined
    if (await exists(disk, roomLog)) await disk.remove(next)
    else await disk.rename({ from: next, to: roomLog, over: 'replace' })
    return undefined
  } catch (error) {
    return faultOf(error, next)
  }
}

/** Removes a journal that was not finished: the one that counts is replaced in one step. */
export async function settleJournal(disk: Disk, journal: string): Promise<Fault | undefined> {
  const next = nextPath(journal)
  try {
    if (await exists(disk, next)) await disk.remove(next)
    return undefined
  } catch (error) {
    return faultOf(error, next)
  }
}

/** Writes the log anew for the volume that began in it, and puts it in the old one's place. */
export async function rotate(
  { disk, roomLog, number }: { disk: Disk; roomLog: string; number: number },
  old: Log,
): Promise<Rotated> {
  const next = nextPath(roomLog)
  const keeps = (record: Entry) => goesOn(record, number)
  const written = await writeNext({ disk, next, types: ROOM_TYPES, keeps }, old)
  if (written.kind === 'failed') {
    await disk.remove(next).catch(() => undefined)
    return { kind: 'kept', log: old, why: written.fault.why }
  }
  const { log } = written
  const closed = closedPath(roomLog, number - 1)
  const moved = await firstFree([closed, `${closed}.`], async at =>
    disk.rename({ from: roomLog, to: at, over: 'refuse' }),
  )
  if (moved.kind === 'failed') return stopped(log, old, moved.fault)
  try {
    await disk.rename({ from: next, to: roomLog, over: 'replace' })
  } catch (error) {
    return stopped(log, old, faultOf(error, roomLog))
  }
  const before = old.size
  await old.close()
  log.movedTo(roomLog)
  return { kind: 'ok', log, closed: moved.at, before, after: log.size }
}

/** Writes a journal anew from its last essence on; one rename puts it in the old one's place. */
export async function shorten(
  { disk, path }: { disk: Disk; path: string },
  old: Log,
): Promise<{ kind: 'ok' | 'kept'; log: Log } | { kind: 'failed'; fault: Fault }> {
  const next = nextPath(path)
  const from = await lastEssence(old).catch(() => undefined)
  if (from === undefined) return { kind: 'kept', log: old }
  const keeps = ({ at }: LogRecord) => at >= from
  const written = await writeNext({ disk, next, types: JOURNAL_TYPES, keeps }, old)
  if (written.kind === 'failed') {
    await disk.remove(next).catch(() => undefined)
    return { kind: 'kept', log: old }
  }
  try {
    await disk.rename({ from: next, to: path, over: 'replace' })
  } catch (error) {
    return await stopped(written.log, old, faultOf(error, path))
  }
  await old.close()
  written.log.movedTo(path)
  return { kind: 'ok', log: written.log }
}

async function lastEssence(log: Log): Promise<number | undefined> {
  let last: number | undefined
  for await (const records of log.records()) {
    last = records.findLast(({ type }) => type === ESSENCE)?.at ?? last
  }
  return last
}

/** Whether it was moved or not is not known here: the next start looks. */
async function stopped(
  log: Log,
  old: Log,
  fault: Fault,
): Promise<{ kind: 'failed'; fault: Fault }> {
  await log.close()
  await old.close()
  return { kind: 'failed', fault }
}

type Next = { kind: 'ok'; log: Log } | { kind: 'failed'; fault: Fault }

type Writing = {
  disk: Disk
  next: string
  types: readonly number[]
  keeps: (record: LogRecord) => boolean
}

async function writeNext({ disk, next, types, keeps }: Writing, old: Log): Promise<Next> {
  try {
    if (await exists(disk, next)) await disk.remove(next)
    const opened = await openLog({ disk, path: next, types, visit: () => undefined })
    if (opened.kind === 'corrupt') throw new Error(`bug: new, and ${opened.damage.why}`)
    if (opened.kind === 'failed') return opened
    const { log } = opened
    let queued = 0
    for await (const records of old.records()) {
      for (const entry of records.filter(keeps)) {
        queued += frameSize(entry.body)
        if (log.append([copyOf(entry)]).kind !== 'queued') throw new Error('bug: a log is full')
        if (queued < LOG_QUEUE_MAX_BYTES / 4) continue
        const flushed = await log.flush()
        if (flushed.kind === 'stopped') return await failed(log, flushed.fault)
        queued = 0
      }
    }
    const flushed = await log.flush()
    return flushed.kind === 'stopped' ? await failed(log, flushed.fault) : { kind: 'ok', log }
  } catch (error) {
    return { kind: 'failed', fault: faultOf(error, next) }
  }
}

async function failed(log: Log, fault: Fault): Promise<Next> {
  await log.close()
  return { kind: 'failed', fault }
}

/** Whether a record is of the volume that began, or of none. */
function goesOn({ type, body }: Entry, number: number): boolean {
  const ofVolume: readonly number[] = [
    TYPE.change, TYPE.signedChange, TYPE.carried, TYPE.owed, TYPE.volume,
  ]
  if (!ofVolume.includes(type)) return true
  return (volumeOf(body) ?? 0) >= number
}

/** A chunk of the old log is not kept alive for what the new one has not written yet. */
function copyOf({ type, body }: Entry): Entry {
  return { type, body: body.slice() }
}

async function exists(disk: Disk, path: string): Promise<boolean> {
  try {
    await (await disk.open(path, 'reading')).close()
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}
