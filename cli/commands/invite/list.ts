import { Command } from 'clipanion'
import { type Answer, KnotCommand } from '../../command.ts'
import { describeInvites } from '../../describe/members.ts'

/** `knot invite list` */
export class InviteList extends KnotCommand {
  static override paths = [['invite', 'list']]
  static override usage = Command.Usage({
    category: 'Room',
    description: 'List the invites: open, spent, expired or revoked',
    details: `
      Role, uses and end of each, and who made it. With \`--json\` also the links of those that this
      agent made and that still let somebody in.
    `,
    examples: [['Who could still come in?', '$0 invite list']],
  })

  async run(): Promise<Answer> {
    const { invites } = await (await this.daemon()).call('invite.list', {})
    const text = describeInvites(invites, this.paint, this.context.now())
    return { result: { invites }, text }
  }
}
