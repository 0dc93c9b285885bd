import { Command } from 'clipanion'
import { initialisedCheckout } from '../../checkout.ts'
import { type Answer, KnotCommand } from '../../command.ts'
import { initialise } from '../../daemon.ts'
import { cleanLine } from '../../print.ts'

/** `knot key show` */
export class KeyShow extends KnotCommand {
  static override paths = [['key', 'show']]
  static override usage = Command.Usage({
    category: 'Members',
    description: 'Show this agent’s public key as ssh writes it, and its fingerprint',
    details: `
      The line on stdout is what \`knot key add\` takes, and tells no secret. The fingerprint below
      is for comparing over another channel.
    `,
    examples: [['Send it to somebody who is in the room', '$0 key show']],
  })

  async run(): Promise<Answer> {
    const { line, fingerprint, name } = await this.ask()
    const result = { line, fingerprint, name, id: fingerprint }
    return { result, text: cleanLine(line), next: [`compare ${fingerprint}`] }
  }

  /** Before there is a room nobody needs a daemon to know who they are. */
  private async ask() {
    const checkout = initialisedCheckout(this.context.cwd)
    if (checkout.stage === 'in-room') return await (await this.daemon()).call('key.show', {})
    const { agent, fingerprint, line } = await initialise(checkout, undefined, this.context)
    return { line, fingerprint, name: agent.name }
  }
}
