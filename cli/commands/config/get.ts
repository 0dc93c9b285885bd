import { Command, Option } from 'clipanion'
import { Failure } from '../../../src/api/errors.ts'
import { parseKey } from '../../../src/core/settings/settings.ts'
import { initialisedCheckout } from '../../checkout.ts'
import { type Answer, KnotCommand } from '../../command.ts'
import { askSettings, shownValue } from '../../settings.ts'

/** `knot config get` */
export class ConfigGet extends KnotCommand {
  static override paths = [['config', 'get']]
  static override usage = Command.Usage({
    category: 'Settings',
    description: 'Print the value of one setting',
    details: 'What a daemon started now would use; \`knot config list\` says whose it is.',
    examples: [['For a script', '$0 config get port']],
  })

  setting = Option.String({ name: 'setting' })

  async run(): Promise<Answer> {
    const checkout = initialisedCheckout(this.context.cwd)
    const { settings } = await askSettings(checkout, [], this.context)
    const held = settings.find(({ key }) => key === parseKey(this.setting))
    if (held !== undefined) return { result: held, text: shownValue(held) }
    const names = settings.map(({ key }) => key).join(', ')
    const reason = `"${this.setting}" is no setting; there are ${names}.`
    throw new Failure('USAGE', reason, 'knot config list')
  }
}
