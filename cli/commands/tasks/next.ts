import { Command, Option } from 'clipanion'
import { Failure, problem } from '../../../src/api/errors.ts'
import type { Output } from '../../../src/api/types.ts'
import { type Answer, KnotCommand } from '../../command.ts'
import { describeClaimed, describePassed, describeState } from '../../describe/task.ts'
import { provisional } from '../../standing.ts'

/** `knot tasks next` */
export class TasksNext extends KnotCommand {
  static override paths = [['tasks', 'next']]
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'Find the task to take up now, and with --claim take it',
    details: `
      Of the tasks that nobody has and that wait for no other: the one of the highest priority,
      the oldest of several. Passed over is what needs something that this agent cannot do
      (\`knot config set capabilities rust,web\`), and what is about a path that somebody else has
      locked. With \`--claim\` the one after it is tried when somebody was faster. With code 5 when
      there is none; \`--json\` always says what was passed over, and why.
    `,
    examples: [
      ['What should I do?', '$0 tasks next'],
      ['Take it', '$0 tasks next --claim'],
    ],
  })

  claim = Option.Boolean('--claim', false, { description: 'Claim it' })
  confirmed = Option.Boolean('--confirmed', false, {
    description: 'Fail unless the claim is confirmed',
  })

  worktree = Option.Boolean('--worktree', true, {
    description: 'Make a worktree and a branch for it (--no-worktree: neither)',
  })

  async run(): Promise<Answer> {
    const { claim, confirmed, worktree } = this
    if (!claim && (confirmed || !worktree)) {
      const reason = '--confirmed and --no-worktree are about a claim, and none was asked for.'
      throw new Failure('USAGE', reason, 'knot tasks next --claim')
    }
    const daemon = await this.daemon()
    const input = { claim, confirmed, worktree }
    const stream = daemon.stream('tasks.next', input, this.context.signal)
    const found = await this.drain(stream, ({ text }) => this.waiting.wait(text))
    const { task } = found
    if (task === undefined) return this.none(found)
    if (!claim) {
      const text = describeState(task, this.paint)
      return { result: found, text, next: [`knot claim ${task.id}`] }
    }
    const go = task.worktree === undefined ? [] : [`cd ${task.worktree.path}`]
    const text = describeClaimed(task, this.paint)
    return { result: found, text, next: [...go, ...provisional(task)] }
  }

  private none(found: Output<'tasks.next'>): Answer {
    const { passed } = found
    const reason = passed.length === 0 ? 'the board has no open task.' : 'no task can be begun now.'
    const fix = passed.length === 0
      ? 'knot tasks add "…"'
      : 'finish what you have, or wait: knot log --follow tells when something changes'
    const text = describePassed(passed)
    return { result: found, text, problem: problem('NOT_FOUND', reason, fix) }
  }
}
