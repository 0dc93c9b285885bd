import { Command, Option } from 'clipanion'
import { type Answer, KnotCommand } from '../../command.ts'
import { describeTask } from '../../describe/task.ts'

/** `knot tasks show` */
export class TasksShow extends KnotCommand {
  static override paths = [['tasks', 'show']]
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'Show one task with its text and history',
    details: 'Of the id the beginning will do, four characters or more, if it fits one task only.',
    examples: [['Read before you start', '$0 tasks show sd6fnigm']],
  })

  id = Option.String({ name: 'id' })

  async run(): Promise<Answer> {
    const daemon = await this.daemon()
    const task = await daemon.call('tasks.show', { id: this.id })
    return { result: task, text: describeTask(task, this.paint, this.context.now()) }
  }
}
