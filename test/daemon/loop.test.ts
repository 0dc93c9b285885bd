import { expect, test } from 'vitest'
import type { Instant, Monotonic } from '../../src/core/brand.ts'
import type { Engine } from '../../src/core/engine/state.ts'
import { Loop, type World } from '../../src/daemon/loop.ts'

const world: World = {
  now: () => ({ mono: 0 as Monotonic, wall: 0 as Instant }),
  persist: async () => ({ kind: 'ok' }),
  perform: () => undefined,
  moved: () => undefined,
}

test('a bug in a step ends the loop with its reason, instead of leaving a daemon that does nothing', async () => {
  const loop = new Loop({} as Engine, world)
  const ended = loop.run(new AbortController().signal)
  const answer = loop.call({ kind: 'say', text: 'anybody there?' })
  expect(await ended).toMatchObject({ kind: 'broke', error: expect.any(TypeError) })
  expect(await answer).toBeUndefined()
})
