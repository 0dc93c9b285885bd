import { Command, Option } from 'clipanion'
import { type Answer, KnotCommand } from '../command.ts'
import { cleanLine } from '../print.ts'

/** `knot approve` */
export class Approve extends KnotCommand {
  static override paths = [['approve']]
  static override usage = Command.Usage({
    category: 'Members',
    description: 'Let in an agent that waits',
    details: `
      In a room made with \`knot up --approve\`, whoever joins waits until its founder or an admin
      says this; then \`knot join\` with the same link, said again, enters. Compare the fingerprint
      first: everybody who has the link can take any name. \`knot remove\` turns them away.
    `,
    examples: [['Let bob in', '$0 approve bob']],
  })

  agent = Option.String({ name: 'agent' })

  async run(): Promise<Answer> {
    const daemon = await this.daemon()
    const { kind, agent } = await daemon.call('members.approve', { agent: this.agent })
    const name = cleanLine(agent.name)
    const text = kind === 'done' ? `${name} is let in` : `${name} was let in already`
    const next = kind === 'done' ? [`${name} runs knot join "knot://…" again`] : []
    return { result: { kind, agent, id: agent.id }, text, next }
  }
}
