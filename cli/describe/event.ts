/** A line of the room's log as a person reads it. */
import type { Item } from '../../src/api/types.ts'
import { clean, cleanLine, columns, pad, type Paint } from '../print.ts'

/** How the lines of one log are printed; `names` is the width of the column of names. */
export type Look = { paint: Paint; now: number; names: number }

/** Longer names are shown whole, and move only their own line. */
const NAMES_MAX = 16

/** When, who and what; all of the text, its further lines indented below. */
export function describeEvent({ at, by, text }: Item<'log'>, { paint, now, names }: Look): string {
  const words = clean(text).trimEnd().replace(/\n(?=[^\n])/g, '\n    ')
  const name = pad(paint.bold(cleanLine(by.name)), names)
  return `${paint.dim(when(at, now))}  ${name}  ${mark(words, paint)}`
}

/** The width that a column of names needs for these events too. */
export function namesWidth(events: Pick<Item<'log'>, 'by'>[], before = 0): number {
  const widths = events.map(({ by }) => columns(cleanLine(by.name)))
  return Math.max(before, ...widths.filter((width) => width <= NAMES_MAX))
}

function mark(text: string, paint: Paint): string {
  if (text.startsWith('✓')) return paint.green('✓') + text.slice(1)
  if (text.startsWith('✗')) return paint.red('✗') + text.slice(1)
  if (text.startsWith('↶')) return paint.yellow('↶') + text.slice(1)
  return text
}

/** The time of day, and before it the date if that is another one; both in this zone. */
function when(at: number, now: number): string {
  const date = new Date(at)
  const two = (n: number) => String(n).padStart(2, '0')
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  if (new Date(now).toDateString() === date.toDateString()) return time
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`
}
