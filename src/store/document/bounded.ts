/** A stream of another's making, read so that it can make nobody wait for ever. */

/** Yields what `items` yields; rejects when one takes longer than `ms`, or on the signal. */
export async function* bounded<T>(
  items: AsyncIterable<T>,
  { ms, signal }: { ms: number; signal: AbortSignal },
): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]()
  let whole = false
  try {
    for (;;) {
      const next = await soon(iterator.next(), { ms, signal })
      if (next.done === true) {
        whole = true
        return
      }
      yield next.value
    }
  } finally {
    // Not awaited: what would not answer a moment ago may not answer now.
    if (!whole) iterator.return?.().catch(() => undefined)
  }
}

function soon<T>(
  promise: Promise<T>,
  { ms, signal }: { ms: number; signal: AbortSignal },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new Error('it was stopped'))
    const timer = setTimeout(() => reject(new Error(`no more within ${ms} ms`)), ms)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    }
    promise.finally(done).then(resolve, reject)
  })
}
