import { Command, Option } from 'clipanion'
import { type Answer, KnotCommand } from '../command.ts'
import { describeClaimed } from '../describe/task.ts'
import { patience } from '../options.ts'
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
      \`--wait\` stands in a queue for it, first come, first served, for ten minutes or as long as
      \`--timeout\` says; then, and when you leave it with Ctrl-C, the ask is taken back. It ends
      with 3 when its turn did not come, and with 8 when nobody can confirm anything.
    `,
    examples: [
      ['Take one', '$0 claim sd6fnigm'],
      ['Only if nobody else can be told the opposite', '$0 claim sd6fnigm --confirmed'],
      ['As soon as it is free, but today', '$0 claim sd6fnigm --wait --timeout 2h'],
      ['Stay in this worktree', '$0 claim sd6fnigm --no-worktree'],
    ],
  })

  id = Option.String({ name: 'id' })
  confirmed = Option.Boolean('--confirmed', false, { description: 'Fail unless it is confirmed' })
  wait = Option.Boolean('--wait', false, { description: 'Wait in the queue for it' })
  timeout = Option.String('--timeout', { description: 'How long to wait: 30s, 10m, 2h' })
  worktree = Option.Boolean('--worktree', true, {
    description: 'Make a worktree and a branch for it (--no-worktree: neither)',
  })

  async run(): Promise<Answer> {
    const { id, confirmed, worktree } = this
    const wait = patience(this)
    const daemon = await this.daemon()
    const input = { id, confirmed, worktree, ...(wait === undefined ? {} : { wait }) }
    const stream = daemon.stream('tasks.claim', input, this.context.signal)
    const task = await this.drain(stream, ({ text }) => this.waiting.wait(text))
    const place = task.worktree
    const go = place === undefined ? [] : [`cd ${place.path}`]
    const text = describeClaimed(task, this.paint)
    return { result: task, text, next: [...go, ...provisional(task)] }
  }
}
