import { expect, test } from 'vitest'
import { FRAMES_AT_ONCE } from '../../src/core/limits.ts'
import { frameOf } from '../../src/mesh/frames.ts'
import type { ByteStream } from '../../src/mesh/port.ts'
import { createSession } from '../../src/mesh/session.ts'

test('S822: frames that came together are taken together, so many and no more', async () => {
  const count = 2 * FRAMES_AT_ONCE + 7
  const bytes = Buffer.concat(Array.from({ length: count }, (_, n) => frameOf(Uint8Array.of(n))))
  const chunks = [bytes]
  const stream: ByteStream = {
    read: () => {
      const chunk = chunks.shift()
      return chunk === undefined ? new Promise(() => undefined) : Promise.resolve({ kind: 'bytes', bytes: chunk })
    },
    write: () => Promise.resolve('sent'),
    end: () => Promise.resolve(),
    abort: () => undefined,
  }
  const taken: number[] = []
  const free: (() => void)[] = []
  const session = createSession(stream, {
    frame: (frame) => {
      taken.push(frame[0] as number)
      return new Promise<void>((done) => free.push(done))
    },
    drained: () => undefined,
    ended: () => undefined,
  })
  session.begin()
  const turn = () => new Promise((next) => setImmediate(next))
  for (const expected of [FRAMES_AT_ONCE, 2 * FRAMES_AT_ONCE, count]) {
    await turn()
    expect(taken.length).toBe(expected)
    // All but one are done: the next ones wait for that one, too.
    for (const done of free.slice(0, -1)) done()
    await turn()
    expect(taken.length).toBe(expected)
    for (const done of free.splice(0)) done()
  }
  expect(taken).toEqual(Array.from({ length: count }, (_, n) => n))
})

test('S822: once the session is over nothing more is taken', async () => {
  const bytes = Buffer.concat(Array.from({ length: 3 * FRAMES_AT_ONCE }, () => frameOf(Uint8Array.of(1))))
  const stream: ByteStream = {
    read: () => Promise.resolve({ kind: 'bytes', bytes }),
    write: () => Promise.resolve('sent'),
    end: () => Promise.resolve(),
    abort: () => undefined,
  }
  let taken = 0
  const session = createSession(stream, {
    frame: () => {
      if (++taken === 10) session.end('enough')
    },
    drained: () => undefined,
    ended: () => undefined,
  })
  session.begin()
  await new Promise((next) => setImmediate(next))
  expect(taken).toBe(FRAMES_AT_ONCE)
})
