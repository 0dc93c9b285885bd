/** The room's logs and the saved document, read as they lie there. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeOp } from '../../core/auth/op.ts'
import type { RoomId } from '../../core/brand.ts'
import { SNAPSHOT_MAX_BYTES } from '../../core/limits.ts'
import { keepEntry, openKept, volumeKept } from '../../core/engine/kept.ts'
import { isTakenAt, parseSnapshot, Progress, type Snapshot } from '../../store/document/snapshot.ts'
import { readWhole } from '../../store/files.ts'
import type { Home } from '../../store/home.ts'
import { inspectLog, type LogHealth } from '../../store/inspect.ts'
import { nodeDisk } from '../../store/node-disk.ts'
import type { StoredEntry } from '../../store/room.ts'
import { error, fine, type Found, note, warning } from './finding.ts'
import type { DaemonState } from './socket.ts'

const BACKUP = 'restore .knot from a backup, or join again as a new agent in another clone'

/** Looks at both logs and whether the snapshot is one of theirs. */
export async function examineLogs(home: Home, daemon: DaemonState): Promise<Found[]> {
  const snapshot = await readSnapshot(home)
  const compared = new Comparison(snapshot)
  const see = (entry: StoredEntry) => compared.see(entry)
  const room = await inspectLog({ home, disk: nodeDisk, see }, 'room')
  const journal = await inspectLog({ home, disk: nodeDisk }, 'journal')
  if (room.kind === 'missing' && journal.kind === 'missing') {
    const text = 'this checkout is in no room yet'
    return [note('room', 'room-missing', text, 'knot up, or knot join "knot://…"')]
  }
  return [
    logFinding({ area: 'room.log', path: home.roomLog, daemon }, room),
    logFinding({ area: 'journal.log', path: home.journal, daemon }, journal),
    ...(await closedLogs(home)),
    ...snapshotFinding(home, snapshot, compared),
    ...(await keptCopies(home)),
  ]
}

/** The logs of volumes that ended, each as whole as it was left. */
async function closedLogs(home: Home): Promise<Found[]> {
  const names = await readdir(home.room).catch(() => [])
  const closed = names.filter((name) => /^volume-\d+\.log(\.\d+)?$/.test(name)).sort()
  const found: Found[] = []
  for (const area of closed) {
    const path = join(home.room, area)
    const health = await inspectLog({ home: { ...home, roomLog: path }, disk: nodeDisk }, 'room')
    found.push(logFinding({ area, path, daemon: 'absent' }, health))
  }
  return found
}

/** The finding for one log. */
export function logFinding(
  { area, path, daemon }: { area: string; path: string; daemon: DaemonState },
  health: LogHealth,
): Found {
  switch (health.kind) {
    case 'whole':
      return fine(area, `whole, ${health.records} records, ${health.bytes} bytes`)
    case 'missing': {
      const text = `${path} is missing; a new incarnation begins at the next start`
      return warning(area, { code: 'log-missing', text, fix: BACKUP })
    }
    case 'torn': {
      // A daemon that is writing at this moment has half a record there, too.
      if (daemon === 'serving') return fine(area, 'whole, and being written')
      const half = `${path} ends in half a record (${health.bytes} bytes)`
      const text = `${half}, as a power cut leaves it; nobody was promised it`
      const fix = 'knot up cuts it off and keeps a copy'
      return warning(area, { code: 'log-torn', text, fix })
    }
    case 'damaged': {
      const text = `${path} is damaged at byte ${health.at}: ${health.why}`
      return error(area, { code: 'log-damaged', text, fix: BACKUP })
    }
    case 'failed':
      return error(area, { code: 'log-unreadable', text: health.fault.why, fix: `ls -l ${path}` })
  }
}

/** Follows the changes of the log up to the place at which the snapshot was taken. */
class Comparison {
  readonly #snapshot: Snapshot | 'missing' | 'unreadable'
  readonly #kept = openKept()
  #room: RoomId | undefined
  #progress: Progress | undefined
  matches = false

  constructor(snapshot: Snapshot | 'missing' | 'unreadable') {
    this.#snapshot = snapshot
  }

  see(entry: StoredEntry): void {
    const snapshot = this.#snapshot
    if (typeof snapshot === 'string' || this.matches) return
    if (entry.kind === 'auth') this.#begin(entry.bytes)
    if (entry.kind === 'carried' || entry.kind === 'volume') this.#turn(entry)
    if (entry.kind !== 'change' || this.#progress === undefined) return
    if (entry.volume !== this.#kept.number) return
    this.#progress.add([entry.bytes])
    this.matches = this.#progress.count === snapshot.count && isTakenAt(snapshot, this.#progress)
  }

  #begin(genesis: Uint8Array): void {
    if (this.#room !== undefined) return
    const read = decodeOp(genesis)
    if (read.kind !== 'ok') return
    const room = read.value.id as RoomId
    this.#room = room
    this.#progress = new Progress(volumeKept(room, this.#kept).bytes)
  }

  /** The document begins anew with each volume. */
  #turn(entry: Extract<StoredEntry, { kind: 'carried' | 'owed' | 'volume' }>): void {
    const why = keepEntry(this.#kept, entry)
    if (why !== undefined || this.#room === undefined || entry.kind === 'carried') return
    this.#progress = new Progress(volumeKept(this.#room, this.#kept).bytes)
  }
}


async function readSnapshot({ snapshot }: Home): Promise<Snapshot | 'missing' | 'unreadable'> {
  const read = await readWhole(nodeDisk, snapshot, SNAPSHOT_MAX_BYTES)
  if (read.kind === 'missing') return 'missing'
  return (read.kind === 'ok' ? parseSnapshot(read.bytes) : undefined) ?? 'unreadable'
}

function snapshotFinding(
  { snapshot: path }: Home,
  snapshot: Snapshot | 'missing' | 'unreadable',
  { matches }: Comparison,
): Found[] {
  if (snapshot === 'missing') return []
  if (matches) return [fine('document', 'the saved document is one of this log')]
  const text = `${path} is not the document of this log; it is only a cache, and built anew`
  const mend = () => nodeDisk.remove(path)
  return [warning('document', { code: 'snapshot-unusable', text, fix: 'knot doctor --fix', mend })]
}

async function keptCopies({ room, root }: Home): Promise<Found[]> {
  const copies: string[] = []
  for (const folder of [root, room]) {
    const names = await readdir(folder).catch(() => [])
    for (const name of names) if (/\.(torn|bad)-\d+$/.test(name)) copies.push(join(folder, name))
  }
  if (copies.length === 0) return []
  const text = `kept of earlier damage: ${copies.sort().join(', ')}`
  const fix = 'check the disk; remove them once you need them no more'
  return [note('copies', 'copies-kept', text, fix)]
}
