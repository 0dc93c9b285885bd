import { Command } from 'clipanion'
import { type Answer, KnotCommand } from '../command.ts'
import { describeMembers } from '../describe/members.ts'

/** `knot members` */
export class Members extends KnotCommand {
  static override paths = [['members']]
  static override usage = Command.Usage({
    category: 'Members',
    description: 'List everybody who was ever let in, and who waits to be',
    details: `
      Name, id, fingerprint and role of each, whether they are online, and who let them in and when.
      Wherever an agent is meant you can say the name, the id or the beginning of it, or the
      fingerprint. Below them stands the command that lets in who waits.
    `,
    examples: [['Who is here?', '$0 members']],
  })

  async run(): Promise<Answer> {
    const { members } = await (await this.daemon()).call('members', {})
    const text = describeMembers(members, this.paint, this.context.now())
    const next = members.flatMap(({ approve }) => approve ?? [])
    return { result: { members }, text, next }
  }
}
