/** Tasks as a person reads them. */
import type { Output } from '../../src/api/types.ts'
import { clean, cleanLine, type Paint, table } from '../print.ts'
import { describeEvent, namesWidth } from './event.ts'

type Task = Output<'tasks.list'>['tasks'][number]

/** The board: one line a task. */
export function describeTasks(tasks: Task[], paint: Paint): string {
  if (tasks.length === 0) return 'no tasks'
  // A column that says nothing of any task is left out.
  const ranked = tasks.some(({ priority }) => priority !== 0)
  const row = ([id, status, rank, ...rest]: string[]) => ranked
    ? [id as string, status as string, rank as string, ...rest]
    : [id as string, status as string, ...rest]
  const head = ['TASK', 'STATUS', 'PRIORITY', 'OWNER', 'TITLE'].map(paint.dim)
  const rows = tasks.map((task) => [
    task.id, state(task, paint), String(task.priority), owner(task), cleanLine(task.title),
  ])
  return table([head, ...rows].map(row))
}

/** One task: its text, then what happened to it. */
export function describeTask(task: Output<'tasks.show'>, paint: Paint, now: number): string {
  const facts = [
    ['task', task.id],
    ['status', state(task, paint)],
    ['by', cleanLine(task.by.name)],
    ['owner', owner(task)],
    ['fence', fence(task)],
    ['priority', task.priority === 0 ? '' : String(task.priority)],
    ['after', task.after.map((id) => isOpen(id, task) ? id : `${id} (over)`).join(', ')],
    ['needs', cleanLine((task.needs ?? []).join(', '))],
    ['paths', cleanLine((task.paths ?? []).join(' '))],
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

/** The same of a task that was claimed, and where to work on it. */
export function describeClaimed(task: Output<'tasks.claim'>, paint: Paint): string {
  const said = describeState(task, paint)
  const { worktree: place } = task
  return place === undefined ? said : `${said}\nin ${place.path} on branch ${place.branch}`
}

/** Tasks that were passed over, a line each; empty when there are none. */
export function describePassed(passed: Output<'tasks.next'>['passed']): string {
  return table(passed.map(({ id, title, why }) => [id, cleanLine(title), cleanLine(why)]))
}

/** The same of a task that is over, and what became of its worktree. */
export function describeEnd(task: Output<'tasks.end'>, paint: Paint): string {
  const said = describeState(task, paint)
  const { left } = task
  if (left === undefined) return said
  if (left.kind === 'closed') return `${said}\nits worktree ${left.path ?? ''} is gone`
  return `${said}\nits worktree stays: ${left.why ?? ''}; ${left.fix ?? ''}`
}

function isOpen(id: string, { blockedBy = [], status }: Task): boolean {
  return status !== 'open' || blockedBy.includes(id)
}

function state({ status: is, standing, blockedBy = [] }: Task, paint: Paint): string {
  const status = is === 'review' ? 'in review'
    : is === 'open' && blockedBy.length > 0 ? 'blocked' : is
  return standing === 'confirmed' ? status : `${status} (${paint.yellow(standing)})`
}

function owner({ owner: held }: Task): string {
  if (held === undefined) return ''
  return `${cleanLine(held.name)}${held.mine ? ' (you)' : ''}`
}

function fence({ fence: at }: Task): string {
  return at === undefined ? '' : `era ${at.era}, term ${at.term}, record ${at.seq}`
}
