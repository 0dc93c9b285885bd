import { Command, Option } from 'clipanion'
import { type Answer, KnotCommand } from '../../command.ts'
import { whole } from '../../options.ts'

/** `knot tasks add` */
export class TasksAdd extends KnotCommand {
  static override paths = [['tasks', 'add']]
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'Add a task to the board',
    examples: [
      ['A task', '$0 tasks add "mend the gate"'],
      ['One that waits for another', '$0 tasks add "paint the gate" --after 4f2a --priority 7'],
    ],
  })

  title = Option.String({ name: 'title' })
  body = Option.String('--body', { description: 'What there is to know about it' })
  after = Option.Array('--after', { description: 'A task that has to be done before (repeatable)' })
  priority = Option.String('--priority', { description: '0 to 9, more is sooner' })

  async run(): Promise<Answer> {
    const { title, body, after, priority } = this
    const rank = priority === undefined ? undefined : whole('--priority', priority, RANKS)
    const daemon = await this.daemon()
    const { id } = await daemon.call('tasks.add', {
      title,
      ...(body === undefined ? {} : { body }),
      ...(after === undefined ? {} : { after }),
      ...(rank === undefined ? {} : { priority: rank }),
    })
    return { result: { id }, text: `added ${id}`, next: [`knot tasks show ${id}`] }
  }
}

const RANKS = { min: 0, max: 9 }
