/** Tasks as a person reads them. */
import type { Output } from '../../src/api/types.ts'
import { clean, cleanLine, type Paint, table } from '../print.ts'
import { describeEvent, namesWidth } from './event.ts'

type Task = Output<'tasks.list'>['tasks'][number]

/** The board: one line a task. */
export function describeTasks(tasks: Task[], paint: Paint): string {
  if (tasks.length === 0) return 'no tasks'
  const head = ['TASK', 'STATUS', 'PRIORITY', 'OWNER', 'TITLE'].map(paint.dim)
  const rows = tasks.map((task) => [
    task.id, task.status, String(task.priority), owner(task, paint), cleanLine(task.title),
  ])
  return table([head, ...rows])
}

/** One task: its text, then what happened to it. */
export function describeTask(task: Output<'tasks.show'>, paint: Paint, now: number): string {
  const facts = [
    ['task', task.id],
    ['status', task.status],
    ['priority', String(task.priority)],
    ['by', cleanLine(task.by.name)],
    ['owner', owner(task, paint)],
    ['after', task.after.join(', ')],
  ].filter(([, value]) => value !== '')
  const look = { paint, now, names: namesWidth(task.events) }
  const events = task.events.map((event) => describeEvent(event, look))
  const parts = [paint.bold(cleanLine(task.title)), clean(task.body), table(facts)]
  return [...parts, events.join('\n')].filter((part) => part !== '').join('\n\n')
}

function owner({ owner: held }: Task, paint: Paint): string {
  if (held === undefined) return ''
  const name = cleanLine(held.name)
  return held.standing === 'confirmed' ? name : `${name} (${paint.yellow(held.standing)})`
}
