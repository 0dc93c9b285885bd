import { Command } from 'clipanion'
import { type Answer, KnotCommand } from '../../command.ts'
import { describeLease } from '../../describe/lease.ts'

/** `knot lease` */
export class LeaseShow extends KnotCommand {
  static override paths = [['lease'], ['lease', 'show']]
  static override usage = Command.Usage({
    category: 'Room',
    description: 'Show who leads, by whose votes, until when, and what is missing',
    details: `
      The lease as this agent knows it: its term, who holds it and until when by this machine’s
      clock, who votes and who acknowledged the leader last, and how far the chain of what was
      confirmed goes. The leader knows when each voter answered; the others know when they heard the
      leader. Where nothing can be confirmed it says who would have to be reached.
    `,
    examples: [
      ['Who leads, and for how long?', '$0 lease'],
      ['Why is everything provisional?', '$0 lease show'],
    ],
  })

  async run(): Promise<Answer> {
    const daemon = await this.daemon()
    const lease = await daemon.call('lease', {})
    return { result: lease, text: describeLease(lease, this.paint, this.context.now()) }
  }
}
