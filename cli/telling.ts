/** Telling a person who waits what is going on, on standard error. */
import type { Paint } from './print.ts'

/** When a person starts to wonder. */
const QUIET_MS = 1_000

/** Lines for everybody; on a terminal also one that changes in place. */
export type Teller = {
  say: (text: string) => void
  /** Shows how far something is, in place; where nothing can be in place, not at all. */
  percent: (text: string) => void
  /** Says what is waited for once that takes a while, and on a terminal for how long it has. */
  wait: (text: string) => void
  /** Ends the wait, and clears what is in place, before something else is written. */
  clear: () => void
}

/** Tells nobody anything: for `--json` and `--quiet`. */
export const SILENT: Teller = {
  say: () => undefined, percent: () => undefined, wait: () => undefined, clear: () => undefined,
}

/** A teller for a stream; `live` is one whose cursor can be moved. */
export function tellerOn(
  write: (text: string) => void,
  { live, paint }: { live: boolean; paint: Paint },
): Teller {
  let shown = false
  let timer: NodeJS.Timeout | undefined
  const place = (text: string) => {
    if (!live) return
    shown = true
    write(`\r${paint.dim(text)}\x1b[K`)
  }
  const clear = () => {
    clearTimeout(timer)
    if (shown) write('\r\x1b[K')
    shown = false
  }
  const line = (text: string) => write(`${paint.dim(text)}\n`)
  return {
    clear,
    say(text) {
      clear()
      line(text)
    },
    percent: place,
    wait(text) {
      clear()
      let seconds = 0
      const tick = () => {
        seconds++
        if (live) place(`${text} ${seconds} s`)
        else line(text)
        if (live) timer = setTimeout(tick, QUIET_MS)
      }
      timer = setTimeout(tick, QUIET_MS)
    },
  }
}
