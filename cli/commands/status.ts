import { Command } from 'clipanion'
import { problem } from '../../src/api/errors.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { describeStatus } from '../describe/status.ts'

/** `knot status` */
export class Status extends KnotCommand {
  static override paths = [['status']]
  static override usage = Command.Usage({
    category: 'Room',
    description: 'Show members, leader, voters, integration and queue',
    details: `
      Who is in the room and how they are reached, who holds the leader lease, whose votes count,
      where the known-good ref is, and which pushes wait. What no majority has confirmed yet is
      called provisional.
    `,
    examples: [
      ['Look around', '$0 status'],
      ['Ask who leads', '$0 status --json'],
    ],
  })

  async run(): Promise<Answer> {
    const daemon = await this.daemon()
    const status = await daemon.call('status', {})
    const text = describeStatus(status, this.paint, this.context.now())
    const next = status.room === undefined ? ['knot up', 'knot join "knot://…"'] : []
    const shown = { result: { ...status, id: status.room?.id }, text, next }
    const { refused } = status.me
    if (refused === undefined || refused.kind === 'role') return shown
    const code = refused.kind === 'pending' ? 'PENDING' : 'UNAUTHORISED'
    return { ...shown, problem: problem(code, refused.message, refused.fix) }
  }
}
