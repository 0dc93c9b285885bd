/** What became of tasks and locks, in words. */
import { keyOf } from '../core/brand.ts'
import type { Engine } from '../core/engine/state.ts'
import type { FactId } from '../core/room/facts.ts'
import type { LockEvent, TaskEvent } from '../core/room/views/events.ts'
import { whoIs } from './words.ts'

const RULED = {
  claim: 'claimed', done: 'finished', drop: 'dropped', reopen: 'reopened', push: 'pushed for',
} as const
const LOST = {
  claim: 'claim', done: 'finish', drop: 'drop', reopen: 'reopen', push: 'push for',
} as const
const OVER = { unlocked: '', silent: ': not heard for too long', removed: ': no member any more' }

/** The line of an event about a task. */
export function taskWords(engine: Engine, event: TaskEvent) {
  const task = taskName(engine, event.task)
  switch (event.kind) {
    case 'ruled': {
      const fields = { task: event.task, want: event.want, term: event.term }
      return { text: `▸ ${RULED[event.want]} task ${task}`, fields }
    }
    case 'released': {
      const why = event.why === 'silent' ? 'was not heard for too long' : 'is no member any more'
      const text = `✗ lost task ${task}: its owner ${why}; the branch is kept`
      return { text, fields: { task: event.task, why: event.why } }
    }
    case 'ask-lost': {
      const text = `✗ could not ${LOST[event.want]} task ${task}: it had changed hands`
      return { text, fields: { task: event.task, want: event.want, ask: event.ask } }
    }
  }
}

/** The line of an event about a lock. */
export function lockWords(engine: Engine, event: LockEvent) {
  const globs = event.globs.join(' ')
  const base = { lock: event.lock, globs: event.globs }
  switch (event.kind) {
    case 'locked': {
      const { mode, reason, term } = event
      const shared = mode === 'shared' ? ' (shared)' : ''
      const fields = { ...base, mode, reason, term }
      return { text: `▸ locked ${globs}${shared}: ${reason}`, fields }
    }
    case 'unlocked':
      return { text: `▸ unlocked ${globs}${OVER[event.why]}`, fields: { ...base, why: event.why } }
    case 'lock-lost': {
      const { by, globs: theirs } = event.against
      const holder = whoIs(engine, keyOf(by))
      const text = `✗ could not lock ${globs}: ${holder.name} has ${theirs.join(' ')}`
      return { text, fields: { ...base, against: { by: holder, globs: theirs } } }
    }
  }
}

/** A task as people name it: the beginning of its id, and its title. */
export function taskName(engine: Engine, task: FactId): string {
  const title = engine.board.tasks.get(task)?.fact.title
  return title === undefined ? task.slice(0, 8) : `${task.slice(0, 8)}: ${title}`
}
