/**
 * Peers that are let go, a moment after it was decided: what they were told last, that they were
 * removed, is on its way. Nothing is heard from them meanwhile, as the engine has no session.
 */
import type { PublicKey } from '../core/brand.ts'
import { PARTING_MS } from '../core/limits.ts'

/** The peers of one room that are on their way out. */
export class Farewells {
  readonly #waiting = new Map<PublicKey, NodeJS.Timeout>()

  /** Lets a peer go soon, unless it is to stay after all. */
  part(peer: PublicKey, go: () => void): void {
    this.stay(peer)
    const timer = setTimeout(() => {
      this.#waiting.delete(peer)
      go()
    }, PARTING_MS)
    this.#waiting.set(peer, timer.unref())
  }

  /** The peer came back before it was gone. */
  stay(peer: PublicKey): void {
    clearTimeout(this.#waiting.get(peer))
    this.#waiting.delete(peer)
  }
}
