import { Command, Option } from 'clipanion'
import { problem } from '../../src/api/errors.ts'
import type { Output } from '../../src/api/types.ts'
import { checkoutOf } from '../checkout.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { runOnce } from '../daemon.ts'
import { describeFindings } from '../describe/findings.ts'
import { count } from '../print.ts'

/** `knot doctor` */
export class Doctor extends KnotCommand {
  static override paths = [['doctor']]
  static override usage = Command.Usage({
    category: 'Help',
    description: 'Find out what is wrong here, why peers are not reached, and how to mend it',
    details: `
      Looks at the key, settings, permissions, git, logs, disk, socket and leftovers of this
      checkout, and, if the daemon runs, at its peers (with the reason for each address that does
      not answer), mDNS, clocks and the lease. It starts no daemon and needs no room: what could not
      be looked at is said. \`--fix\` mends permissions, the line in git’s exclude file, a stale
      socket, and what killed processes left. Ends with code 1 when something is wrong, and with 0
      when there are at most warnings.
    `,
    examples: [
      ['Is all well?', '$0 doctor'],
      ['Mend what can be mended', '$0 doctor --fix'],
      ['Only what is wrong, for a script', '$0 doctor --json'],
    ],
  })

  fix = Option.Boolean('--fix', false, { description: 'Mend what can be mended without a risk' })

  async run(): Promise<Answer> {
    const checkout = checkoutOf(this.context.cwd)
    const words = ['--doctor', ...(this.fix ? ['--fix'] : [])]
    this.waiting.wait('looking…')
    const result = (await runOnce(checkout, words, this.context)) as Output<'doctor'>
    const text = describeFindings(result.findings, this.paint)
    const errors = result.findings.filter(({ severity }) => severity === 'error')
    if (errors.length === 0) return { result, text }
    const reason = `${count(errors.length, 'thing')} found that knot cannot work with.`
    const fix = errors.map((error) => error.fix).find((step) => step !== undefined)
    return { result, text, problem: problem('UNWELL', reason, fix) }
  }
}
