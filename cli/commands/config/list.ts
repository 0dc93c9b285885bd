import { Command } from 'clipanion'
import { initialisedCheckout } from '../../checkout.ts'
import { type Answer, KnotCommand } from '../../command.ts'
import { askSettings, describeSettings } from '../../settings.ts'

/** `knot config list` */
export class ConfigList extends KnotCommand {
  static override paths = [['config', 'list'], ['config']]
  static override usage = Command.Usage({
    category: 'Settings',
    description: 'Show every setting, its value, and who said so',
    details: `
      The strongest first: options like \`--port\`; the environment (KNOT_PORT, KNOT_LISTEN,
      KNOT_LAN_ONLY, KNOT_INTEGRATE, KNOT_TRANSPORT, KNOT_CAPABILITIES); this checkout
      (\`.knot/config.json\`); the project (\`lan_only\` and \`transport\` in \`.knot.toml\`, before
      its first table); you (\`knot/config.toml\` below $XDG_CONFIG_HOME or ~/.config); the
      defaults. Shown is what a daemon started now would use.
    `,
    examples: [['What holds here, and why?', '$0 config list']],
  })

  async run(): Promise<Answer> {
    const checkout = initialisedCheckout(this.context.cwd)
    const result = await askSettings(checkout, [], this.context)
    return { result, text: describeSettings(result.settings, this.paint) }
  }
}
