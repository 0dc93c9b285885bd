/** The part of the local API that is about tasks. */
import { z } from 'zod'
import {
  ASK_QUEUED_MAX_MS, CAPABILITIES_MAX, CAPABILITY_MAX_BYTES, PRIORITY_MAX, TASK_AFTER_MAX,
} from '../core/limits.ts'
import { body, globs, nothing, reference, text, title, worktree } from './inputs.ts'
import { event, progress, task } from './shapes.ts'

const capability = text(CAPABILITY_MAX_BYTES, 'name it by one word, as in rust')

/** A task, and where its holder works on it. */
const claimed = task.extend({
  worktree: z.object({ path: z.string(), branch: z.string() }).optional(),
})

/** What each method about tasks is for, takes and gives. */
export const tasksContract = {
  'tasks.add': {
    doc: 'Adds a task to the board.',
    input: z.strictObject({
      title,
      body: body.optional(),
      priority: z.number().int().min(0).max(PRIORITY_MAX).optional(),
      /** Tasks that are over before this one is begun. */
      after: z.array(reference).max(TASK_AFTER_MAX).optional(),
      needs: z.array(capability).max(CAPABILITIES_MAX).optional(),
      paths: globs.optional(),
    }),
    output: z.object({ id: z.string() }),
  },
  'tasks.list': {
    doc: 'Lists the tasks of the board.',
    input: nothing,
    output: z.object({ tasks: z.array(task) }),
  },
  'tasks.show': {
    doc: 'Shows one task with its text and history.',
    input: z.strictObject({ id: reference }),
    output: task.extend({ body: z.string(), events: z.array(event) }),
  },
  'tasks.next': {
    doc: 'Finds the task to take up now, and claims it where that is asked for.',
    input: z.strictObject({
      claim: z.boolean().default(false),
      confirmed: z.boolean().default(false),
      worktree: z.boolean().default(true),
    }),
    stream: progress,
    output: z.object({
      /** Left out where there is none. */
      task: claimed.optional(),
      /** What comes before it, and why not that. */
      passed: z.array(
        z.object({
          id: z.string(),
          title: z.string(),
          kind: z.enum(['claimed', 'asked', 'blocked', 'needs', 'locked']),
          why: z.string(),
        }),
      ),
    }),
  },
  'tasks.claim': {
    doc: 'Claims a task; `confirmed` fails where nobody can confirm it now.',
    input: z.strictObject({
      id: reference,
      confirmed: z.boolean().default(false),
      /** Where somebody else has it, wait in the queue for so long at most, in milliseconds. */
      wait: z.number().int().positive().max(ASK_QUEUED_MAX_MS).optional(),
      /** With a worktree and a branch of its own. */
      worktree: z.boolean().default(true),
    }),
    stream: progress,
    output: claimed,
  },
  'tasks.end': {
    doc: 'Says that a task is done, or dropped, or gives it back to the board.',
    input: z.strictObject({
      id: reference,
      want: z.enum(['done', 'drop', 'reopen']),
      /** Also a task that somebody else has, where one’s role allows it. */
      force: z.boolean().default(false),
      worktree: worktree.optional(),
    }),
    output: task.extend({
      /** What became of the worktree of its claim. */
      left: z.object({
        kind: z.enum(['closed', 'stays']),
        path: z.string().optional(),
        why: z.string().optional(),
        fix: z.string().optional(),
      }).optional(),
    }),
  },
} as const
