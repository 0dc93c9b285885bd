/** What calls may be given: text within its limits, and the words that several methods take. */
import { z } from 'zod'
import {
  GLOB_MAX_BYTES, GLOBS_MAX, MESSAGE_MAX_BYTES, NAME_MAX_BYTES, TASK_BODY_MAX_BYTES,
  TITLE_MAX_BYTES,
} from '../core/limits.ts'

const byteLength = (value: string) => new TextEncoder().encode(value).length

/** Text of at least one visible character and at most `max` bytes of UTF-8. */
export const text = (max: number, fix: string) =>
  z.string().superRefine((value, context) => {
    const bytes = byteLength(value)
    const message =
      bytes > max ? `has ${bytes} bytes, and the limit is ${max}`
      : value.trim() === '' ? 'is empty'
      : undefined
    if (message !== undefined) context.addIssue({ code: 'custom', message, params: { fix } })
  })

const IN_A_FILE = 'put longer text into a file, commit it, and name the file'

/** The name of an agent or a room. */
export const name = text(NAME_MAX_BYTES, 'choose a short name, like coder-1').refine(
  (value) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value),
  { error: 'has a control character', params: { fix: 'use letters, digits and dashes' } },
)
/** What is said to the room. */
export const message = text(MESSAGE_MAX_BYTES, IN_A_FILE)
/** One line about something. */
export const title = text(
  TITLE_MAX_BYTES, 'keep it to one line, and put the rest where there is room',
)
/** What there is to know about a task. */
export const body = text(TASK_BODY_MAX_BYTES, IN_A_FILE)
/** A task, a member or a commit, by a word that names it. */
export const reference = text(256, 'name a task, a member or a commit by its id')
/** Paths to lock, from the root of the repository. */
export const globs = z.array(text(GLOB_MAX_BYTES, 'name a folder above it')).min(1).max(GLOBS_MAX)
/** A worktree of a claim, whose files and HEAD the call is about instead of the checkout's. */
export const worktree = text(64, 'name a folder in .knot/worktrees')
/** A role that can be given. */
export const given = z.enum(['admin', 'member', 'observer', 'relay'])
/** No input at all. */
export const nothing = z.strictObject({})
