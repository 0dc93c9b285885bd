import { Command, Option } from 'clipanion'
import { initialisedCheckout } from '../checkout.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { describeLine } from '../describe/line.ts'
import { followLines, type LogLine, readLines } from '../lines.ts'
import { whole } from '../options.ts'

/** `knot logs` */
export class Logs extends KnotCommand {
  static override paths = [['logs']]
  static override usage = Command.Usage({
    category: 'Help',
    description: 'Show what the daemon wrote about itself',
    details: `
      The daemon’s own log, \`.knot/daemon.log\`, for when something is wrong; what happened in the
      room is in \`knot log\`. Needs no running daemon. With \`--follow\` it goes on over restarts
      and rotations; then \`--json\` prints each line as it comes.
    `,
    examples: [
      ['The end of it', '$0 logs'],
      ['All that is kept', '$0 logs --lines 1000000'],
      ['What happens next', '$0 logs --follow'],
    ],
  })

  follow = Option.Boolean('--follow,-f', false, { description: 'Go on with what is written next' })
  lines = Option.String('--lines,-n', '50', { description: 'Only the last so many' })

  async run(): Promise<Answer> {
    const most = whole('--lines', this.lines, { min: 0, max: 1_000_000 })
    const { knot } = initialisedCheckout(this.context.cwd)
    const { lines, from } = readLines(knot)
    const shown = most === 0 ? [] : lines.slice(-most)
    if (!this.follow) {
      const text = shown.map((line) => describeLine(line, this.paint)).join('\n')
      return { result: { lines: shown }, text }
    }
    for (const line of shown) this.tell(line)
    for await (const line of followLines(knot, from, this.context.signal)) this.tell(line)
    return { result: { lines: [] }, text: '' }
  }

  private tell(line: LogLine): void {
    const text = this.json ? JSON.stringify(line) : describeLine(line, this.paint)
    this.context.stdout.write(`${text}\n`)
  }
}
