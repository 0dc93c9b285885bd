import { expect, test } from 'vitest'
import type { FactId } from '../../../src/core/room/facts.ts'
import { inQueue, type Waiting } from '../../../src/daemon/handlers/queue.ts'
import type { RunningRoom } from '../../../src/daemon/running.ts'
import { Watch } from '../../../src/daemon/watch.ts'

const ask = 'abcdefghijklmnop' as FactId

/** A room in which one ask waits, and what is written about it. */
function queue() {
  const wrote: unknown[] = []
  const watch = new Watch()
  const state = { waits: true, got: false, words: 'bob has it' }
  const loop = {
    call: async (request: unknown) => {
      wrote.push(request)
      return { kind: 'made', id: ask }
    },
  }
  const room = { watch, loop, now: () => ({ mono: 0, wall: 0 }) } as unknown as RunningRoom
  const waiting = (until: number): Waiting => ({
    topic: 'claims', ask, until,
    waits: () => state.waits, got: () => state.got, words: () => state.words,
  })
  const move = (change: Partial<typeof state>) => {
    Object.assign(state, change)
    watch.moved()
  }
  return { room, waiting, wrote, move }
}

const BACK = [{ kind: 'withdraw', topic: 'claims', ask }]
const staying = () => new AbortController().signal

test('S925: whoever waits is told for what, each time that changes, until it is over', async () => {
  const { room, waiting, wrote, move } = queue()
  const steps = inQueue(room, waiting(60_000), staying())
  expect(await steps.next()).toEqual({ done: false, value: { step: 'wait', text: 'bob has it' } })
  const next = steps.next()
  move({})
  move({ words: 'the leader' })
  expect(await next).toMatchObject({ value: { text: 'the leader' } })
  const end = steps.next()
  move({ waits: false, got: true })
  expect(await end).toEqual({ done: true, value: 'over' })
  expect(wrote).toEqual([])
})

test('S925: when the time is over the ask is taken back', async () => {
  const { room, waiting, wrote } = queue()
  const steps = inQueue(room, waiting(20), staying())
  await steps.next()
  // The clock of this room stands still, and its patience is 0 from the beginning.
  const none = inQueue(room, waiting(0), staying())
  expect(await none.next()).toEqual({ done: true, value: 'late' })
  expect(wrote).toEqual([])
  await steps.return('late')
  expect(wrote).toEqual(BACK)
})

test('S925: whoever leaves takes the ask back, also when it was granted in that moment', async () => {
  for (const change of [{}, { waits: false, got: true }]) {
    const { room, waiting, wrote, move } = queue()
    const person = new AbortController()
    const steps = inQueue(room, waiting(60_000), person.signal)
    await steps.next()
    const end = steps.next()
    move(change)
    person.abort()
    await end
    expect(wrote.length).toBeLessThan(2)
    if (wrote.length === 0) continue
    expect(wrote).toEqual(BACK)
  }
})

test('S925: an ask for which somebody else waits here stays', async () => {
  const { room, waiting, wrote } = queue()
  const one = inQueue(room, waiting(60_000), staying())
  const other = inQueue(room, waiting(60_000), staying())
  await one.next()
  await other.next()
  await one.return('late')
  expect(wrote).toEqual([])
  await other.return('late')
  expect(wrote).toEqual(BACK)
})
