/** The part of the local API that is about tasks. */
import { z } from 'zod'
import {
  CAPABILITIES_MAX, CAPABILITY_MAX_BYTES, PRIORITY_MAX, TASK_AFTER_MAX,
} from '../core/limits.ts'
import { body, globs, nothing, reference, text, title, worktree } from './inputs.ts'
import { event, progress, task } from './shapes.ts'

const capability = text(CAPABILITY_MAX_BYTES, 'name it by one word, as in rust')

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
  'tasks.claim': {
    doc: 'Claims a task; `confirmed` fails where nobody can confirm it now.',
    input: z.strictObject({
      id: reference,
      confirmed: z.boolean().default(false),
      /** With a worktree and a branch of its own. */
      worktree: z.boolean().default(true),
    }),
    stream: progress,
    output: task.extend({
      worktree: z.object({ path: z.string(), branch: z.string() }).optional(),
    }),
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
