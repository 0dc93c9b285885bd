/** Group commit: many ask, one run answers all who asked before it began. */

/**
 * Makes callers share runs. A caller gets the first run that begins after its call, so that the
 * run covers whatever the caller did before; there is never more than one run at a time.
 */
export function coalesced<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve()
  let next: Promise<T> | undefined

  return () => {
    next ??= running.then(begin, begin)
    return next
  }

  function begin(): Promise<T> {
    next = undefined
    const began = run()
    running = began
    return began
  }
}
