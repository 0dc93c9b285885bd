/** One worker thread, asked one thing at a time, each in bounded time, until it is lost. */
import { Worker } from 'node:worker_threads'
import { DOCUMENT_HEAP_MAX_MB } from '../../core/limits.ts'
import type { Answers, Ask, Reply } from './messages.ts'

export type Answered<Kind extends keyof Answers> =
  | { kind: 'done'; answer: Answers[Kind] }
  | { kind: 'failed'; why: string }
  /** The thread is gone, or is to be ended: it panicked, hung or ran out of memory. */
  | { kind: 'lost'; why: string }

/** One worker and the one job that it does; a job that fails hard loses the worker. */
export class Thread {
  readonly #worker: Worker
  #next = 0
  #lost: string | undefined
  #complaint = ''
  #waiting: { id: number; settle: (answered: Answered<keyof Answers>) => void } | undefined

  constructor() {
    this.#worker = new Worker(entry(), {
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: DOCUMENT_HEAP_MAX_MB },
    })
    this.#worker.stdout.resume()
    // Automerge tells of its panics here; the first lines say which.
    this.#worker.stderr.on('data', (text: Buffer) => {
      if (this.#complaint.length < 500) this.#complaint += text.toString('utf8').slice(0, 500)
    })
    this.#worker.on('message', (reply: Reply) => this.#answered(reply))
    this.#worker.on('error', error => this.#lose(String(error)))
    this.#worker.on('exit', code => this.#lose(`the worker ended with code ${code}`))
    // The daemon ends when its work is done, whatever a worker does.
    this.#worker.unref()
  }

  /** Asks, and waits at most `ms`; a thread that does not answer in time is lost. */
  ask<Kind extends Ask['kind']>(
    ask: Extract<Ask, { kind: Kind }>,
    { ms, signal }: { ms: number; signal: AbortSignal },
  ): Promise<Answered<Kind>> {
    if (this.#waiting !== undefined) throw new Error('bug: a worker is asked one thing at a time')
    if (this.#lost !== undefined) return Promise.resolve({ kind: 'lost', why: this.#lost })
    if (signal.aborted)
      return Promise.resolve({ kind: 'lost', why: 'the document is being closed' })

    const id = this.#next++
    return new Promise(resolve => {
      const timer = setTimeout(() => this.#lose(`no answer to ${ask.kind} within ${ms} ms`), ms)
      const abort = (): void => this.#lose('the document is being closed')
      signal.addEventListener('abort', abort, { once: true })
      this.#waiting = {
        id,
        settle: answered => {
          clearTimeout(timer)
          signal.removeEventListener('abort', abort)
          resolve(answered as Answered<Kind>)
        },
      }
      this.#worker.postMessage({ id, ask }, handedOver(ask))
    })
  }

  /** Ends the thread, in the middle of whatever it does, and gives its memory back. */
  async end(): Promise<void> {
    this.#lose('the worker was ended')
    await this.#worker.terminate()
  }

  #answered(reply: Reply): void {
    const waiting = this.#waiting
    if (waiting?.id !== reply.id) return
    this.#waiting = undefined
    waiting.settle(reply)
  }

  #lose(why: string): void {
    this.#lost ??= this.#complaint === '' ? why : `${why}: ${this.#complaint.trim()}`
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.settle({ kind: 'lost', why: this.#lost })
  }
}

/** Buffers that nobody needs here any more, and so need no copy. */
function handedOver(ask: Ask): ArrayBuffer[] {
  return ask.kind === 'apply' ? [ask.changes.bytes.buffer] : []
}

/** The worker's own module: beside this one from source, a bundle of its own when bundled. */
function entry(): URL {
  const isSource = import.meta.url.endsWith('.ts')
  return new URL(isSource ? './worker.ts' : './document-worker.js', import.meta.url)
}
