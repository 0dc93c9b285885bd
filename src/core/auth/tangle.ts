/** Finding the ops that wait for each other. */

/**
 * One set of things that all wait, directly or not, for each other and for nothing outside the
 * set (Tarjan's first strongly connected component). `open` must not be empty, and each of it must
 * wait for something in it.
 */
export function tangleOf<T>(open: readonly T[], waitsFor: (item: T) => readonly T[]): T[] {
  const start = open[0]
  if (start === undefined) throw new Error('bug: no tangle in nothing')

  type Step = { item: T; number: number; low: number; next: T[] }
  const steps = new Map<T, Step>()
  const visited: Step[] = []
  const enter = (item: T): Step => {
    const number = steps.size
    const step = { item, number, low: number, next: [...waitsFor(item)] }
    steps.set(item, step)
    visited.push(step)
    return step
  }

  // A list of its own instead of recursion: a hostile member can make the chain long.
  const path = [enter(start)]
  for (;;) {
    const step = path.at(-1) as Step
    const next = step.next.pop()
    if (next !== undefined) {
      const known = steps.get(next)
      if (known === undefined) path.push(enter(next))
      else step.low = Math.min(step.low, known.low)
      continue
    }
    if (step.low === step.number) return visited.slice(step.number).map(({ item }) => item)
    path.pop()
    const before = path.at(-1) as Step
    before.low = Math.min(before.low, step.low)
  }
}
