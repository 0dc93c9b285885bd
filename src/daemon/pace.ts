/** Turns the mesh's outbox into the engine's `drained`: at once, or when a full outbox has room. */
import type { PublicKey } from '../core/brand.ts'
import type { SendOutcome } from '../mesh/port.ts'

/** Which outboxes are full, and who wants to know when they are not. */
export class Pace {
  readonly #full = new Set<PublicKey>()
  readonly #asked = new Set<PublicKey>()
  readonly #drained: (key: PublicKey) => void

  constructor(drained: (key: PublicKey) => void) {
    this.#drained = drained
  }

  /** Notes what became of a frame. */
  sent(key: PublicKey, outcome: SendOutcome): void {
    if (outcome === 'full') this.#full.add(key)
    if (outcome === 'gone') this.forget(key)
  }

  /** The engine wants to know when more can be sent. */
  asked(key: PublicKey): void {
    if (this.#full.has(key)) this.#asked.add(key)
    else this.#drained(key)
  }

  /** The mesh says that an outbox has room again. */
  roomAgain(key: PublicKey): void {
    this.#full.delete(key)
    if (this.#asked.delete(key)) this.#drained(key)
  }

  /** The session ended; a new one begins with an empty outbox. */
  forget(key: PublicKey): void {
    this.#full.delete(key)
    this.#asked.delete(key)
  }
}
