/** Tasks as a person reads them. */
import type { Output } from '../../src/api/types.ts'
import { clean, cleanLine, type Paint, table } from '../print.ts'
import { describeEvent, namesWidth } from './event.ts'

type Task = Output<'tasks.list'>['tasks'][number]

/** The board: one line a task. */
export function describeTasks(tasks: Task[], paint: Paint): string {
  if (tasks.length === 0) return 'no tasks'
  const head = ['TASK', 'STATUS', 'OWNER', 'TITLE'].map(paint.dim)
  const rows = tasks.map((task) => [
    task.id, state(task, paint), owner(task), cleanLine(task.title),
  ])
  return table([head, ...rows])
}

/** One task: its text, then what happened to it. */
export function describeTask(task: Output<'tasks.show'>, paint: Paint, now: number): string {
  const facts = [
    ['task', task.id],
    ['status', state(task, paint)],
    ['by', cleanLine(task.by.name)],
    ['owner', owner(task)],
    ['fence', fence(task)],
    ['after', task.after.join(', ')],
  ].filter(([, value]) => value !== '')
  const look = { paint, now, names: namesWidth(task.events) }
  const events = task.events.map((event) => describeEvent(event, look))
  const parts = [paint.bold(cleanLine(task.title)), clean(task.body), table(facts)]
  return [...parts, events.join('\n')].filter((part) => part !== '').join('\n\n')
}

/** One line about a task after something was asked of it. */
export function describeState(task: Task, paint: Paint): string {
  return `${task.id} ${state(task, paint)}: ${cleanLine(task.title)}`
}

/** The same of a task that is over, and what became of its worktree. */
export function describeEnd(task: Output<'tasks.end'>, paint: Paint): string {
  const said = describeState(task, paint)
  const { left } = task
  if (left === undefined) return said
  if (left.kind === 'closed') return `${said}\nits worktree ${left.path ?? ''} is gone`
  return `${said}\nits worktree stays: ${left.why ?? ''}; ${left.fix ?? ''}`
}

function state({ status, standing }: Task, paint: Paint): string {
  return standing === 'confirmed' ? status : `${status} (${paint.yellow(standing)})`
}

function owner({ owner: held }: Task): string {
  if (held === undefined) return ''
  return `${cleanLine(held.name)}${held.mine ? ' (you)' : ''}`
}

function fence({ fence: at }: Task): string {
  return at === undefined ? '' : `era ${at.era}, term ${at.term}, record ${at.seq}`
}
