/** Whether what was printed is what the story says, and if not, where they part. */

/** Words that a story gave a name to. */
export type Captures = Record<string, string>

/** The words that were named on the way, or undefined when the output does not fit. */
export function match(expected: string[], output: string, known: Captures): Captures | undefined {
  const named = new Set<string>()
  const pattern = expected.map((line) =>
    line === '...' ? '(?:[^\\n]*\\n)*?' : `${linePattern(line, known, named)}\\n`)
  const found = new RegExp(`^${pattern.join('')}$`, 'u').exec(joined(linesOf(output)))
  return found === null ? undefined : { ...known, ...found.groups }
}

/** Puts known words into a command. */
export function fillIn(command: string, known: Captures): string {
  return command.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => known[name] ?? whole)
}

function linePattern(line: string, known: Captures, named: Set<string>): string {
  return line.split(/(\[\.\.\]|\{\{\w+\}\})/).map((part) => {
    if (part === '[..]') return '[^\\n]*'
    const name = /^\{\{(\w+)\}\}$/.exec(part)?.[1]
    if (name === undefined) return escaped(part)
    const before = known[name]
    if (before !== undefined) return escaped(before)
    if (named.has(name)) return `\\k<${name}>`
    named.add(name)
    return `(?<${name}>\\S+)`
  }).join('')
}

/** What knot says only where the machine is slow: no story can know that. */
const SLOW = /^(starting|stopping|making|running|looking)[^…]*…$/

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

function linesOf(output: string): string[] {
  const lines = output.split('\n').map((line) => line.trimEnd()).filter((line) => !SLOW.test(line))
  while (lines.at(-1) === '') lines.pop()
  return lines
}

function joined(lines: string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

/** Both side by side: "-" is expected and missing, "+" is there and not expected. */
export function difference(expected: string[], output: string, known: Captures): string {
  const actual = linesOf(output)
  const fits = (i: number, j: number) =>
    new RegExp(`^${linePattern(expected[i] ?? '', known, new Set())}$`, 'u').test(actual[j] ?? '')
  const best = longest(expected, actual.length, fits)
  const after = (i: number, j: number) => best[i]?.[j] ?? 0
  const rows: string[] = []
  let i = 0
  let j = 0
  while (i < expected.length || j < actual.length) {
    const more = j < actual.length
    if (expected[i] === '...') {
      if (more && after(i, j + 1) >= after(i, j)) rows.push(`  ${actual[j++]}`)
      else i++
    } else if (i < expected.length && more && fits(i, j)) {
      rows.push(`  ${actual[j++]}`)
      i++
    } else if (i < expected.length && (!more || after(i + 1, j) >= after(i, j + 1))) {
      rows.push(`- ${expected[i++]}`)
    } else {
      rows.push(`+ ${actual[j++]}`)
    }
  }
  return rows.join('\n')
}

/** For each pair of places, how many lines still fit from there on. */
function longest(
  expected: string[],
  columns: number,
  fits: (i: number, j: number) => boolean,
): number[][] {
  const best = Array.from({ length: expected.length + 1 }, () => Array<number>(columns + 1).fill(0))
  for (let i = expected.length - 1; i >= 0; i--) {
    const below = best[i + 1] ?? []
    const here = best[i] ?? []
    here[columns] = below[columns] ?? 0
    for (let j = columns - 1; j >= 0; j--) {
      const skip = Math.max(below[j] ?? 0, here[j + 1] ?? 0)
      const line = expected[i] !== '...' && fits(i, j)
      here[j] = line ? Math.max(skip, 1 + (below[j + 1] ?? 0)) : skip
    }
  }
  return best
}
