import { Command, Option } from 'clipanion'
import { INVITE_USES_MAX } from '../../src/core/limits.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { milliseconds, oneOf, whole } from '../options.ts'

/** `knot invite` */
export class Invite extends KnotCommand {
  static override paths = [['invite']]
  static override usage = Command.Usage({
    category: 'Room',
    description: 'Make another invite link',
    details: `
      One line on stdout. Whoever has it can join, as often and as long as you say, so pass it on as
      you would a password. Everything from its second slash on, the addresses, may be left out.
    `,
    examples: [
      ['A link for one more member', '$0 invite'],
      ['A link for a team, for a day', '$0 invite --uses 10 --expires 1d'],
    ],
  })

  role = Option.String('--role', { description: 'admin, member, observer or relay' })
  uses = Option.String('--uses', {
    description: `How many may join by it, 1 to ${INVITE_USES_MAX}`,
  })

  expires = Option.String('--expires', { description: 'How long it works, like 2h or 7d' })

  async run(): Promise<Answer> {
    const { role, uses, expires } = this
    const input = {
      ...(role === undefined ? {} : { role: oneOf('--role', role, [...ROLES]) }),
      ...(uses === undefined ? {} : { uses: whole('--uses', uses, USES) }),
      ...(expires === undefined ? {} : { expires: milliseconds('--expires', expires) }),
    }
    const daemon = await this.daemon()
    const invite = await daemon.call('invite', input)
    return { result: invite, text: invite.link }
  }
}

const ROLES = ['admin', 'member', 'observer', 'relay'] as const
const USES = { min: 1, max: INVITE_USES_MAX }
