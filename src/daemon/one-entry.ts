/** A checkout enters one room at a time. */
import { Failure } from '../api/errors.ts'
import type { Daemon } from './daemon.ts'

/** Runs an entry unless another is under way; that one is told, and waits for nothing. */
export async function entering<T>(daemon: Daemon, enter: () => Promise<T>): Promise<T> {
  if (daemon.entering) {
    throw new Failure('BUSY', 'this checkout is already entering a room', 'wait for it to end')
  }
  daemon.entering = true
  try {
    return await enter()
  } finally {
    daemon.entering = false
  }
}
