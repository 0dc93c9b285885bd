import { expect, test } from 'vitest'
import type { FactId } from '../../../src/core/room/facts.ts'
import { stillComing } from '../../../src/daemon/handlers/sync.ts'

const id = (text: string) => text as FactId

test('a push that nobody can give is not waited for at every sync', () => {
  const failed = { tries: 1, again: 0 }
  const engine = {
    board: { unlanded: new Map([[id('held'), {}], [id('failed'), {}], [id('new'), {}]]) },
    holding: new Set([id('held')]),
    fetching: new Map([[id('failed'), failed]]),
  } as unknown as Parameters<typeof stillComing>[0]

  expect(stillComing(engine, new Set())).toEqual([id('new')])
  expect(stillComing(engine, new Set([id('new')]))).toEqual([])
})
