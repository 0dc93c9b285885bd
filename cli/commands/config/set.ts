import { Command, Option } from 'clipanion'
import { initialisedCheckout } from '../../checkout.ts'
import { type Answer, KnotCommand } from '../../command.ts'
import { ANEW, askSettings } from '../../settings.ts'

/** `knot config set` */
export class ConfigSet extends KnotCommand {
  static override paths = [['config', 'set']]
  static override usage = Command.Usage({
    category: 'Settings',
    description: 'Change a setting of this checkout, or of all of yours',
    details: `
      port: the TCP port (0 for any); listen: addresses, with commas between them; lanOnly: true
      refuses public addresses in both directions; integrate: false keeps this agent from leading;
      transport: auto, mesh or upstream; capabilities: what this agent can do, with commas between
      the words, for \`knot tasks next\`.
      A daemon that runs goes on as it began. What the environment says still wins.
    `,
    examples: [
      ['Listen on a port that a firewall lets through', '$0 config set port 4180'],
      ['Stay on the LAN, in every checkout', '$0 config set lanOnly true --user'],
    ],
  })

  setting = Option.String({ name: 'setting' })
  value = Option.String({ name: 'value' })
  user = Option.Boolean('--user', false, { description: 'In your own file, for every checkout' })

  async run(): Promise<Answer> {
    const words = ['--set', `${this.setting}=${this.value}`, ...(this.user ? ['--user'] : [])]
    const checkout = initialisedCheckout(this.context.cwd)
    const result = await askSettings(checkout, words, this.context)
    return { result, text: `wrote ${result.wrote ?? ''}`, next: ANEW }
  }
}
