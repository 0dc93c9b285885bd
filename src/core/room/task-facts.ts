/** Facts about what there is to do: a task, and what decides who takes it up and when. */
import { isCapabilities } from '../capability.ts'
import {
  GLOB_MAX_BYTES,
  GLOBS_MAX,
  PRIORITY_MAX,
  TASK_AFTER_MAX,
  TASK_BODY_MAX_BYTES,
  TITLE_MAX_BYTES,
} from '../limits.ts'
import { isCount, isText, type Json } from './json.ts'
import { type FactId, isFactId, type Stamp } from './place.ts'

/** What a task says of itself for whoever looks for the next one; what is absent is 0, or none. */
export type TaskTerms = {
  /** The highest is taken up first. */
  priority?: number
  /** Tasks that are over before this one is begun. */
  after?: FactId[]
  /** What whoever takes it must be able to do, in words that the room agrees on. */
  needs?: string[]
  /** Globs of the files that it is about. */
  paths?: string[]
}

export type TaskAdded = Stamp & TaskTerms & { kind: 'add'; title: string; body?: string }

/** Reads a fact of the topic `tasks`; undefined when it is none. */
export function readTask(json: Json & Stamp): TaskAdded | undefined {
  const { at, term, kind, title, body } = json
  if (kind !== 'add' || !isText(title, TITLE_MAX_BYTES) || title === '') return undefined
  if (body !== undefined && !isText(body, TASK_BODY_MAX_BYTES)) return undefined
  const terms = readTerms(json)
  if (terms === undefined) return undefined
  return { at, term, kind, title, ...(body === undefined ? {} : { body }), ...terms }
}

function readTerms({ priority, after, needs, paths }: Json): TaskTerms | undefined {
  if (priority !== undefined && !(isCount(priority) && priority <= PRIORITY_MAX)) return undefined
  if (after !== undefined && !isListOf(after, TASK_AFTER_MAX, isFactId)) return undefined
  if (needs !== undefined && !isCapabilities(needs)) return undefined
  if (paths !== undefined && !isListOf(paths, GLOBS_MAX, isPath)) return undefined
  return {
    ...(priority === undefined ? {} : { priority }),
    ...(after === undefined ? {} : { after }),
    ...(needs === undefined ? {} : { needs }),
    ...(paths === undefined ? {} : { paths }),
  }
}

function isPath(value: unknown): value is string {
  return isText(value, GLOB_MAX_BYTES)
}

function isListOf<T>(
  value: unknown,
  max: number,
  is: (item: unknown) => item is T,
): value is T[] {
  return Array.isArray(value) && value.length <= max && value.every(is)
}
