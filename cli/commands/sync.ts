import { Command, Option } from 'clipanion'
import { Failure, problem } from '../../src/api/errors.ts'
import type { Item } from '../../src/api/types.ts'
import { initialisedCheckout } from '../checkout.ts'
import { type Answer, KnotCommand } from '../command.ts'
import { describeSync } from '../describe/work.ts'
import { cleanLine } from '../print.ts'

/** `knot sync` */
export class Sync extends KnotCommand {
  static override paths = [['sync']]
  static override usage = Command.Usage({
    category: 'Work',
    description: 'Publish HEAD, and bring everybody’s published commits here',
    details: `
      Never moves HEAD, the index, a branch or a file: other people’s work arrives as
      \`refs/knot/<agent id>\`, for git to look at and to merge. Ends when another peer holds your
      commits; with code 7 when they are only here yet. The landing comes later: \`knot log\` tells.
      \`--watch\` syncs at once when HEAD or the room moves, and every 15 s; it never publishes
      again what was refused or undone, which \`knot sync\` itself does. With \`--json\` each new
      result is a line of JSON. In the worktree of a claim, HEAD is that of the worktree; with code
      6, and nothing published, when the claim was lost.
    `,
    examples: [
      ['Publish and fetch', '$0 sync --intent "parse dates"'],
      ['Publish another branch', '$0 sync feature/dates'],
      ['Go on, for as long as you work', '$0 sync --watch'],
      ['Only look what the others have', '$0 sync --pull-only'],
    ],
  })

  rev = Option.String({ name: 'rev', required: false })
  pushOnly = Option.Boolean('--push-only', false, { description: 'Publish, and fetch nothing' })
  pullOnly = Option.Boolean('--pull-only', false, { description: 'Fetch, and publish nothing' })
  watch = Option.Boolean('--watch', false, {
    description: 'Go on, whenever HEAD or the room moves',
  })

  intent = Option.String('--intent,-m', { description: 'What this push is for' })

  async run(): Promise<Answer> {
    if (this.watch) return await this.watchOn()
    const input = {
      mode: this.mode(),
      ...this.here(),
      ...(this.rev === undefined ? {} : { rev: this.rev }),
      ...(this.intent === undefined ? {} : { intent: this.intent }),
    }
    const daemon = await this.daemon()
    const stream = daemon.stream('sync', input, this.context.signal)
    const done = await this.drain(stream, ({ text, percent }) => {
      if (percent === undefined) this.progress(text)
      else this.waiting.percent(text)
    })
    const text = describeSync(done, this.paint, this.context.now())
    const result = { ...done, id: done.push }
    if (done.push === undefined || done.heldBy.length > 0) {
      return { result, text, next: done.push === undefined ? [] : ['knot log --follow'] }
    }
    const nor = done.upstream?.reach === 'away' ? ', and origin is away' : ''
    const reason = `push ${done.push} is kept here and queued: no other peer holds it yet${nor}.`
    return { result, text, problem: problem('QUEUED', reason, 'nothing: it goes out by itself') }
  }

  private async watchOn(): Promise<Answer> {
    if (this.rev !== undefined) {
      const reason = `--watch follows HEAD, so it has no use for "${this.rev}".`
      throw new Failure('USAGE', reason, `git switch ${this.rev} && knot sync --watch`)
    }
    const intent = this.intent === undefined ? {} : { intent: this.intent }
    const input = { mode: this.mode(), ...this.here(), ...intent }
    const daemon = await this.daemon()
    const stream = daemon.stream('sync.watch', input, this.context.signal)
    await this.drain(stream, (item) => this.tell(item))
    return { result: {}, text: '' }
  }

  private tell(item: Item<'sync.watch'>): void {
    if (item.kind === 'step' && item.step !== 'undone') return this.progress(item.text)
    if (this.json) return void this.context.stdout.write(`${JSON.stringify(item)}\n`)
    // Not progress: whoever does not hear it waits for a push that never goes out.
    if (item.kind === 'step') return void this.context.stderr.write(`${cleanLine(item.text)}\n`)
    if (item.kind === 'failed') {
      const fix = item.fix === undefined ? '' : `; ${item.fix}`
      return void this.context.stderr.write(`${cleanLine(item.message)}${cleanLine(fix)}\n`)
    }
    this.context.stdout.write(`${describeSync(item.sync, this.paint, this.context.now())}\n`)
  }

  private here(): { worktree?: string } {
    const { worktree } = initialisedCheckout(this.context.cwd)
    return worktree === undefined ? {} : { worktree }
  }

  private mode(): 'both' | 'push' | 'pull' {
    if (this.pushOnly && this.pullOnly) {
      const reason = '--push-only and --pull-only together leave nothing to do.'
      throw new Failure('USAGE', reason, 'knot sync')
    }
    if (this.pullOnly && this.rev !== undefined) {
      const reason = `--pull-only publishes nothing, so it has no use for "${this.rev}".`
      throw new Failure('USAGE', reason, `knot sync ${this.rev}`)
    }
    if (this.pushOnly) return 'push'
    return this.pullOnly ? 'pull' : 'both'
  }
}
