/** Waiting for the engine to reach a state. */

/** Wakes those who wait for something, every time the engine moved. */
export class Watch {
  readonly #waiting = new Set<() => void>()

  moved(): void {
    for (const wake of this.#waiting) wake()
  }

  /** Resolves when `reached` holds, or at the latest after `ms`, or when aborted. */
  async until(
    reached: () => boolean,
    { ms, signal }: { ms: number; signal: AbortSignal },
  ): Promise<'reached' | 'late'> {
    const stop = AbortSignal.any([signal, AbortSignal.timeout(ms)])
    while (!reached()) {
      if (stop.aborted) return 'late'
      await this.#next(stop)
    }
    return 'reached'
  }

  #next(stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake)
        stop.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      stop.addEventListener('abort', wake, { once: true })
    })
  }
}
