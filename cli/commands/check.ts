import { Command, Option } from 'clipanion'
import { Failure, problem } from '../../src/api/errors.ts'
import type { Item } from '../../src/api/types.ts'
import { VERDICT_OUTPUT_MAX_BYTES } from '../../src/core/limits.ts'
import { initialisedCheckout } from '../checkout.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { cleanLine } from '../print.ts'
import { describeHistory } from '../describe/history.ts'
import { describeCheck } from '../describe/work.ts'
import { whole } from '../options.ts'

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

      \`--history\` runs nothing. It lists, newest first, what was checked before pushes landed or
      were refused: by whom, on which tree, with which commands. Every peer holds that; what you
      check here stays here, and is not in it.
    `,
    examples: [
      ['Before you sync', '$0 check && knot sync'],
      ['What was checked before the last five landings and refusals', '$0 check --history -n 5'],
    ],
  })

  history = Option.Boolean('--history', false, { description: 'What was checked before' })
  limit = Option.String('--limit,-n', { description: 'With --history, only the last so many' })

  async run(): Promise<Answer> {
    if (this.history) return this.past()
    if (this.limit !== undefined) {
      const fix = `knot check --history --limit ${this.limit}`
      throw new Failure('USAGE', '--limit is of --history only.', fix)
    }
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

  private async past(): Promise<Answer> {
    const { limit } = this
    const input = limit === undefined ? {} : { limit: whole('--limit', limit, COUNTS) }
    const daemon = await this.daemon()
    const entries: Item<'check.history'>[] = []
    const stream = daemon.stream('check.history', input, this.context.signal)
    const { total } = await this.drain(stream, (entry) => {
      entries.push(entry)
    })
    const look = { total, paint: this.paint, now: this.context.now() }
    return { result: { entries, total }, text: describeHistory(entries, look) }
  }
}

const COUNTS = { min: 1, max: 1_000_000 }
