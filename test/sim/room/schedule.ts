/** Simulated time: what happens when, and at one moment in the order in which it was asked for. */

type Happening = { when: number; order: number; run: () => void }

/** A queue of happenings (a binary heap) and the moment of the last one. */
export class Schedule {
  now = 0
  readonly #heap: Happening[] = []
  #order = 0

  /** Has something happen after a while. */
  later(delay: number, run: () => void): void {
    const heap = this.#heap
    const happening = { when: this.now + delay, order: this.#order++, run }
    let at = heap.push(happening) - 1
    while (at > 0) {
      const up = (at - 1) >> 1
      const parent = heap[up] as Happening
      if (isBefore(parent, happening)) break
      heap[at] = parent
      at = up
    }
    heap[at] = happening
  }

  /** Lets everything happen that is due until the given moment. */
  run(until: number): void {
    for (;;) {
      const [next] = this.#heap
      if (next === undefined || next.when > until) break
      this.#removeFirst()
      this.now = next.when
      next.run()
    }
    this.now = until
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop() as Happening
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      const right = heap[child + 1]
      if (right !== undefined && isBefore(right, heap[child] as Happening)) child++
      if (isBefore(last, heap[child] as Happening)) break
      heap[at] = heap[child] as Happening
      at = child
    }
    heap[at] = last
  }
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.when < b.when || (a.when === b.when && a.order < b.order)
}
