/** Ending a daemon, and being sure that it has ended. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../src/api/errors.ts'
import { DAEMON_STOP_MS } from '../src/core/limits.ts'
import type { Checkout } from './checkout.ts'
import type { KnotContext } from './context.ts'
import { runningDaemon } from './daemon.ts'

const POLL_MS = 20

/** Stops the daemon of a checkout and waits for its process; undefined when none was running. */
export async function stopDaemon(
  checkout: Checkout,
  context: KnotContext,
): Promise<number | undefined> {
  const daemon = await runningDaemon(checkout, context)
  if (daemon === undefined) return undefined
  const { pid } = await daemon.call('down', {})
  daemon.close()
  await ended(pid, context)
  return pid
}

async function ended(pid: number, { now, signal }: KnotContext): Promise<void> {
  const began = now()
  let asked = false
  while (isAlive(pid)) {
    const waited = now() - began
    if (waited > 2 * DAEMON_STOP_MS) {
      const reason = `the daemon (pid ${pid}) does not end.`
      throw new Failure('DAEMON_SILENT', reason, `kill -9 ${pid}`)
    }
    if (waited > DAEMON_STOP_MS && !asked) process.kill(pid, 'SIGTERM')
    asked ||= waited > DAEMON_STOP_MS
    await sleep(POLL_MS, undefined, { signal })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
