import { Command } from 'clipanion'
import { initialisedCheckout } from '../checkout.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { stopDaemon } from '../stopping.ts'

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
    this.waiting.wait('stopping the daemon…')
    const pid = await stopDaemon(initialisedCheckout(this.context.cwd), this.context)
    if (pid === undefined) return { result: { stopped: false }, text: 'no daemon was running' }
    return { result: { stopped: true, pid }, text: `stopped (pid ${pid})` }
  }
}
