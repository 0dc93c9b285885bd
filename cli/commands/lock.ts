import { Command, Option } from 'clipanion'
import { checkoutOf, treeOf } from '../checkout.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { describeLock } from '../describe/lock.ts'
import { rootedGlobs } from '../globs.ts'
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
      others see is that you would rather they did not.
    `,
    examples: [
      ['A folder', '$0 lock src/core --reason "moving the gate"'],
      ['Some files, together with others who only read', '$0 lock --shared "docs/**/*.md"'],
    ],
  })

  globs = Option.Rest({ name: 'path', required: 1 })
  reason = Option.String('--reason,-m', { description: 'Why; else what you said you are doing' })
  shared = Option.Boolean('--shared', false, { description: 'Together with other shared locks' })
  confirmed = Option.Boolean('--confirmed', false, { description: 'Fail unless it is confirmed' })

  async run(): Promise<Answer> {
    const { reason, confirmed } = this
    const { cwd } = this.context
    const globs = rootedGlobs(this.globs, { cwd, root: treeOf(checkoutOf(cwd)) })
    const mode = this.shared ? 'shared' : 'exclusive'
    const asked = { globs, mode, confirmed, ...(reason === undefined ? {} : { reason }) } as const
    const daemon = await this.daemon()
    this.waiting.wait('waiting for the leader')
    const lock = await daemon.call('locks.take', asked)
    return { result: lock, text: describeLock(lock, this.paint), next: provisional(lock) }
  }
}
