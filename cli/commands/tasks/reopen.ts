import { Command, Option } from 'clipanion'
import { type Answer, KnotCommand } from '../../command.ts'
import { describeState } from '../../describe/task.ts'
import { provisional } from '../../standing.ts'

/** `knot tasks reopen` */
export class TasksReopen extends KnotCommand {
  static override paths = [['tasks', 'reopen']]
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'Put a task back on the board',
    details: `
      Gives one’s own claim back, or opens again what was done or dropped. Its branch stays.
    `,
    examples: [['Somebody else may have it', '$0 tasks reopen sd6fnigm']],
  })

  id = Option.String({ name: 'id' })
  force = Option.Boolean('--force', false, { description: 'Also somebody else’s, as an admin' })

  async run(): Promise<Answer> {
    const daemon = await this.daemon()
    this.waiting.wait('waiting for the leader')
    const task = await daemon.call('tasks.end', { id: this.id, want: 'reopen', force: this.force })
    return { result: task, text: describeState(task, this.paint), next: provisional(task) }
  }
}
