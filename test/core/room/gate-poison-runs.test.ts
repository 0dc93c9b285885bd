import { expect, test } from 'vitest'
import { alice, written } from './cast.ts'
import { page, POISON_RUNS } from './poison-runs.ts'
import { reader, run, show } from './reader.ts'

test.each(POISON_RUNS)('S764: $name ($clause) has no effect and blocks nothing', (poison) => {
  const carol = reader(alice)
  show(carol, run(page))
  const before = structuredClone(carol.stream)

  const { accepted, rest } = show(carol, poison.run)
  const why = 'why' in poison.rest ? { why: expect.stringMatching(poison.rest.why as never) } : {}
  expect(rest).toMatchObject({ ...poison.rest, ...why })
  expect(accepted).toEqual([])
  expect(carol.stream).toEqual(before)
  expect(show(carol, run(written(alice, 3), 3, 3)).accepted).toHaveLength(1)
})
