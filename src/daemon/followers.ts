/** Readers of the log that wait for what comes next. */
import { FOLLOWER_EVENTS_MAX } from '../core/limits.ts'
import type { Told } from './words.ts'

/** Hands every event to every follower; one that reads too slowly is cut off, and told so. */
export class Followers {
  readonly #open = new Set<Follower>()

  tell(event: Told): void {
    for (const follower of this.#open) follower.push(event)
  }

  /** Events from now on, until the signal is aborted. */
  async *follow(signal: AbortSignal): AsyncGenerator<Told, 'ended' | 'too slow', void> {
    const follower = new Follower(signal)
    this.#open.add(follower)
    try {
      for (;;) {
        const next = await follower.next()
        if (typeof next === 'string') return next
        yield next
      }
    } finally {
      this.#open.delete(follower)
    }
  }
}

class Follower {
  readonly #queue: Told[] = []
  readonly #signal: AbortSignal
  #wake: () => void = () => undefined
  #late = false

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', () => this.#wake(), { once: true })
  }

  push(event: Told): void {
    if (this.#queue.length >= FOLLOWER_EVENTS_MAX) this.#late = true
    else this.#queue.push(event)
    this.#wake()
  }

  async next(): Promise<Told | 'ended' | 'too slow'> {
    for (;;) {
      const event = this.#queue.shift()
      if (event !== undefined) return event
      if (this.#late) return 'too slow'
      if (this.#signal.aborted) return 'ended'
      await new Promise<void>((wake) => (this.#wake = wake))
    }
  }
}
