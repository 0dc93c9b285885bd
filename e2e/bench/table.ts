/** The table as people read it. */
import { held, type Held, type Row } from './row.ts'

const HEAD = [
  'ROW', 'MEASURED', 'N', 'MEDIAN', 'P95', 'FLOOR', 'MEDIAN', 'P95', 'RATIO', 'ASKED', '',
]
const NUMBERS = [2, 3, 4, 6, 7, 8]

/** Aligned lines, a bound's verdict at the end of each; a second bound gets a line of its own. */
export function table(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.flatMap(linesOf)]
  const widths = HEAD.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines
    .map((line) => line.map((cell, column) => {
      const width = widths[column] ?? 0
      return NUMBERS.includes(column) ? cell.padStart(width) : cell.padEnd(width)
    }).join('  ').trimEnd())
    .join('\n')
}

function linesOf(row: Row): string[][] {
  const { found, floor, unit } = row
  const [first, ...more] = held(row).map((one) => verdict(one, unit))
  const ratio = floor === undefined ? '' : `${(found.median / floor.found.median).toFixed(2)}×`
  const line = [
    row.row, row.what, String(found.n), figure(found.median, unit), figure(found.p95, unit),
    floor?.what ?? '',
    floor === undefined ? '' : figure(floor.found.median, unit),
    floor === undefined ? '' : figure(floor.found.p95, unit),
    ratio, ...(first ?? ['nothing', '']),
  ]
  return [line, ...more.map((two) => [...Array<string>(HEAD.length - 2).fill(''), ...two])]
}

function verdict({ figure: which, atMost, times, is, holds }: Held, unit: Row['unit']): string[] {
  const bound = times === 'floor' ? `${atMost}× floor` : figure(atMost, unit)
  const shown = times === 'floor' ? `${is.toFixed(2)}×` : figure(is, unit)
  return [`${which} ≤ ${bound}`, holds ? 'holds' : `MISSED: ${shown}`]
}

function figure(value: number, unit: Row['unit']): string {
  return `${value.toFixed(value < 10 ? 2 : value < 1000 ? 1 : 0)} ${unit}`
}
