import { Command, Option } from 'clipanion'
import { PRIORITY_MAX } from '../../../src/core/limits.ts'
import { checkoutOf, treeOf } from '../../checkout.ts'
import { type Answer, KnotCommand } from '../../command.ts'
import { rootedGlobs } from '../../globs.ts'
import { whole } from '../../options.ts'

/** `knot tasks add` */
export class TasksAdd extends KnotCommand {
  static override paths = [['tasks', 'add']]
  static override usage = Command.Usage({
    category: 'Tasks',
    description: 'Add a task to the board',
    details: `
      Everybody in the room sees it. Prints its id, of which the beginning will do. What it comes
      after must be done, or dropped, before anybody gets it; \`knot tasks next\` goes by the rest:
      the highest priority first (0 unless said), only to agents that have what it needs (their
      setting \`capabilities\`), and not while somebody else has locked one of its paths.
    `,
    examples: [
      ['A task', '$0 tasks add "mend the gate"'],
      ['With what there is to know about it', '$0 tasks add "mend the gate" --body "It creaks."'],
      ['Soon, but after another', '$0 tasks add "paint it" --priority 5 --after sd6fnigm'],
      ['For who can do it', '$0 tasks add "port it" --needs rust --paths "src/core/**"'],
    ],
  })

  title = Option.String({ name: 'title' })
  body = Option.String('--body', { description: 'What there is to know about it' })
  priority = Option.String('--priority', { description: `From 0 to ${PRIORITY_MAX}, the highest` })
  after = Option.Array('--after', { description: 'A task that comes before; may be repeated' })
  needs = Option.Array('--needs', { description: 'What one must be able to do; may be repeated' })
  files = Option.Array('--paths', { description: 'A path or glob it is about; may be repeated' })

  async run(): Promise<Answer> {
    const { title, body, after, needs } = this
    const { cwd } = this.context
    const priority = this.priority && whole('--priority', this.priority, RANGE)
    const typed = { cwd, root: treeOf(checkoutOf(cwd)) }
    const paths = this.files === undefined ? undefined : rootedGlobs(this.files, typed)
    const daemon = await this.daemon()
    const { id } = await daemon.call('tasks.add', {
      title,
      ...(body === undefined ? {} : { body }),
      ...(typeof priority === 'number' ? { priority } : {}),
      ...(after === undefined ? {} : { after }),
      ...(needs === undefined ? {} : { needs }),
      ...(paths === undefined ? {} : { paths }),
    })
    return { result: { id }, text: `added ${id}`, next: [`knot tasks show ${id}`] }
  }
}

const RANGE = { min: 0, max: PRIORITY_MAX }
