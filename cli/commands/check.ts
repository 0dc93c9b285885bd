import { Command } from 'clipanion'
import { problem } from '../../src/api/errors.ts'
import { VERDICT_OUTPUT_MAX_BYTES } from '../../src/core/limits.ts'
import { initialisedCheckout } from '../checkout.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { cleanLine } from '../print.ts'
import { describeCheck } from '../describe/work.ts'

/** `knot check` */
export class Check extends KnotCommand {
  static override paths = [['check']]
  static override usage = Command.Usage({
    category: 'Work',
    description: 'Run the detected checks here, as they would be run before a landing',
    details: `
      What is detected in the repository (a package.json’s scripts, tsc, go, cargo, pytest, maven,
      gradle, make) or named in \`.knot.toml\`, on your files as they are now, committed or not; in
      the worktree of a claim, on the files there. Ends with code 1 when one of them fails.
    `,
    examples: [['Before you sync', '$0 check && knot sync']],
  })

  async run(): Promise<Answer> {
    const checkout = initialisedCheckout(this.context.cwd)
    const daemon = await this.daemonOf(checkout)
    const { worktree } = checkout
    const where = worktree === undefined ? {} : { worktree }
    let output = ''
    const stream = daemon.stream('check', where, this.context.signal)
    const evidence = await this.drain(stream, ({ check, text }) => {
      if (text === undefined) return this.waiting.wait(`running ${cleanLine(check)}…`)
      this.waiting.clear()
      output = (output + text).slice(-VERDICT_OUTPUT_MAX_BYTES)
      if (!this.json) this.context.stdout.write(text)
    })
    const result = { ...evidence, output }
    const text = describeCheck(evidence, this.paint)
    if (evidence.verdict !== 'failed') return { result, text, next: ['knot sync'] }

    const failed = evidence.checks.filter(({ outcome }) => outcome !== 'passed')
    const names = failed.map(({ name }) => name).join(', ')
    const fix = 'read the output above, mend it, and run knot check again'
    return { result, text, problem: problem('CHECK_FAILED', `failed: ${names}.`, fix) }
  }
}
