import { Command, Option } from 'clipanion'
import { Failure } from '../../src/api/errors.ts'
import { checkoutOf, treeOf } from '../checkout.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { rootedGlobs } from '../globs.ts'
import { cleanLine } from '../print.ts'

/** `knot unlock` */
export class Unlock extends KnotCommand {
  static override paths = [['unlock']]
  static override usage = Command.Usage({
    category: 'Work',
    description: 'Give locks back',
    details: `
      By the id of a lock, or by a path as it was locked. \`--all\` gives back all of yours. An
      admin may end somebody else’s with \`--force\`.
    `,
    examples: [
      ['A path that you locked', '$0 unlock src/core'],
      ['Everything of yours', '$0 unlock --all'],
    ],
  })

  locks = Option.Rest({ name: 'lock' })
  all = Option.Boolean('--all', false, { description: 'All of yours' })
  force = Option.Boolean('--force', false, { description: 'Also somebody else’s, as an admin' })

  async run(): Promise<Answer> {
    const { all, force } = this
    if (all === this.locks.length > 0) {
      const reason = all ? '--all leaves no lock to name.' : 'which lock?'
      throw new Failure('USAGE', reason, 'knot locks shows them; knot unlock --all')
    }
    const locks = all ? {} : { locks: this.locks.flatMap((lock) => this.named(lock)) }
    const daemon = await this.daemon()
    this.waiting.wait('waiting for the leader')
    const done = await daemon.call('locks.release', { force, ...locks })
    const lines = done.locks.map(({ globs, standing }) => {
      const only = standing === 'confirmed' ? '' : `, ${this.paint.yellow('provisional')}`
      return `unlocked ${cleanLine(globs.join(' '))}${only}`
    })
    return { result: done, text: lines.length === 0 ? 'no locks of yours' : lines.join('\n') }
  }

  /** What looks like an id is one; a path of that form can be written with a slash at its end. */
  private named(lock: string): string[] {
    if (/^[a-z2-7]{16}$/.test(lock)) return [lock]
    const { cwd } = this.context
    return rootedGlobs([lock], { cwd, root: treeOf(checkoutOf(cwd)) })
  }
}
