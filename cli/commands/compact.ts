import { Command } from 'clipanion'
import { problem } from '../../src/api/errors.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { describeCompact } from '../describe/compact.ts'

/** `knot compact` */
export class Compact extends KnotCommand {
  static override paths = [['compact']]
  static override usage = Command.Usage({
    category: 'Room',
    description: 'End the volume, and pack what piled up',
    details: `
      A room is a chain of volumes, and ends one by itself at 25,000 changes. This ends it now, for
      everybody: what goes on (open tasks, claims, locks, pushes, the newest messages) is carried
      into the next one, and nobody loses anything that was acknowledged. The log of the old one
      stays in \`.knot/room\`. Here it also packs \`.knot/repo.git\` and drops the refs of pushes
      that landed. Ends with code 8 when no majority can end the volume now.
    `,
    examples: [['End the volume and pack the mirror', '$0 compact']],
  })

  async run(): Promise<Answer> {
    const daemon = await this.daemon()
    const stream = daemon.stream('compact', {}, this.context.signal)
    const done = await this.drain(stream, ({ text }) => this.progress(text))
    const text = describeCompact(done)
    if (done.waits === undefined) return { result: done, text }
    const why = `volume ${done.volume.from} goes on: ${done.waits}`
    const fix = 'nothing: it happens by itself once that changes'
    return { result: done, text, problem: problem('PENDING', why, fix) }
  }
}
