import { Command, Option } from 'clipanion'
import { checkoutOf, treeOf } from '../checkout.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { describeLock } from '../describe/lock.ts'
import { rootedGlobs } from '../globs.ts'
import { patience } from '../options.ts'
import { provisional } from '../standing.ts'

/** `knot lock` */
export class Lock extends KnotCommand {
  static override paths = [['lock']]
  static override usage = Command.Usage({
    category: 'Work',
    description: 'Lock paths, all of them or none, so that others leave them alone',
    details: `
      A folder stands for all below it; \`*\`, \`?\`, \`[a-z]\` and \`**\` are read as git reads
      them, from where you are. It lasts while your daemon is heard, and for five minutes after.
      With code 3 when somebody else has one of the paths. Nothing stops git from writing: what
      others see is that you would rather they did not. \`--wait\` stands in a queue for all of
      them, first come, first served, for ten minutes or as long as \`--timeout\` says; then, and
      when you leave it with Ctrl-C, the ask is taken back. Nobody waits while it has a lock, so
      that no two can wait for each other: name all that it takes at once.
    `,
    examples: [
      ['A folder', '$0 lock src/core --reason "moving the gate"'],
      ['As soon as they are free', '$0 lock src docs --wait --timeout 30m'],
      ['Some files, together with others who only read', '$0 lock --shared "docs/**/*.md"'],
    ],
  })

  globs = Option.Rest({ name: 'path', required: 1 })
  reason = Option.String('--reason,-m', { description: 'Why; else what you said you are doing' })
  shared = Option.Boolean('--shared', false, { description: 'Together with other shared locks' })
  confirmed = Option.Boolean('--confirmed', false, { description: 'Fail unless it is confirmed' })

  wait = Option.Boolean('--wait', false, { description: 'Wait in the queue for all of them' })
  timeout = Option.String('--timeout', { description: 'How long to wait: 30s, 10m, 2h' })

  async run(): Promise<Answer> {
    const { reason, confirmed } = this
    const wait = patience(this)
    const { cwd } = this.context
    const globs = rootedGlobs(this.globs, { cwd, root: treeOf(checkoutOf(cwd)) })
    const mode = this.shared ? 'shared' : 'exclusive'
    const told = {
      ...(reason === undefined ? {} : { reason }),
      ...(wait === undefined ? {} : { wait }),
    }
    const daemon = await this.daemon()
    this.waiting.wait('waiting for the leader')
    const asked = { globs, mode, confirmed, ...told } as const
    const stream = daemon.stream('locks.take', asked, this.context.signal)
    const lock = await this.drain(stream, ({ text }) => this.waiting.wait(text))
    return { result: lock, text: describeLock(lock, this.paint), next: provisional(lock) }
  }
}
