/** The table of SPEC's section on security rests on clauses, each of which tests name. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const spec = readFileSync(new URL('../SPEC.md', import.meta.url), 'utf8')
const [, section = ''] = /\n## Security\n([\s\S]*?)\n## /.exec(spec) ?? []
const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| who |'))

/** The numbers of clauses that a text names, ranges spelled out. */
function named(text: string): number[] {
  return [...text.matchAll(/S(\d{3})(?:–S(\d{3}))?/g)].flatMap(([, first, last]) => {
    const from = Number(first)
    return Array.from({ length: Number(last ?? first) - from + 1 }, (_, n) => from + n)
  })
}

test('S771: every row has four cells, and every clause that it names is one of SPEC', () => {
  expect(rows.length).toBeGreaterThan(12)
  for (const row of rows) expect([row, row.split(' | ').length]).toEqual([row, 4])
  const clauses = new Set([...spec.matchAll(/\*\*S(\d{3})\*\*/g)].map(([, number]) => Number(number)))
  const wanted = [...new Set(named(section))]
  expect(wanted.length).toBeGreaterThan(25)
  expect(wanted.filter((number) => !clauses.has(number))).toEqual([])
})

test('S771: every row says what remains', () => {
  for (const row of rows) {
    const remains = row.split(' | ').at(-1) ?? ''
    expect([row.slice(0, 40), remains.length > 10]).toEqual([row.slice(0, 40), true])
  }
})
