/** What an examination finds. */
import type { Output } from '../../api/types.ts'

/** A finding as the API tells it. */
export type Finding = Output<'doctor'>['findings'][number]

/** A finding that may know how to mend what it found. */
export type Found = Finding & { mend?: () => Promise<unknown> }

/** All is well with this. */
export function fine(area: string, text: string): Found {
  return { area, code: `${area}-fine`, severity: 'fine', text }
}

/** Something that could not be looked at, or that is worth knowing. */
export function note(area: string, code: string, text: string, fix?: string): Found {
  return { area, code, severity: 'note', text, ...(fix === undefined ? {} : { fix }) }
}

type Trouble = { code: string; text: string; fix: string; mend?: () => Promise<unknown> }

/** Something that will hurt later, or hurts a little. */
export function warning(area: string, trouble: Trouble): Found {
  return { area, severity: 'warning', ...trouble }
}

/** Something that keeps knot from working. */
export function error(area: string, trouble: Trouble): Found {
  return { area, severity: 'error', ...trouble }
}
