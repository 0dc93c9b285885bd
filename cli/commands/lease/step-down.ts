import { Command } from 'clipanion'
import { problem } from '../../../src/api/errors.ts'
import { type Answer, KnotCommand } from '../../command.ts'
import { cleanLine, duration } from '../../print.ts'

/** `knot lease step-down` */
export class LeaseStepDown extends KnotCommand {
  static override paths = [['lease', 'step-down']]
  static override usage = Command.Usage({
    category: 'Room',
    description: 'Give the lead up, for another agent to take',
    details: `
      Before this machine sleeps or becomes busy: the others elect a leader at once and need not
      wait until they miss this one, which does not stand again for 20 seconds. Nothing that was
      confirmed changes. Only the leader can do it, and only while somebody is there to follow it.
    `,
    examples: [['I am about to close the lid', '$0 lease step-down']],
  })

  async run(): Promise<Answer> {
    const daemon = await this.daemon()
    this.waiting.wait('waiting for another agent to lead')
    const result = await daemon.call('lease.step-down', {})
    const { term, next, ms } = result
    if (next !== undefined) {
      const name = cleanLine(next.name)
      return { result, text: `${name} leads in term ${next.term}, after ${duration(ms)}` }
    }
    const why = `term ${term} was given up, and nobody has led for ${duration(ms)} since`
    const fix = 'knot lease shows what is missing'
    return { result, text: '', problem: problem('PENDING', why, fix) }
  }
}
