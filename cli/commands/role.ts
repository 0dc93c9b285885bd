import { Command, Option } from 'clipanion'
import { type Answer, KnotCommand } from '../command.ts'
import { oneOf } from '../options.ts'
import { describeLoss } from '../describe/members.ts'
import { cleanLine } from '../print.ts'

/** `knot role` */
export class Role extends KnotCommand {
  static override paths = [['role']]
  static override usage = Command.Usage({
    category: 'Members',
    description: 'Give an agent another role: admin, member, observer or relay',
    details: `
      An admin decides about members, as the founder does. A member writes. An observer reads
      everything and writes nothing; a relay stores and passes on. What an agent wrote before it
      became an observer or a relay stays.
    `,
    examples: [
      ['Make bob an admin', '$0 role bob admin'],
      ['Have bob read only', '$0 role bob observer'],
    ],
  })

  agent = Option.String({ name: 'agent' })
  role = Option.String({ name: 'role' })

  async run(): Promise<Answer> {
    const role = oneOf('role', this.role, ['admin', 'member', 'observer', 'relay'])
    const daemon = await this.daemon()
    const decided = await daemon.call('members.role', { agent: this.agent, role })
    const { kind, agent } = decided
    const what = `${/^[ao]/.test(role) ? 'an' : 'a'} ${role}`
    const name = cleanLine(agent.name)
    const text = kind === 'done' ? `${name} is ${what} now` : `${name} is ${what} already`
    const loss = describeLoss(decided, this.paint)
    return { result: { ...decided, id: agent.id }, text: `${text}${loss}` }
  }
}
