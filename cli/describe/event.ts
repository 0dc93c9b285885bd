/** A line of the room's log as a person reads it. */
import type { Item } from '../../src/api/types.ts'
import { clean, cleanLine, type Paint } from '../print.ts'

/** When, who and what; all of the text, its further lines indented below. */
export function describeEvent({ at, by, text }: Item<'log'>, paint: Paint, now: number): string {
  const words = clean(text).trimEnd().replaceAll('\n', '\n    ')
  return `${paint.dim(when(at, now))}  ${paint.bold(cleanLine(by.name))}  ${mark(words, paint)}`
}

function mark(text: string, paint: Paint): string {
  if (text.startsWith('✓')) return paint.green('✓') + text.slice(1)
  if (text.startsWith('✗')) return paint.red('✗') + text.slice(1)
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
