import { expect, test } from 'vitest'
import { STEPS_WAITING_MAX } from '../../src/core/limits.ts'
import { telling } from '../../src/daemon/telling.ts'

async function read<Step, Result>(stream: AsyncGenerator<Step, Result, void>) {
  const steps: Step[] = []
  for (;;) {
    const next = await stream.next()
    if (next.done === true) return { steps, result: next.value }
    steps.push(next.value)
  }
}

test('S575: steps come in order before the result, and a failure after them', async () => {
  const work = telling<number, string>(async (tell) => {
    tell(1)
    await Promise.resolve()
    tell(2)
    return 'done'
  })
  expect(await read(work)).toEqual({ steps: [1, 2], result: 'done' })
  const broken = telling<number, string>(async (tell) => {
    tell(1)
    throw new Error('broke')
  })
  expect((await broken.next()).value).toBe(1)
  await expect(broken.next()).rejects.toThrow('broke')
})

test('S575: a reader that is slow is told the newest steps only', async () => {
  const { steps } = await read(telling<number, void>(async (tell) => {
    for (let n = 0; n < STEPS_WAITING_MAX + 10; n++) tell(n)
  }))
  expect(steps.length).toBe(STEPS_WAITING_MAX)
  expect(steps.at(-1)).toBe(STEPS_WAITING_MAX + 9)
})
