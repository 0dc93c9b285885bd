/** The figures of `npm run soak`. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { behind, slopeOf } from '../e2e/soak/slope.ts'
import { ROOT } from './tidy.ts'

const every = (ms: number, values: number[]) => values.map((value, n) => ({ at: n * ms, value }))

test('a slope is what is added in a minute, whatever jumps about it', () => {
  expect(slopeOf(every(30_000, [10, 11, 12, 13]))).toBeCloseTo(2)
  expect(slopeOf(every(1_000, [5, 5, 5, 5, 5]))).toBe(0)
  expect(slopeOf(every(10_000, [1, 3, 1, 3, 1, 3, 1]))).toBeCloseTo(0)
  expect(slopeOf(every(10_000, [1, 2]))).toBeUndefined()
  expect(slopeOf([1, 2, 3].map((value) => ({ at: 7, value })))).toBeUndefined()
})

test('what is left out is a share of the time', () => {
  expect(behind(every(10, [1, 2, 3, 4, 5, 6, 7]), 1 / 3).map(({ value }) => value)).toEqual([3, 4, 5, 6, 7])
  expect(behind([], 1 / 3)).toEqual([])
})

test('a time that is none is refused before anything is started', async () => {
  const ended = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    const argv = [join(ROOT, 'e2e/soak/run.ts'), '--minutes', 'lunch']
    execFile(process.execPath, argv, (error, _stdout, stderr) => {
      resolve({ code: error?.code, stderr })
    })
  })
  expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('"lunch" is no number') })
})
