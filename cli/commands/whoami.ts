import { Command } from 'clipanion'
import { initialisedCheckout } from '../checkout.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { initialise } from '../daemon.ts'
import { cleanLine, table } from '../print.ts'

/** `knot whoami` */
export class Whoami extends KnotCommand {
  static override paths = [['whoami']]
  static override usage = Command.Usage({
    category: 'Room',
    description: 'Show this checkout’s agent: name, id, fingerprint, role',
    details: `
      The fingerprint stands for this agent’s key: read it to somebody over another channel, and
      they know that it is you. Before there is a room this needs no daemon.
    `,
    examples: [['Compare fingerprints before you trust somebody', '$0 whoami']],
  })

  async run(): Promise<Answer> {
    const me = await this.ask()
    const rows = [
      ['name', cleanLine(me.name)],
      ['id', me.id],
      ['fingerprint', me.fingerprint],
      ['role', me.role ?? ''],
      ['room', me.room === undefined ? '' : cleanLine(me.room.name)],
      ['home', me.home],
    ]
    return { result: me, text: table(rows.filter(([, value]) => value !== '')) }
  }

  /** Before there is a room nobody needs a daemon to know who they are. */
  private async ask() {
    const checkout = initialisedCheckout(this.context.cwd)
    if (checkout.stage === 'in-room') return await (await this.daemon()).call('whoami', {})
    const { agent, fingerprint, home } = await initialise(checkout, undefined, this.context)
    return { ...agent, fingerprint, home, role: undefined, room: undefined }
  }
}
