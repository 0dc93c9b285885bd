/** What an agent can do, and a task may need: words that a room agrees on. */
import { utf8 } from './bytes/text.ts'
import { CAPABILITIES_MAX, CAPABILITY_MAX_BYTES } from './limits.ts'

/** Whether a text names something that somebody can do: a word, as in `rust` or `gpu:24gb`. */
export function isCapability(value: unknown): value is string {
  if (typeof value !== 'string' || utf8(value).length > CAPABILITY_MAX_BYTES) return false
  return /^[a-z0-9][a-z0-9._:+-]*$/.test(value)
}

/** Whether a value is a list of such words, each once. */
export function isCapabilities(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length > CAPABILITIES_MAX) return false
  return value.every(isCapability) && new Set(value).size === value.length
}
