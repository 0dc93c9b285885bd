/** What waits for the document: changes, joined into batches, and requests, each with its end. */
import {
  DOCUMENT_BATCH_CHANGES,
  DOCUMENT_QUEUE_MAX_BYTES,
  DOCUMENT_QUEUE_MAX_CHANGES,
  DOCUMENT_REQUESTS_MAX,
} from '../../core/limits.ts'
import type { Answers, Ask } from './messages.ts'
import type { Answered } from './thread.ts'

type Settle = (answered: Answered<keyof Answers>) => void
type Request = { kind: 'ask'; ask: Ask; begin: () => void; settle: Settle }
type Batch = { kind: 'apply'; changes: Uint8Array[] }

export type Job = Batch | Request | { kind: 'rebuild' } | { kind: 'closed' }

/** What waits for the worker, in the order of asking, each request with its time limit. */
export class Queue {
  readonly #requestMs: number
  readonly #signal: AbortSignal
  /** Requests that nobody has answered, in the queue or under way. */
  readonly #open = new Set<Request>()
  #jobs: (Batch | Request)[] = []
  #changes = 0
  #bytes = 0
  #stale = false
  #wake: () => void = () => undefined

  constructor({ requestMs, signal }: { requestMs: number; signal: AbortSignal }) {
    this.#requestMs = requestMs
    this.#signal = signal
    signal.addEventListener('abort', () => this.#wake(), { once: true })
  }

  apply(changes: readonly Uint8Array[]): void {
    // What is given to a document that will be rebuilt comes back with the log.
    if (this.#stale || this.#signal.aborted) return
    this.#changes += changes.length
    for (const change of changes) this.#bytes += change.length
    if (this.#changes > DOCUMENT_QUEUE_MAX_CHANGES || this.#bytes > DOCUMENT_QUEUE_MAX_BYTES)
      return this.rebuild()

    for (const change of changes) {
      const last = this.#jobs.at(-1)
      if (last?.kind === 'apply' && last.changes.length < DOCUMENT_BATCH_CHANGES)
        last.changes.push(change)
      else this.#jobs.push({ kind: 'apply', changes: [change] })
    }
    this.#wake()
  }

  /** Waits its turn behind everything given before; `begin` is called when it is its turn. */
  ask<Kind extends Ask['kind']>(
    ask: Extract<Ask, { kind: Kind }>,
    begin: () => void = () => undefined,
  ): Promise<Answered<Kind>> {
    if (this.#signal.aborted)
      return Promise.resolve({ kind: 'lost', why: 'the document is closed' })
    if (this.#open.size >= DOCUMENT_REQUESTS_MAX) {
      return Promise.resolve({
        kind: 'lost',
        why: `${DOCUMENT_REQUESTS_MAX} requests wait already`,
      })
    }
    return new Promise(resolve => {
      const late = {
        kind: 'lost',
        why: `the document was not ready within ${this.#requestMs} ms`,
      } as const
      const timer = setTimeout(() => request.settle(late), this.#requestMs)
      const request: Request = {
        kind: 'ask',
        ask,
        begin,
        settle: answered => {
          if (!this.#drop(request)) return
          clearTimeout(timer)
          resolve(answered as Answered<Kind>)
        },
      }
      this.#open.add(request)
      this.#jobs.push(request)
      this.#wake()
    })
  }

  /** Drops the changes that wait: the caller is about to take them from the log. */
  clear(): void {
    this.#jobs = this.#jobs.filter(job => job.kind === 'ask')
    this.#changes = 0
    this.#bytes = 0
    this.#stale = false
  }

  rebuild(): void {
    this.clear()
    this.#stale = true
    this.#wake()
  }

  /** The next job, once there is one. */
  async take(): Promise<Job> {
    for (;;) {
      if (this.#signal.aborted) return { kind: 'closed' }
      if (this.#stale) return { kind: 'rebuild' }
      const job = this.#jobs.shift()
      if (job?.kind === 'apply') {
        this.#changes -= job.changes.length
        for (const change of job.changes) this.#bytes -= change.length
      }
      if (job !== undefined) return job
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }

  /** Answers everyone who still waits. */
  close(): void {
    for (const request of [...this.#open])
      request.settle({ kind: 'lost', why: 'the document is closed' })
    this.#jobs = []
  }

  #drop(request: Request): boolean {
    if (!this.#open.delete(request)) return false
    this.#jobs = this.#jobs.filter(job => job !== request)
    return true
  }
}
