import { expect, test } from 'vitest'
import type { ActorId } from '../../../src/core/brand.ts'
import { CATCH_UP_BYTES, OUTBOX_MAX_BYTES, FRAME_MAX_BYTES } from '../../../src/core/limits.ts'
import type { HeldChange } from '../../../src/core/sync/runs.ts'
import {
  drained,
  frontierOf,
  learnReach,
  markLacking,
  nextRuns,
  openSession,
  rewind,
  type Session,
} from '../../../src/core/sync/session.ts'
import { encodeFrame, type Frame } from '../../../src/core/sync/wire.ts'
import { actor, stream } from './streams.ts'

const [ada, bob] = [actor('ada'), actor('bob')].sort() as [ActorId, ActorId]

function greeted(): Session {
  return { ...openSession('lan', '10.0.0.2:7117'), actor: bob, volume: 0 }
}

type Streams = ReadonlyMap<ActorId, readonly HeldChange[]>

function markAll(session: Session, streams: Streams): void {
  for (const [author, held] of streams) markLacking(session, author, held.length)
}

const spans = (frames: readonly Frame[]) =>
  frames.map((frame) => {
    if (frame.kind !== 'run') throw new Error(frame.kind)
    return [frame.actor === ada ? 'ada' : 'bob', frame.seq, frame.seq + frame.changes.length - 1]
  })

test('S473: a frontier names the last change of each stream, in the order of the actors', () => {
  const streams = new Map([
    [bob, stream(3)],
    [ada, stream(5)],
    [actor('nobody'), []],
  ])
  expect(frontierOf(streams)).toEqual([
    { actor: ada, seq: 5, hash: stream(5)[4]?.hash },
    { actor: bob, seq: 3, hash: stream(3)[2]?.hash },
  ])
})

test('S474: nothing is sent before the hello of the peer', () => {
  const session = openSession('lan', '10.0.0.2:7117')
  const streams = new Map([[ada, stream(3)]])
  markAll(session, streams)
  expect(nextRuns(session, streams)).toEqual({ frames: [], pace: 'no' })
  session.actor = bob
  session.volume = 0
  expect(spans(nextRuns(session, streams).frames)).toEqual([['ada', 1, 3]])
})

test('S474: a peer is sent what it lacks, once, in the order of the actors', () => {
  const session = greeted()
  const streams = new Map([
    [bob, stream(70)],
    [ada, stream(5)],
  ])
  learnReach(session, { actor: ada, seq: 2 }, 5, 0)
  markAll(session, streams)
  const sent = nextRuns(session, streams)
  expect(spans(sent.frames)).toEqual([['ada', 3, 5], ['bob', 1, 64], ['bob', 65, 70]])
  markAll(session, streams)
  expect(nextRuns(session, streams)).toEqual({ frames: [], pace: 'no' })
  expect(session.lacking.size).toBe(0)
})

test('S474: what a peer says it holds does not count against what is on its way there', () => {
  const session = greeted()
  const streams = new Map([[ada, stream(5)]])
  markAll(session, streams)
  nextRuns(session, streams)
  learnReach(session, { actor: ada, seq: 3 }, 5, 0)
  markAll(session, streams)
  expect(nextRuns(session, streams).frames).toEqual([])
})

test('S474: a change made later is sent alone', () => {
  const session = greeted()
  markAll(session, new Map([[ada, stream(5)]]))
  nextRuns(session, new Map([[ada, stream(5)]]))
  const grown = new Map([[ada, stream(6)]])
  markAll(session, grown)
  expect(spans(nextRuns(session, grown).frames)).toEqual([['ada', 6, 6]])
})

test('S474: a peer that holds more than we do is sent nothing of it', () => {
  const session = greeted()
  learnReach(session, { actor: ada, seq: 9 }, 5, 0)
  markLacking(session, ada, 5)
  session.lacking.add(ada)
  expect(nextRuns(session, new Map([[ada, stream(5)]])).frames).toEqual([])
})

test('S475: what a want names is sent again from there', () => {
  const session = greeted()
  const streams = new Map([[ada, stream(5)]])
  markAll(session, streams)
  nextRuns(session, streams)
  session.reach.set(ada, 2)
  markAll(session, streams)
  expect(spans(nextRuns(session, streams).frames)).toEqual([['ada', 3, 5]])
})

test('S476: catching up stops at about 1 MiB until the outbox has room, and then goes on', () => {
  const session = greeted()
  const size = 64 << 10
  const streams = new Map([
    [ada, stream(40, { size })],
    [bob, stream(9, { size })],
  ])
  markAll(session, streams)
  const served: [string, number, number][] = []
  let rounds = 0
  for (;;) {
    const { frames, pace } = nextRuns(session, streams)
    const bytes = frames.reduce((sum, frame) => sum + encodeFrame(frame).length, 0)
    expect(bytes).toBeLessThan(CATCH_UP_BYTES + (257 << 10))
    served.push(...(spans(frames) as [string, number, number][]))
    if (pace === 'no') break
    rounds++
    // Whatever happens meanwhile, nothing is served, and a second `drained` is not asked for.
    markAll(session, streams)
    expect(nextRuns(session, streams)).toEqual({ frames: [], pace: 'no' })
    drained(session)
  }
  expect(rounds).toBe(2)
  const at = { ada: 0, bob: 0 }
  for (const [who, from, to] of served as ['ada' | 'bob', number, number][]) {
    expect(from).toBe(at[who] + 1)
    at[who] = to
  }
  expect(at).toEqual({ ada: 40, bob: 9 })
})

test('S476: what is served at once always fits the outbox', () => {
  expect(CATCH_UP_BYTES + FRAME_MAX_BYTES).toBeLessThan(OUTBOX_MAX_BYTES)
})

test('S476: small changes of a long day are paced as well, and none is lost', () => {
  const session = greeted()
  const size = 40 << 10
  const whole = stream(100, { size })
  let asked = 0
  let last = 0
  for (let length = 1; length <= 100; length++) {
    const streams = new Map([[ada, whole.slice(0, length)]])
    markAll(session, streams)
    const { frames, pace } = nextRuns(session, streams)
    for (const [, from, to] of spans(frames)) {
      expect(from).toBe(last + 1)
      last = to as number
    }
    if (pace === 'no') continue
    asked++
    drained(session)
    expect(spans(nextRuns(session, streams).frames)).toEqual([['ada', last + 1, length]])
    last = length
  }
  expect([asked, last]).toEqual([3, 100])
})

test('S820: a want sends again what was sent, and nothing that still waits to be', () => {
  const session = greeted()
  const streams = new Map([[ada, stream(70)]])
  markAll(session, streams)
  session.reach.set(ada, 64)
  rewind(session, { actor: ada, seq: 0 }, 70)
  expect(spans(nextRuns(session, streams).frames)).toEqual([['ada', 65, 70]])
  rewind(session, { actor: ada, seq: 66 }, 70)
  expect(spans(nextRuns(session, streams).frames)).toEqual([['ada', 67, 70]])
})
