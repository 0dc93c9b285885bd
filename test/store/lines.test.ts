import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { LINE_MAX_BYTES } from '../../src/core/limits.ts'
import { openLines } from '../../src/store/lines.ts'

const directory = mkdtempSync(join(tmpdir(), 'knot-lines-'))
afterAll(() => rmSync(directory, { recursive: true }))
const now = (): Date => new Date('2025-01-02T03:04:05.006Z')

test('S432: an event is one private line of JSON with its time, there at once', () => {
  const path = join(directory, 'a.log')
  const lines = openLines({ path, now })
  lines.write({ event: 'started', port: 4001, note: 'two\nlines' })
  expect(readFileSync(path, 'utf8')).toBe(
    '{"at":"2025-01-02T03:04:05.006Z","event":"started","port":4001,"note":"two\\nlines"}\n',
  )
  expect(statSync(path).mode & 0o777).toBe(0o600)
  lines.close()
  openLines({ path, now }).write({ event: 'again' })
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(3)
})

test('S432: a full log makes way for a new one, and one older file is kept', () => {
  const path = join(directory, 'b.log')
  const lines = openLines({ path, now, maxBytes: 200 })
  for (let n = 0; n < 12; n++) lines.write({ event: 'tick', n })
  lines.close()
  const numbers = [`${path}.1`, path].flatMap(read).map(line => line['n'])
  expect(numbers).toEqual([6, 7, 8, 9, 10, 11])
  expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(200)
})

test('S432: a line is bounded and stays one line of JSON', () => {
  const path = join(directory, 'c.log')
  const lines = openLines({ path, now })
  lines.write({ event: 'long', text: '"'.repeat(100_000) })
  expect(statSync(path).size).toBeLessThanOrEqual(LINE_MAX_BYTES)
  expect(read(path)).toMatchObject([{ event: 'long' }])
  lines.close()
})

test('S432: a log that cannot be written counts what it lost and stops nobody', () => {
  const lines = openLines({ path: join(directory, 'none', 'd.log'), now })
  lines.write({ event: 'lost' })
  lines.write({ event: 'cyclic', big: 1n })
  expect(lines.lost()).toBe(2)
  lines.close()
})

function read(path: string): Record<string, unknown>[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
}
