import { Command, Option } from 'clipanion'
import { checkoutOf } from '../../checkout.ts'
import { type Answer, KnotCommand } from '../../command.ts'
import { describeEnd } from '../../describe/task.ts'
import { provisional } from '../../standing.ts'

/** `knot tasks done` */
export class TasksDone extends KnotCommand {
  static override paths = [['tasks', 'done']]
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'Say that a task is done',
    details: `
      Of one’s own, or of one that nobody has. With code 6 when the claim was lost meanwhile: the
      room is told, and the task is not finished by it.
    `,
    examples: [['It is done', '$0 tasks done sd6fnigm']],
  })

  id = Option.String({ name: 'id' })

  async run(): Promise<Answer> {
    const daemon = await this.daemon()
    this.waiting.wait('waiting for the leader')
    const { worktree } = checkoutOf(this.context.cwd)
    const from = worktree === undefined ? {} : { worktree }
    const task = await daemon.call('tasks.end', { id: this.id, want: 'done', ...from })
    return { result: task, text: describeEnd(task, this.paint), next: provisional(task) }
  }
}
