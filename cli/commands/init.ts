import { Command, Option } from 'clipanion'
import { checkoutOf } from '../checkout.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { initialise } from '../daemon.ts'
import { agentName, typedName } from '../name.ts'

/** `knot init` */
export class Init extends KnotCommand {
  static override paths = [['init']]
  static override usage = Command.Usage({
    category: 'Room',
    description: 'Give this checkout a key and a .knot folder',
    details: `
      Makes \`.knot/\` with this agent’s key (readable only by you) and config, and keeps it out of
      git through \`.git/info/exclude\`. Where that was done before, nothing changes.
      \`knot up\` and \`knot join\` do it too, so this is only needed to choose the name beforehand.
    `,
    examples: [
      ['Prepare this checkout', '$0 init'],
      ['Choose how the others will see this agent', '$0 init --name coder-1'],
    ],
  })

  name = Option.String('--name', {
    description: 'Name of this agent (else KNOT_NAME, else git’s user.name)',
  })

  async run(): Promise<Answer> {
    const checkout = checkoutOf(this.context.cwd)
    // A name that was given once stays, whatever the environment says later.
    const fresh = checkout.stage === 'bare'
    const name = fresh ? await agentName(this.name, this.context) : typedName(this.name)
    const made = await initialise(checkout, name, this.context)
    const state = made.kind === 'created' ? 'initialised' : 'already initialised:'
    return {
      result: { ...made, id: made.agent.id },
      text: `${state} ${made.agent.name} (${made.fingerprint}) in ${checkout.knot}`,
      next: ['knot up', 'knot join "knot://…"'],
    }
  }
}
