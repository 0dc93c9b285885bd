import { Command, Option } from 'clipanion'
import { checkoutOf } from '../../checkout.ts'
import { type Answer, KnotCommand } from '../../command.ts'
import { describeEnd } from '../../describe/task.ts'
import { provisional } from '../../standing.ts'

/** `knot tasks drop` */
export class TasksDrop extends KnotCommand {
  static override paths = [['tasks', 'drop']]
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'Say that a task will not be done',
    details: `
      Of one’s own, or of one that nobody has; \`--force\` lets an admin drop anybody’s.
    `,
    examples: [['Never mind', '$0 tasks drop sd6fnigm']],
  })

  id = Option.String({ name: 'id' })
  force = Option.Boolean('--force', false, { description: 'Also somebody else’s, as an admin' })

  async run(): Promise<Answer> {
    const daemon = await this.daemon()
    this.waiting.wait('waiting for the leader')
    const { worktree } = checkoutOf(this.context.cwd)
    const from = worktree === undefined ? {} : { worktree }
    const { id, force } = this
    const task = await daemon.call('tasks.end', { id, want: 'drop', force, ...from })
    return { result: task, text: describeEnd(task, this.paint), next: provisional(task) }
  }
}
