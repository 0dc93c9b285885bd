import { Command, Option } from 'clipanion'
import { type Answer, KnotCommand } from '../../command.ts'

/** `knot invite revoke` */
export class InviteRevoke extends KnotCommand {
  static override paths = [['invite', 'revoke']]
  static override usage = Command.Usage({
    category: 'Room',
    description: 'Close an invite, so that its link lets nobody in any more',
    details: `
      Whom it let in stays. Who comes in by it elsewhere before this is known there waits for
      \`knot approve\`. Your own invites, and anybody’s if you are the founder or an admin.
    `,
    examples: [['A link went astray', '$0 invite revoke 1a2b3c4d']],
  })

  invite = Option.String({ name: 'invite' })

  async run(): Promise<Answer> {
    const daemon = await this.daemon()
    const { kind, id } = await daemon.call('invite.revoke', { invite: this.invite })
    const what = `invite ${id.slice(0, 8)}`
    const text = kind === 'done' ? `${what} is revoked` : `${what} was revoked already`
    return { result: { kind, id }, text }
  }
}
