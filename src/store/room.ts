/**
 * A room on disk: what everyone may know in room.log, what this voter is bound to in journal.log.
 *
 * **What is on disk after a crash is a prefix of what was appended, across both logs.** Neither
 * log simply goes first, because each is wrong somewhere: with the journal first, a crash leaves an
 * accept of a record that is not held; with the room first, a certificate with this voter's accept
 * in it and no promise behind it, and the voter may promise the opposite. So a flush writes each
 * stretch of entries for one log, syncs it, and only then the next stretch. Two lists with one
 * change of log each cost two syncs; keep the entries for one log together.
 */
import {
  DOCUMENT_BATCH_CHANGES,
  LOG_QUEUE_MAX_BYTES,
  LOG_RECORD_MAX_BYTES,
} from '../core/limits.ts'
import { coalesced } from './coalesce.ts'
import type { Disk, Fault } from './disk.ts'
import { newIncarnation } from './ed25519.ts'
import type { Home } from './home.ts'
import type { Appended, Damage, Entry, Flushed, Log, OpenedLog, Torn } from './log.ts'
import { openLog } from './log.ts'
import { frameSize } from './log-format.ts'
import type { StoredEntry } from './room-format.ts'
import {
  ESSENCE,
  JOURNAL_TYPES,
  journalEntryOf,
  partsOf,
  recordOf,
  ROOM_TYPES,
  roomEntryOf,
  TYPE,
  volumeOf,
} from './room-format.ts'
import { rotate, type Rotated, settleJournal, settleRotation, shorten } from './rotate.ts'

export type { JournalEntry, RoomEntry, StoredEntry } from './room-format.ts'

/** Why this life of the agent's stream is a new one, or that it is not. */
export type Began = 'resumed' | 'fresh' | 'journal-lost' | 'log-lost'

export type OpenedRoom =
  | {
      kind: 'ok'
      room: Room
      incarnation: string
      began: Began
      torn: readonly Torn[]
    }
  | { kind: 'corrupt'; damage: Damage }
  | { kind: 'failed'; fault: Fault }

export type OpenRoom = {
  home: Pick<Home, 'roomLog' | 'journal'>
  disk: Disk
  /**
   * Given every stored entry, the journal's first, each log in its own order. `bytes` are views of
   * what was read; whoever keeps few of them copies those.
   */
  restore: (entry: StoredEntry) => void
  /** Draws 8 bytes as 16 hex digits; the simulator draws its own. */
  incarnation?: () => string
}

/** Opens both logs and replays them. A lost one begins a new incarnation, on disk on return. */
export async function openRoom(asked: OpenRoom): Promise<OpenedRoom> {
  const { disk, home } = asked
  const unsettled =
    (await settleRotation(disk, home.roomLog)) ?? (await settleJournal(disk, home.journal))
  if (unsettled !== undefined) return { kind: 'failed', fault: unsettled }
  let current: string | undefined
  const journal = await openPart(asked, 'journal', entry => {
    if (entry.kind === 'incarnation') current = entry.incarnation
  })
  if (journal.kind !== 'ok') return journal
  const volumes = new Volumes()
  const log = await openPart(asked, 'room', entry => volumes.see(entry))
  if (log.kind !== 'ok') {
    await journal.log.close()
    return log
  }

  const began = howItBegan({
    journal: current === undefined ? 'now' : journal.made,
    room: log.made,
  })
  const room = new Room({ room: log.log, journal: journal.log }, { disk, ...home })
  // A crash, or a full disk, left the volume before in it.
  if (volumes.hasOld()) await room.rotateTo(volumes.number)
  const torn = [journal.torn, log.torn].filter(one => one !== undefined)
  if (began === 'resumed' && current !== undefined)
    return { kind: 'ok', room, incarnation: current, began, torn }

  const incarnation = (asked.incarnation ?? newIncarnation)()
  const begun: StoredEntry[] = [
    { kind: 'incarnation', incarnation },
    { kind: 'life', incarnation },
  ]
  room.append(begun)
  const flushed = await room.flush()
  if (flushed.kind === 'stopped') {
    await room.close()
    return { kind: 'failed', fault: flushed.fault }
  }
  for (const entry of begun) asked.restore(entry)
  return { kind: 'ok', room, incarnation, began, torn }
}

/** A room's logs, open for appending. */
export class Room {
  readonly #logs: { room: Log; journal: Log }
  readonly #place: Place
  #rotated: Rotation | undefined
  #queue: ReturnType<typeof recordOf>[] = []
  #queued = 0
  #fault: Fault | undefined

  /** Returns once all that was appended before is on the medium. All who wait share one flush. */
  readonly flush: () => Promise<Flushed>

  constructor(logs: { room: Log; journal: Log }, place: Place) {
    this.#logs = { ...logs }
    this.#place = place
    this.flush = coalesced(() => this.#write())
  }

  /**
   * Queues entries, all or none; their order is their order on disk. What is referred to stands
   * before what refers to it. Their bytes are not copied: do not change them before the flush.
   */
  append(entries: readonly StoredEntry[]): Appended {
    const records = entries.map(recordOf)
    const sizes = records.map(({ record }) => frameSize(record.body))
    const size = sizes.reduce((sum, one) => sum + one, 0)
    const largest = records.find(({ record }) => record.body.length >= LOG_RECORD_MAX_BYTES)
    if (largest !== undefined) return { kind: 'too-large', size: largest.record.body.length }
    if (this.#queued + size > LOG_QUEUE_MAX_BYTES) return { kind: 'full' }

    this.#queue.push(...records)
    this.#queued += size
    return { kind: 'queued' }
  }

  /**
   * The changes of a volume in their order on disk, as far as they were flushed when this was
   * called, in batches that the document takes at once.
   */
  changes(volume: number): AsyncIterable<Uint8Array[]> {
    return changesIn(this.#logs.room.records(), volume)
  }

  /** The last rotation of room.log since this was opened; undefined before the first. */
  get rotated(): Rotation | undefined {
    return this.#rotated
  }

  /** Takes the changes of the volumes before one out of room.log, into a file of their own. */
  async rotateTo(number: number): Promise<void> {
    const began = performance.now()
    const done = await rotate({ ...this.#place, number }, this.#logs.room)
    const ms = Math.round(performance.now() - began)
    if (done.kind === 'failed') this.#fault = done.fault
    else this.#logs.room = done.log
    if (done.kind === 'ok') this.#rotated = { ...done, ms }
    if (done.kind === 'kept') this.#rotated = { ...done, ms }
  }

  /** Flushes and closes both logs. */
  async close(): Promise<Flushed> {
    const flushed = await this.flush()
    await this.#logs.room.close()
    await this.#logs.journal.close()
    return flushed
  }

  /** A volume that began is the last one whose changes the log keeps. */
  async #rotateAfter(records: readonly Entry[]): Promise<void> {
    const begun = records.findLast(({ type }) => type === TYPE.volume)
    const number = begun === undefined ? undefined : volumeOf(begun.body)
    if (number !== undefined) await this.rotateTo(number)
  }

  /** Writes the journal anew from its last essence on; where that fails the old one goes on. */
  async #shorten(): Promise<void> {
    const { disk, journal } = this.#place
    const done = await shorten({ disk, path: journal }, this.#logs.journal)
    if (done.kind === 'failed') this.#fault = done.fault
    else this.#logs.journal = done.log
  }

  async #write(): Promise<Flushed> {
    const queue = this.#queue
    this.#queue = []
    this.#queued = 0

    for (const { log, records } of stretches(queue)) {
      if (this.#fault !== undefined) break
      const appended = this.#logs[log].append(records)
      if (appended.kind !== 'queued')
        throw new Error(`bug: a stretch of records is ${appended.kind}`)
      const flushed = await this.#logs[log].flush()
      // What one log lost the other must not go on from: later entries may refer to it.
      if (flushed.kind === 'stopped') this.#fault = flushed.fault
      else if (log === 'room') await this.#rotateAfter(records)
      else if (records.some(({ type }) => type === ESSENCE)) await this.#shorten()
    }
    return this.#fault === undefined ? { kind: 'ok' } : { kind: 'stopped', fault: this.#fault }
  }
}

/** What a rotation came to, and how long it took. */
export type Rotation = Exclude<Rotated, { kind: 'failed' }> & { readonly ms: number }

type Place = { readonly disk: Disk; readonly roomLog: string; readonly journal: string }

/** Which volume a log is in, and whether it holds changes of one before. */
class Volumes {
  number = 0
  readonly #changes = new Set<number>()

  see(entry: StoredEntry): void {
    if (entry.kind === 'change') this.#changes.add(entry.volume)
    const begun = entry.kind === 'volume' ? volumeOf(entry.bytes) : undefined
    if (begun !== undefined) this.number = begun
  }

  hasOld(): boolean {
    return [...this.#changes].some(volume => volume < this.number)
  }
}

type Stretch = { log: 'room' | 'journal'; records: Entry[] }

/** Cuts a queue where the log changes. */
function stretches(queue: readonly ReturnType<typeof recordOf>[]): Stretch[] {
  const all: Stretch[] = []
  for (const { log, record } of queue) {
    const last = all.at(-1)
    if (last?.log === log) last.records.push(record)
    else all.push({ log, records: [record] })
  }
  return all
}

function openPart(
  { home, disk, restore }: OpenRoom,
  part: 'room' | 'journal',
  see: (entry: StoredEntry) => void,
): Promise<OpenedLog> {
  const read = part === 'room' ? roomEntryOf : journalEntryOf
  return openLog({
    disk,
    path: part === 'room' ? home.roomLog : home.journal,
    types: part === 'room' ? ROOM_TYPES : JOURNAL_TYPES,
    visit(record) {
      const entry = read(record)
      if (entry.kind === 'malformed') return entry.why
      if (entry.value.kind !== 'essence') {
        see(entry.value)
        restore(entry.value)
        return undefined
      }
      const parts = partsOf(entry.value.bytes)
      if (parts.kind === 'malformed') return parts.why
      for (const one of parts.value) see(one)
      for (const one of parts.value) restore(one)
      return undefined
    },
  })
}

/**
 * Without the journal nobody knows what this agent has signed and promised; without the room's log
 * it may sign a sequence number twice. Either way the old life is over.
 */
function howItBegan(made: { journal: 'now' | 'before'; room: 'now' | 'before' }): Began {
  if (made.journal === 'now') return made.room === 'now' ? 'fresh' : 'journal-lost'
  return made.room === 'now' ? 'log-lost' : 'resumed'
}

async function* changesIn(
  chunks: AsyncIterable<readonly Entry[]>,
  volume: number,
): AsyncGenerator<Uint8Array[]> {
  let batch: Uint8Array[] = []
  for await (const records of chunks) {
    for (const record of records) {
      const entry = roomEntryOf(record)
      if (entry.kind === 'malformed') throw new Error(`bug: restored before, now ${entry.why}`)
      if (entry.value.kind !== 'change' || entry.value.volume !== volume) continue
      batch.push(entry.value.bytes)
      if (batch.length < DOCUMENT_BATCH_CHANGES) continue
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}
