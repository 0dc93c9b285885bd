/**
 * The room document: Automerge in a worker thread, fed with changes that have passed the gate.
 *
 * It is a reading of the log, never the truth. Whatever happens to the worker costs the worker: it
 * is started again and given the log again. So nothing here can fail a caller who only applies, and
 * who asks is told when there is no answer.
 */
import {
  DOCUMENT_BATCH_CHANGES,
  DOCUMENT_BATCH_MAX_BYTES,
  DOCUMENT_REQUEST_MS,
  DOCUMENT_RESTART_MAX_MS,
  DOCUMENT_RESTART_MIN_MS,
  SNAPSHOT_MAX_BYTES,
} from '../../core/limits.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Disk, Fault } from '../disk.ts'
import { readWhole, writeAtomically } from '../files.ts'
import { bounded } from './bounded.ts'
import type { Answers, Ask, Facts } from './messages.ts'
import { pack } from './messages.ts'
import type { Job } from './queue.ts'
import { Queue } from './queue.ts'
import type { Snapshot } from './snapshot.ts'
import { isTakenAt, parseSnapshot, Progress, snapshotFile } from './snapshot.ts'
import { Thread } from './thread.ts'

export type { Facts } from './messages.ts'

export type DocumentEvent =
  | { kind: 'ready'; changes: number; from: 'snapshot' | 'genesis'; ms: number }
  | { kind: 'restarting'; why: string; afterMs: number }
  /** The snapshot is no cache of these changes; it is replaced by the next save. */
  | { kind: 'snapshot-unused'; why: string }
  | { kind: 'change-refused'; change: Uint8Array; why: string }

export type Unavailable = { kind: 'unavailable'; why: string }
export type Heads = { kind: 'ok'; heads: readonly string[]; changes: number } | Unavailable
export type ReadFacts = { kind: 'ok'; facts: Facts } | Unavailable
export type Saved = { kind: 'ok'; bytes: number } | { kind: 'failed'; fault: Fault } | Unavailable

export type OpenDocument = {
  /** The first change of the volume that `replay` yields, the one that makes the topics. */
  genesis: () => Uint8Array
  disk: Disk
  /** Where the snapshot is kept. */
  path: string
  /**
   * Yields, in a fixed order, every change that the document is to hold, those given to `apply`
   * before the call included. It may reject: the document is then tried again later.
   */
  replay: () => AsyncIterable<Uint8Array[]>
  signal: AbortSignal
  log: (event: DocumentEvent) => void
  /** Bound of one request, DOCUMENT_REQUEST_MS where none is given. */
  requestMs?: number
}

/** Starts the document; it is built in the background, and requests wait for it. */
export function openDocument(asked: OpenDocument): RoomDocument {
  return new RoomDocument(asked)
}

/** The room's Automerge document in a worker of its own; `openDocument` makes it. */
export class RoomDocument {
  readonly #asked: OpenDocument
  readonly #requestMs: number
  readonly #closing = new AbortController()
  readonly #signal: AbortSignal
  readonly #queue: Queue
  readonly #life: Promise<void>
  #progress: Progress

  constructor(asked: OpenDocument) {
    this.#asked = asked
    this.#requestMs = asked.requestMs ?? DOCUMENT_REQUEST_MS
    this.#signal = AbortSignal.any([asked.signal, this.#closing.signal])
    this.#queue = new Queue({ requestMs: this.#requestMs, signal: this.#signal })
    this.#progress = new Progress(asked.genesis())
    this.#life = this.#live()
  }

  /**
   * Takes changes that have passed the gate. They are queued; when too many wait, the document is
   * rebuilt from `replay` instead. Duplicates do no harm.
   */
  apply(changes: readonly Uint8Array[]): void {
    this.#queue.apply(changes)
  }

  /** The heads with everything applied that was given before. */
  async heads(): Promise<Heads> {
    const asked = await this.#queue.ask<'heads'>({ kind: 'heads' })
    return asked.kind === 'done' ? { kind: 'ok', ...asked.answer } : unavailable(asked)
  }

  /** The facts as Automerge holds them, of one topic or of all. */
  async facts(topic?: string): Promise<ReadFacts> {
    const asked = await this.#queue.ask<'facts'>({ kind: 'facts', topic })
    return asked.kind === 'done' ? { kind: 'ok', ...asked.answer } : unavailable(asked)
  }

  /** Replaces the snapshot with one that was loaded again and had the same heads. */
  async save(): Promise<Saved> {
    let header: Uint8Array = new Uint8Array()
    const asked = await this.#queue.ask<'save'>({ kind: 'save' }, () => {
      header = this.#progress.header()
    })
    if (asked.kind !== 'done') return unavailable(asked)

    const bytes = snapshotFile(header, asked.answer.saved)
    const written = await writeAtomically(this.#asked.disk, this.#asked.path, bytes)
    if (written.kind === 'exists') throw new Error('bug: a snapshot replaces the one before')
    return written.kind === 'failed' ? written : { kind: 'ok', bytes: bytes.length }
  }

  /** Builds the document anew from `replay`, as when a seal has cut changes off. */
  rebuild(): void {
    this.#queue.rebuild()
  }

  /** Ends the worker; requests that wait are answered. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#life
  }

  /** The supervisor: one worker after the other, until the document is closed. */
  async #live(): Promise<void> {
    let wait = DOCUMENT_RESTART_MIN_MS
    while (!this.#signal.aborted) {
      const thread = new Thread()
      const why = await this.#use(thread, () => (wait = DOCUMENT_RESTART_MIN_MS))
      await thread.end()
      if (why === undefined || this.#signal.aborted) continue

      this.#asked.log({ kind: 'restarting', why, afterMs: wait })
      await sleep(wait, undefined, { signal: this.#signal, ref: false }).catch(() => undefined)
      wait = Math.min(wait * 2, DOCUMENT_RESTART_MAX_MS)
    }
    this.#queue.close()
  }

  /** Builds the document in a worker and serves from it; answers why that came to an end. */
  async #use(thread: Thread, served: () => void): Promise<string | undefined> {
    const lost = await this.#build(thread)
    if (lost !== undefined) return lost
    for (;;) {
      const job = await this.#queue.take()
      if (job.kind === 'closed' || job.kind === 'rebuild') return undefined
      const why = await this.#perform(thread, job)
      if (why !== undefined) return why
      served()
    }
  }

  async #perform(
    thread: Thread,
    job: Exclude<Job, { kind: 'closed' | 'rebuild' }>,
  ): Promise<string | undefined> {
    if (job.kind === 'apply') return this.#give(thread, job.changes)
    job.begin()
    const answered = await this.#ask(thread, job.ask)
    job.settle(answered)
    return answered.kind === 'lost' ? answered.why : undefined
  }

  /** Gives the worker everything, from the snapshot where that fits; answers why it could not. */
  async #build(thread: Thread): Promise<string | undefined> {
    const began = performance.now()
    const snapshot = await this.#snapshot()
    const unused = snapshot === undefined ? undefined : await this.#replay(thread, snapshot)
    const fits = snapshot !== undefined && unused === undefined
    if (unused?.kind === 'lost') return unused.why
    if (unused !== undefined) this.#asked.log({ kind: 'snapshot-unused', why: unused.why })

    const built = fits ? undefined : await this.#replay(thread, undefined)
    if (built !== undefined) return built.why
    const ms = Math.round(performance.now() - began)
    const from = fits ? 'snapshot' : 'genesis'
    this.#asked.log({ kind: 'ready', changes: this.#progress.count, from, ms })
    return undefined
  }

  async #snapshot(): Promise<Snapshot | undefined> {
    const { disk, path, log } = this.#asked
    const read = await readWhole(disk, path, SNAPSHOT_MAX_BYTES)
    if (read.kind === 'missing') return undefined
    const snapshot = read.kind === 'ok' ? parseSnapshot(read.bytes) : undefined
    if (snapshot === undefined)
      log({ kind: 'snapshot-unused', why: `${path} is not readable (${read.kind})` })
    return snapshot
  }

  /** Replays; the changes that the snapshot holds are compared with it instead of being sent. */
  async #replay(thread: Thread, snapshot: Snapshot | undefined): Promise<Unfit | undefined> {
    this.#progress = new Progress(this.#asked.genesis())
    this.#queue.clear()
    const within = { ms: this.#requestMs, signal: this.#signal }
    const replayed = bounded(this.#asked.replay(), within)
    let left = snapshot?.count ?? 0
    let loaded = snapshot !== undefined && left > 0 ? undefined : await this.#load(thread, snapshot)
    if (loaded?.kind === 'lost' || loaded?.kind === 'unfit') return loaded

    try {
      for await (const changes of replayed) {
        const known = changes.slice(0, left)
        this.#progress.add(known)
        left -= known.length
        if (left > 0) continue
        loaded ??= await this.#load(thread, snapshot)
        if (loaded.kind !== 'loaded') return loaded
        const why = await this.#give(thread, changes.slice(known.length))
        if (why !== undefined) return { kind: 'lost', why }
      }
    } catch (error) {
      return { kind: 'lost', why: `the log could not be replayed: ${String(error)}` }
    }
    return left > 0 ? { kind: 'unfit', why: 'it holds more changes than the log' } : undefined
  }

  async #load(thread: Thread, snapshot: Snapshot | undefined): Promise<Unfit | { kind: 'loaded' }> {
    if (snapshot !== undefined && !isTakenAt(snapshot, this.#progress)) {
      return { kind: 'unfit', why: 'it was taken of other changes' }
    }
    const { genesis } = this.#progress
    const answered = await this.#ask(thread, { kind: 'load', genesis, saved: snapshot?.saved })
    if (answered.kind === 'done') return { kind: 'loaded' }
    return {
      kind: answered.kind === 'lost' || snapshot === undefined ? 'lost' : 'unfit',
      why: answered.why,
    }
  }

  /** Gives changes to the worker in batches; answers why the worker was lost. */
  async #give(thread: Thread, changes: readonly Uint8Array[]): Promise<string | undefined> {
    for (const batch of batches(changes)) {
      const answered = await this.#ask(thread, { kind: 'apply', changes: pack(batch) })
      if (answered.kind !== 'done') return answered.why
      this.#progress.add(batch)
      for (const { index, why } of (answered.answer as Answers['apply']).refused) {
        this.#asked.log({ kind: 'change-refused', change: batch[index] as Uint8Array, why })
      }
    }
    return undefined
  }

  #ask(thread: Thread, ask: Ask) {
    return thread.ask(ask, { ms: this.#requestMs, signal: this.#signal })
  }
}

/** 'unfit': the snapshot is of no use. 'lost': the worker, or the log, is. */
type Unfit = { kind: 'unfit' | 'lost'; why: string }

/** Cuts changes into what the worker takes at once. */
function* batches(changes: readonly Uint8Array[]): Generator<Uint8Array[]> {
  let batch: Uint8Array[] = []
  let bytes = 0
  for (const change of changes) {
    const full =
      batch.length === DOCUMENT_BATCH_CHANGES || bytes + change.length > DOCUMENT_BATCH_MAX_BYTES
    if (full && batch.length > 0) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(change)
    bytes += change.length
  }
  if (batch.length > 0) yield batch
}

function unavailable({ why }: { why: string }): Unavailable {
  return { kind: 'unavailable', why }
}
