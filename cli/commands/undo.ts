import { Command, Option } from 'clipanion'
import { problem } from '../../src/api/errors.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { describeUndo } from '../describe/work.ts'

/** `knot undo` */
export class Undo extends KnotCommand {
  static override paths = [['undo']]
  static override usage = Command.Usage({
    category: 'Work',
    description: 'Take the last landing back',
    details: `
      Moves \`refs/knot/integration\` on to a new commit with the tree from before the last landing
      that stands; again, and the one before it is undone as well. Nothing is lost, and nobody who
      has the landing is stranded. An undone push comes back only when its own author runs
      \`knot sync\` again: neither a watch nor a teammate’s push brings it. Ends when a majority
      confirmed it; with code 8 when none can yet, with code 5 when there is nothing to undo.
    `,
    examples: [
      ['Take the last landing back', '$0 undo'],
      ['Say why, in the log and in the commit', '$0 undo --reason "breaks the import"'],
    ],
  })

  reason = Option.String('--reason,-m', { description: 'Why, for its author and for the log' })

  async run(): Promise<Answer> {
    const { reason } = this
    const daemon = await this.daemon()
    const input = reason === undefined ? {} : { reason }
    const stream = daemon.stream('undo', input, this.context.signal)
    const done = await this.drain(stream, ({ text }) => this.progress(text))
    const text = describeUndo(done, this.paint)
    if (done.standing === 'confirmed') return { result: done, text, next: ['knot log'] }
    const why = `it is asked for and provisional: ${done.waits ?? 'nobody confirmed it yet'}.`
    const fix = 'nothing: it happens by itself once that changes, unless something lands first'
    return { result: done, text, problem: problem('PENDING', why, fix) }
  }
}
