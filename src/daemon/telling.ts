/** Work that tells how far it is, as the stream of steps that the API sends. */
import { STEPS_WAITING_MAX } from '../core/limits.ts'

/** Runs it, and yields what it tells; a slow reader is told the newest steps only. */
export async function* telling<Step, Result>(
  run: (tell: (step: Step) => void) => Promise<Result>,
): AsyncGenerator<Step, Result, void> {
  const steps: Step[] = []
  let wake: () => void = () => undefined
  let over = false
  const running = run((step) => {
    steps.push(step)
    if (steps.length > STEPS_WAITING_MAX) steps.shift()
    wake()
  }).finally(() => {
    over = true
    wake()
  })
  // Its failure is thrown where it is awaited below, also if a step is read in between.
  running.catch(() => undefined)
  for (;;) {
    for (let step = steps.shift(); step !== undefined; step = steps.shift()) yield step
    if (over) return await running
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
}
