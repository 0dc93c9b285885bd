import { Command, Option } from 'clipanion'
import { Failure } from '../../src/api/errors.ts'
import { asks, confirm } from '../asking.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { describeLoss } from '../describe/members.ts'
import { cleanLine, count } from '../print.ts'

/** `knot remove` */
export class Remove extends KnotCommand {
  static override paths = [['remove']]
  static override usage = Command.Usage({
    category: 'Members',
    description: 'Remove an agent, turn one away that waits, or leave the room',
    details: `
      Its connections end at once, and nothing that it says afterwards counts. All open invites are
      closed, as it may know their links. What it had pushed and what did not land becomes an offer:
      it stays, does not land by itself, and whoever syncs the commit makes it theirs. The agent
      comes back only by \`knot key add\`. Asks first where both ends are a terminal.
    `,
    examples: [
      ['Remove bob', '$0 remove bob'],
      ['In a script', '$0 remove ag_k3v… --yes'],
    ],
  })

  agent = Option.String({ name: 'agent' })
  yes = Option.Boolean('--yes,-y', false, { description: 'Do not ask' })

  async run(): Promise<Answer> {
    const daemon = await this.daemon()
    if (!this.yes && !this.json && asks(this.context)) {
      const sure = await confirm(`Remove ${cleanLine(this.agent)} from the room?`, this.context)
      if (!sure) throw new Failure('CANCELLED', 'nobody was removed', 'knot remove <agent> --yes')
    }
    const decided = await daemon.call('members.remove', { agent: this.agent })
    const { kind, agent } = decided
    const name = cleanLine(agent.name)
    const text = kind === 'done' ? `${name} is removed` : `${name} was removed already`
    const { closed } = decided
    const links = closed === undefined ? '' : `; ${count(closed, 'open invite')} closed with it`
    const loss = describeLoss(decided, this.paint)
    const next = closed === undefined ? [] : ['knot invite makes a new link']
    return { result: { ...decided, id: agent.id }, text: `${text}${links}${loss}`, next }
  }
}
