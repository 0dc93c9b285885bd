import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'clipanion'
import { Failure } from '../../src/api/errors.ts'
import { DAEMON_STOP_MS } from '../../src/core/limits.ts'
import { initialisedCheckout } from '../checkout.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { runningDaemon } from '../daemon.ts'

const POLL_MS = 20

/** `knot down` */
export class Down extends KnotCommand {
  static override paths = [['down']]
  static override usage = Command.Usage({
    category: 'Room',
    description: 'Stop this checkout’s daemon',
    details: 'Nothing is lost: the next command that needs the daemon starts it again.',
    examples: [['Go offline', '$0 down']],
  })

  async run(): Promise<Answer> {
    const checkout = initialisedCheckout(this.context.cwd)
    const daemon = await runningDaemon(checkout, this.context)
    if (daemon === undefined) return { result: { stopped: false }, text: 'no daemon was running' }

    const { pid } = await daemon.call('down', {})
    daemon.close()
    await this.ended(pid)
    return { result: { stopped: true, pid }, text: `stopped (pid ${pid})` }
  }

  private async ended(pid: number): Promise<void> {
    const began = this.context.now()
    let asked = false
    while (isAlive(pid)) {
      const waited = this.context.now() - began
      if (waited > 2 * DAEMON_STOP_MS) {
        const reason = `the daemon (pid ${pid}) does not end.`
        throw new Failure('DAEMON_SILENT', reason, `kill -9 ${pid}`)
      }
      if (waited > DAEMON_STOP_MS && !asked) process.kill(pid, 'SIGTERM')
      asked ||= waited > DAEMON_STOP_MS
      await sleep(POLL_MS, undefined, { signal: this.context.signal })
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
