/** The table of `npm run bench`: what is read off samples, and what is said of a bound. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { history } from '../e2e/bench/history.ts'
import { inTurn, spread } from '../e2e/bench/measure.ts'
import { held, rowOf } from '../e2e/bench/row.ts'
import { table } from '../e2e/bench/table.ts'
import { ROOT } from './tidy.ts'

test('the median lies between the two in the middle, and p95 is a sample', () => {
  expect(spread([4, 1, 3, 2])).toEqual({ n: 4, median: 2.5, p95: 4, min: 1, max: 4 })
  const hundred = Array.from({ length: 100 }, (_, n) => n + 1)
  expect(spread(hundred)).toMatchObject({ median: 50.5, p95: 95 })
})

test('ways are taken in turn, each round the other way round, and warm rounds do not count', async () => {
  const order: string[] = []
  const way = (name: string) => async (round: number) => {
    order.push(`${name}${round}`)
    return round
  }
  const samples = await inTurn({ rounds: 2, warm: 1 }, { a: way('a'), b: way('b') })
  expect(order).toEqual(['a0', 'b0', 'b1', 'a1', 'a2', 'b2'])
  expect(samples).toEqual({ a: [1, 2], b: [1, 2] })
})

test('a bound that is missed is shown beside one that holds', () => {
  const floor = { what: 'nothing at all', samples: [10, 10, 10] }
  const row = rowOf({
    row: 'wait',
    what: 'a wait',
    asked: [
      { figure: 'median', atMost: 2, times: 'floor' },
      { figure: 'p95', atMost: 100, times: 'one' },
    ],
  }, [25, 25, 90], floor)
  expect(held(row).map(({ is, holds }) => ({ is, holds })))
    .toEqual([{ is: 2.5, holds: false }, { is: 90, holds: true }])
  expect(table([row]).split('\n').map((line) => line.replace(/ {2,}/g, ' | ').trim())).toEqual([
    'ROW | MEASURED | N | MEDIAN | P95 | FLOOR | MEDIAN | P95 | RATIO | ASKED',
    'wait | a wait | 3 | 25.0 ms | 90.0 ms | nothing at all | 10.0 ms | 10.0 ms | 2.50× '
      + '| median ≤ 2× floor | MISSED: 2.50×',
    '| p95 ≤ 100.0 ms | holds',
  ])
})

test('the history that is fetched is the same bytes every time', () => {
  expect(history(3)).toBe(history(3))
  expect(history(3).match(/^commit /gm)).toHaveLength(3)
})

test('a row that does not exist is refused with those that do', async () => {
  const ended = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    const argv = [join(ROOT, 'e2e/bench/run.ts'), '--only', 'lunch']
    execFile(process.execPath, argv, (error, _stdout, stderr) => {
      resolve({ code: error?.code, stderr })
    })
  })
  expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('status, ') })
})
