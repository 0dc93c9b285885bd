/** Words for terminals: colours, columns, and what other people wrote made harmless. */

/** Colours, or the same text unchanged. */
export type Paint = Record<'bold' | 'dim' | 'red' | 'green' | 'yellow', (text: string) => string>

const CODES = {
  bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39],
} as const

/** Colours for a terminal. */
export const colours: Paint = paintWith((text, [on, off]) =>
  text === '' ? '' : `\x1b[${on}m${text}\x1b[${off}m`,
)

/** No colours, for pipes, files and NO_COLOR. */
export const plain: Paint = paintWith((text) => text)

function paintWith(apply: (text: string, code: readonly [number, number]) => string): Paint {
  const entries = Object.entries(CODES).map(([name, code]) => [
    name,
    (text: string) => apply(text, code),
  ])
  return Object.fromEntries(entries) as Paint
}

/**
 * Text by somebody else, for a terminal. Other people's bytes could move the
 * cursor, retitle the window or turn letters around to pose as something else.
 */
export function clean(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}

/** The same on one line, for names, titles and cells of tables. */
export function cleanLine(text: string): string {
  return clean(text).replace(/[\n\t\u2028\u2029]+/g, ' ')
}

/** Rows as columns, aligned, two spaces apart, without trailing blanks. */
export function table(rows: string[][]): string {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, columns(cell))
    })
  }
  const line = (row: string[]) =>
    row.map((cell, column) => pad(cell, widths[column] ?? 0)).join('  ')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}

const WIDE = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{Emoji_Presentation}]/u

/** Columns of a text on a terminal: colours and combining marks take none, wide letters two. */
export function columns(text: string): number {
  let taken = 0
  for (const letter of text.replace(/\x1b\[\d+m/g, '')) {
    if (/\p{Mn}|\u200d/u.test(letter)) continue
    taken += WIDE.test(letter) ? 2 : 1
  }
  return taken
}

/** A text with blanks after it, up to a number of columns. */
export function pad(text: string, upTo: number): string {
  return text + ' '.repeat(Math.max(0, upTo - columns(text)))
}

/** A commit as people write it. */
export function shortOid(commit: string): string {
  return commit.slice(0, 8)
}

/** How long ago, in the largest unit that fits; a clock that runs ahead is shown as now. */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.floor((now - at) / 1000))
  if (seconds < 60) return `${seconds}s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ago`
  return `${Math.floor(seconds / 86_400)}d ago`
}

/** A duration as people say it. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** A count with its noun. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
