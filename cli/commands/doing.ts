import { Command, Option } from 'clipanion'
import { Failure } from '../../src/api/errors.ts'
import { checkoutOf, treeOf } from '../checkout.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { describeDoing, describeLock } from '../describe/lock.ts'
import { rootedGlobs } from '../globs.ts'
import { cleanLine, count } from '../print.ts'
import { provisional } from '../standing.ts'

/** `knot doing` */
export class Doing extends KnotCommand {
  static override paths = [['doing']]
  static override usage = Command.Usage({
    category: 'Work',
    description: 'Say what you are doing, and lock the files it takes, in one step',
    details: `
      Both or neither: when somebody else has one of the files, nothing is said and the code is 3.
      It stands for what you said before, whose lock is given back for the new one, or else kept.
      Without a text it lists what everybody is doing; \`--stop\` says that it is over, and gives
      the lock back.
    `,
    examples: [
      ['Say it, and keep others off the files', '$0 doing "mend the gate" --files src/gate.ts'],
      ['Several files', '$0 doing "mend the gate" --files src/gate.ts --files "test/gate*"'],
      ['It is over', '$0 doing --stop'],
      ['What is everybody doing?', '$0 doing'],
    ],
  })

  words = Option.Rest({ name: 'text' })
  files = Option.Array('--files', { description: 'A path or glob to lock; may be repeated' })
  shared = Option.Boolean('--shared', false, { description: 'Together with other shared locks' })
  confirmed = Option.Boolean('--confirmed', false, { description: 'Fail unless it is confirmed' })
  stop = Option.Boolean('--stop', false, { description: 'Say that it is over' })

  async run(): Promise<Answer> {
    const { stop, files } = this
    const [text, extra] = this.words
    if (extra !== undefined) throw tooMany(extra, files)
    if (stop && (text !== undefined || files !== undefined)) {
      throw new Failure('USAGE', '--stop ends what you said before.', 'knot doing --stop')
    }
    if (stop) return await this.end()
    if (text !== undefined) return await this.say(text)
    if (files !== undefined) {
      throw new Failure('USAGE', 'what are the files for?', 'knot doing "…" --files …')
    }
    const daemon = await this.daemon()
    const { doing } = await daemon.call('doing.list', {})
    return { result: { doing }, text: describeDoing(doing, this.paint, this.context.now()) }
  }

  private async say(text: string): Promise<Answer> {
    const { confirmed, files = [] } = this
    const { cwd } = this.context
    const typed = { cwd, root: treeOf(checkoutOf(cwd)) }
    const globs = files.length === 0 ? [] : rootedGlobs(files, typed)
    const mode = this.shared ? ('shared' as const) : ('exclusive' as const)
    const daemon = await this.daemon()
    const locks = globs.length === 0 ? {} : { globs }
    if (globs.length > 0) this.waiting.wait('waiting for the leader')
    const done = await daemon.call('doing', { text, mode, confirmed, ...locks })
    const locked = done.lock === undefined ? [] : [describeLock(done.lock, this.paint)]
    const given = done.given.map(({ globs: those }) => `unlocked ${cleanLine(those.join(' '))}`)
    const lines = [`doing: ${cleanLine(text)}`, ...locked, ...given]
    const next = done.lock === undefined ? [] : provisional(done.lock)
    return { result: done, text: lines.join('\n'), next }
  }

  private async end(): Promise<Answer> {
    const daemon = await this.daemon()
    this.waiting.wait('waiting for the leader')
    const done = await daemon.call('doing.stop', {})
    const given = done.locks.length === 0 ? '' : `, ${count(done.locks.length, 'lock')} given back`
    return { result: done, text: `done: ${cleanLine(done.text)}${given}` }
  }
}

/** That there is a word too many: names that a shell made of a glob, or a text without quotes. */
function tooMany(extra: string, files: readonly string[] | undefined): Failure {
  const fix =
    files === undefined
      ? 'put the text in quotes: knot doing "…"'
      : 'a --files before each, or a glob in quotes: --files "src/*.ts"'
  return new Failure('USAGE', `"${extra}" is one word too many.`, fix)
}
