import { afterEach, expect, test, vi } from 'vitest'
import type { Monotonic } from '../../src/core/brand.ts'
import type { StoreEntry } from '../../src/core/engine/effect.ts'
import { INPUTS_AT_ONCE, TICK_MS, TURN_MS } from '../../src/core/limits.ts'
import { Loop, type World } from '../../src/daemon/loop.ts'
import { type Person, Stage } from '../core/engine/cast.ts'

type Flush = { entries: readonly StoreEntry[]; end(how?: string): void }

/** A world whose disk the test flushes by hand, and which writes down what happened when. */
function scene(given: { disk?: 'by hand' | 'at once'; slowness?: number } = {}) {
  const { disk = 'at once', slowness = 0 } = given
  const stage = new Stage(1)
  const [alice] = stage.people as [Person]
  const flushes: Flush[] = []
  const log: string[] = []
  const world: World = {
    now() {
      stage.now += slowness
      return { ...stage.clock, mono: stage.now as Monotonic }
    },
    persist(all) {
      // Each change has its witness behind it.
      const entries = all.filter(({ kind }) => kind === 'change')
      log.push(`flush ${entries.length}`)
      if (disk === 'at once') {
        flushes.push({ entries, end: () => undefined })
        return Promise.resolve({ kind: 'ok' })
      }
      return new Promise((resolve) => {
        const end = (why?: string) => resolve(why === undefined ? { kind: 'ok' } : { kind: 'failed', why })
        flushes.push({ entries, end })
      })
    },
    perform: ({ kind }) => log.push(kind),
    moved: () => undefined,
  }
  const loop = new Loop(alice.engine, world)
  const stop = new AbortController()
  const running = loop.run(stop.signal)
  const say = (text: string) =>
    loop.call({ kind: 'say', text }).then((answer) => {
      log.push(`answer ${answer?.kind}`)
      return answer?.kind
    })
  return { alice, flushes, log, loop, running, say, stop, world }
}

/** Until everything that can happen now has happened. */
async function settle(): Promise<void> {
  for (let n = 0; n < 5; n++) await new Promise((resolve) => setImmediate(resolve))
}

afterEach(() => {
  vi.useRealTimers()
})

test('S527: a burst of inputs costs one flush, and is performed in its order', async () => {
  const { say, flushes, running, stop } = scene()
  expect(await Promise.all(['a', 'b', 'c', 'd'].map(say))).toEqual(Array(4).fill('made'))
  expect(flushes.map(({ entries }) => entries.length)).toEqual([4])
  stop.abort()
  expect(await running).toEqual({ kind: 'stopped' })
})

test('S527: nothing is answered, sent or shown before its entries are on disk', async () => {
  const { say, flushes, log, stop, running } = scene({ disk: 'by hand' })
  const asked = say('a')
  await settle()
  expect(log).toEqual(['flush 1'])
  flushes[0]?.end()
  expect(await asked).toBe('made')
  expect(log).toEqual(['flush 1', 'event', 'document', 'answer made'])
  stop.abort()
  await running
})

test('S527: when the disk fails nothing is acknowledged, then or later, and the loop ends', async () => {
  const { say, flushes, log, running, loop } = scene({ disk: 'by hand' })
  const first = say('a')
  await settle()
  const second = say('b')
  flushes[0]?.end('no space left')
  expect(await running).toEqual({ kind: 'failed', why: 'no space left' })
  expect(await Promise.all([first, second, say('c')])).toEqual([undefined, undefined, undefined])
  expect(log.filter((line) => !line.startsWith('answer'))).toEqual(['flush 1'])
  await loop.push({ kind: 'tick' })
})

test('S527: what throws ends the loop with the reason, and performs nothing of its turn', async () => {
  const { alice, say, log, running } = scene()
  alice.engine.board.chat.set = () => {
    throw new Error('bug: the board broke')
  }
  const asked = say('a')
  const error = expect.objectContaining({ message: 'bug: the board broke' })
  expect(await running).toEqual({ kind: 'broke', error })
  expect([await asked, log]).toEqual([undefined, ['answer undefined']])
})

test('S528: an input is done once what follows from it was performed: peers wait for that', async () => {
  const { loop, flushes, stop, running } = scene({ disk: 'by hand' })
  let done = 'no'
  void loop.call({ kind: 'say', text: 'a' })
  void loop.push({ kind: 'listening', addresses: [] }).then(() => (done = 'yes'))
  await settle()
  expect(done).toBe('no')
  flushes[0]?.end()
  await settle()
  expect(done).toBe('yes')
  stop.abort()
  await running
})

test('S528: a flood is taken in parts, each of which ends in time for a pulse', async () => {
  const { say, flushes, stop, running } = scene({ slowness: TURN_MS / 10 })
  await Promise.all(Array.from({ length: 40 }, (_, n) => say(`${n}`)))
  expect(flushes.length).toBeGreaterThan(2)
  stop.abort()
  await running
  const many = scene()
  await Promise.all(Array.from({ length: INPUTS_AT_ONCE + 1 }, (_, n) => many.say(`${n}`)))
  // The second part may have a tick of its own beside the last word.
  const [first, second] = many.flushes.map(({ entries }) => entries.length)
  expect(first).toBe(INPUTS_AT_ONCE)
  expect(second).toBeGreaterThan(0)
  many.stop.abort()
  await many.running
})

test('S528: however long the disk takes, one tick waits and no more', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const { loop, say, flushes, stop, running } = scene({ disk: 'by hand' })
  const ticks: string[] = []
  const { push } = loop
  loop.push = (input) => {
    ticks.push(input.kind)
    return push.call(loop, input)
  }
  const asked = say('a')
  await settle()
  vi.advanceTimersByTime(50 * TICK_MS)
  expect(ticks.filter((kind) => kind === 'tick')).toHaveLength(1)
  for (let n = 0; n < 20; n++) {
    for (const { end } of flushes.splice(0)) end()
    await settle()
  }
  expect(await asked).toBe('made')
  vi.advanceTimersByTime(TICK_MS)
  expect(ticks.filter((kind) => kind === 'tick')).toHaveLength(2)
  stop.abort()
  for (const { end } of flushes) end()
  await running
})

test('S528: a flood of inputs that need no disk leaves timers and sockets their turn', async () => {
  const { loop, stop, running } = scene()
  let flooding = true
  const flood = async () => {
    while (flooding) await loop.push({ kind: 'listening', addresses: [] })
  }
  const floods = [flood(), flood()]
  await new Promise((resolve) => setTimeout(resolve, 5))
  flooding = false
  await Promise.all(floods)
  stop.abort()
  expect(await running).toEqual({ kind: 'stopped' })
})
