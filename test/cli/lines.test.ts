import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { followLines, readLines } from '../../cli/lines.ts'
import { openLines } from '../../src/store/lines.ts'
import { terminal } from './terminal.ts'

let knot: string
beforeEach(() => void (knot = mkdtempSync(join(tmpdir(), 'knot-lines-'))))
afterEach(() => rmSync(knot, { recursive: true }))
const log = () => join(knot, 'daemon.log')
const texts = (lines: { text: string }[]) => lines.map(({ text }) => text)

test('S558: both files are read, and what is no JSON is shown as it is', () => {
  writeFileSync(`${log()}.1`, '{"at":"2025-01-02T03:04:05.000Z","event":"note","text":"old"}\n')
  writeFileSync(log(), 'Error: out of memory\n{"at":"2025-01-02T03:05:00.000Z","event":"x","n":1}\nha')
  const { lines } = readLines(knot)
  expect(texts(lines)).toEqual(['old', 'Error: out of memory', 'x {"n":1}'])
  expect(lines[0]).toMatchObject({ at: '2025-01-02T03:04:05.000Z', event: 'note' })
})

test('S558: following goes on over rotations, and loses and repeats nothing', async () => {
  const lines = openLines({ path: log(), now: () => new Date(), maxBytes: 2_000 })
  const write = (n: number) => lines.write({ event: 'note', text: `line ${n}` })
  write(0)
  const stop = new AbortController()
  const { from } = readLines(knot)
  const seen: string[] = []
  const following = (async () => {
    for await (const { text } of followLines(knot, from, stop.signal)) {
      if (seen.push(text) === 60) stop.abort()
    }
  })()
  // A file holds 26 of them; between two looks at most one rotation.
  for (let n = 1; n <= 60; n++) {
    write(n)
    if (n % 15 === 0) while (seen.length < n) await new Promise((next) => setTimeout(next, 10))
  }
  await following
  lines.close()
  expect(seen).toEqual([...Array(60).keys()].map((n) => `line ${n + 1}`))
})

test('S558: what was written before the rotation that nobody saw yet is still told', async () => {
  writeFileSync(log(), 'a\n')
  const { from } = readLines(knot)
  appendFileSync(log(), 'b\n')
  renameSync(log(), `${log()}.1`)
  writeFileSync(log(), 'c\n')
  const stop = new AbortController()
  const seen: string[] = []
  for await (const { text } of followLines(knot, from, stop.signal)) {
    if (seen.push(text) === 2) stop.abort()
  }
  expect(seen).toEqual(['b', 'c'])
})

test('S558: knot logs needs no daemon, and cleans what a terminal would obey', async () => {
  const here = terminal('initialised')
  try {
    const path = join(here.root, '.knot', 'daemon.log')
    const line = (text: string) => JSON.stringify({ at: '2025-01-02T03:04:05.000Z', event: 'n', text })
    writeFileSync(path, [1, 2, 3].map((n) => line(`${n}\x1b[2J`)).join('\n') + '\n')
    const { out, exit } = await here.knot('logs', '-n', '2')
    expect(exit).toBe(0)
    expect(out).toMatch(/^2025-01-02 \d\d:04:05 {2}2\ufffd\[2J\n.*3\ufffd\[2J\n$/)
    const { envelope } = await here.json('logs')
    expect(envelope.result).toMatchObject({ lines: [{ text: '1\x1b[2J' }, {}, {}] })
  } finally {
    await here.close()
  }
})
