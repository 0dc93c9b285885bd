import { Command, Option } from 'clipanion'
import { type Answer, KnotCommand } from '../command.ts'
import { describeState } from '../describe/task.ts'
import { provisional } from '../standing.ts'

/** `knot claim` */
export class Claim extends KnotCommand {
  static override paths = [['claim'], ['tasks', 'claim']]
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'Take a task, with a worktree and a branch of its own',
    details: `
      The leader confirms it in one round trip, and then nobody else has it. Without a leader the
      claim is provisional: \`--confirmed\` takes it back then, and ends with code 8. When somebody
      else has the task, the code is 3. Several tasks at once are fine.
    `,
    examples: [
      ['Take one', '$0 claim sd6fnigm'],
      ['Only if nobody else can be told the opposite', '$0 claim sd6fnigm --confirmed'],
      ['Stay in this worktree', '$0 claim sd6fnigm --no-worktree'],
    ],
  })

  id = Option.String({ name: 'id' })
  confirmed = Option.Boolean('--confirmed', false, { description: 'Fail unless it is confirmed' })
  worktree = Option.Boolean('--worktree', true, {
    description: 'Make a worktree and a branch for it (--no-worktree: neither)',
  })

  async run(): Promise<Answer> {
    const { id, confirmed, worktree } = this
    const daemon = await this.daemon()
    const stream = daemon.stream('tasks.claim', { id, confirmed, worktree }, this.context.signal)
    const task = await this.drain(stream, ({ text }) => this.waiting.wait(text))
    const place = task.worktree
    const lines = [
      describeState(task, this.paint),
      ...(place === undefined ? [] : [`in ${place.path} on branch ${place.branch}`]),
    ]
    const go = place === undefined ? [] : [`cd ${place.path}`]
    return { result: task, text: lines.join('\n'), next: [...go, ...provisional(task)] }
  }
}
