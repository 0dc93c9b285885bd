import { Command } from 'clipanion'
import { type Answer, KnotCommand } from '../../command.ts'
import { describeTasks } from '../../describe/task.ts'

/** `knot tasks list` */
export class TasksList extends KnotCommand {
  static override paths = [['tasks', 'list'], ['tasks']]
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'List the tasks of the board',
    details: 'In the order in which they were added, with what became of each.',
    examples: [['What is there to do?', '$0 tasks list']],
  })

  async run(): Promise<Answer> {
    const daemon = await this.daemon()
    const { tasks } = await daemon.call('tasks.list', {})
    const next = tasks.length === 0 ? ['knot tasks add "…"'] : []
    return { result: { tasks }, text: describeTasks(tasks, this.paint), next }
  }
}
