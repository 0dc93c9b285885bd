import { Command } from 'clipanion'
import { type Answer, KnotCommand } from '../command.ts'
import { describeLocks } from '../describe/lock.ts'

/** `knot locks` */
export class Locks extends KnotCommand {
  static override paths = [['locks']]
  static override usage = Command.Usage({
    category: 'Work',
    description: 'List who has locked which paths, and why',
    details: 'Also what is only asked for: provisional until a leader confirms it.',
    examples: [['What had I better leave alone?', '$0 locks']],
  })

  async run(): Promise<Answer> {
    const daemon = await this.daemon()
    const { locks } = await daemon.call('locks.list', {})
    return { result: { locks }, text: describeLocks(locks, this.paint, this.context.now()) }
  }
}
