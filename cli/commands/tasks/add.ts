import { Command, Option } from 'clipanion'
import { type Answer, KnotCommand } from '../../command.ts'

/** `knot tasks add` */
export class TasksAdd extends KnotCommand {
  static override paths = [['tasks', 'add']]
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'Add a task to the board',
    details: 'Everybody in the room sees it. Prints its id, of which the beginning will do.',
    examples: [
      ['A task', '$0 tasks add "mend the gate"'],
      ['With what there is to know about it', '$0 tasks add "mend the gate" --body "It creaks."'],
    ],
  })

  title = Option.String({ name: 'title' })
  body = Option.String('--body', { description: 'What there is to know about it' })

  async run(): Promise<Answer> {
    const { title, body } = this
    const daemon = await this.daemon()
    const task = { title, ...(body === undefined ? {} : { body }) }
    const { id } = await daemon.call('tasks.add', task)
    return { result: { id }, text: `added ${id}`, next: [`knot tasks show ${id}`] }
  }
}
