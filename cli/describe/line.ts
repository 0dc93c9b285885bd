/** A line of the daemon's own log as a person reads it. */
import type { LogLine } from '../lines.ts'
import { clean, type Paint } from '../print.ts'

/** Its time by this machine's clock and zone, then what it says. */
export function describeLine({ at, text }: LogLine, paint: Paint): string {
  const said = clean(text)
  return at === undefined ? said : `${paint.dim(local(new Date(at)))}  ${said}`
}

function local(at: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-')
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')
  return `${day} ${time}`
}
