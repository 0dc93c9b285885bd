import { Command, Option } from 'clipanion'
import { initialisedCheckout } from '../../checkout.ts'
import { type Answer, KnotCommand } from '../../command.ts'
import { ANEW, askSettings } from '../../settings.ts'

/** `knot config unset` */
export class ConfigUnset extends KnotCommand {
  static override paths = [['config', 'unset']]
  static override usage = Command.Usage({
    category: 'Settings',
    description: 'Take a setting out, so that whoever is weaker decides',
    details: 'The opposite of \`knot config set\`; what was not set stays so.',
    examples: [['Any free port again', '$0 config unset port']],
  })

  setting = Option.String({ name: 'setting' })
  user = Option.Boolean('--user', false, { description: 'In your own file, for every checkout' })

  async run(): Promise<Answer> {
    const words = ['--unset', this.setting, ...(this.user ? ['--user'] : [])]
    const checkout = initialisedCheckout(this.context.cwd)
    const result = await askSettings(checkout, words, this.context)
    return { result, text: `wrote ${result.wrote ?? ''}`, next: ANEW }
  }
}
