import { expect, test } from 'vitest'
import {
  CHANGE_MAX_BYTES,
  FRAME_MAX_BYTES,
  RUN_MAX_BYTES,
  RUN_MAX_CHANGES,
} from '../../../src/core/limits.ts'
import { type Run, runAfter } from '../../../src/core/sync/runs.ts'
import { encodeFrame } from '../../../src/core/sync/wire.ts'
import { dice } from '../room/cast.ts'
import { actor, stream } from './streams.ts'

const span = (run: Run | undefined) =>
  run === undefined ? undefined : [run.seq, run.seq + run.changes.length - 1]

test('S472: a run goes as far as 64 changes, and ends in a signature that is held', () => {
  expect(span(runAfter(stream(200), 0))).toEqual([1, 64])
  expect(span(runAfter(stream(200), 64))).toEqual([65, 128])
  expect(span(runAfter(stream(70), 64))).toEqual([65, 70])
  const tens = stream(70, { signed: (seq) => seq % 10 === 0 })
  expect(span(runAfter(tens, 0))).toEqual([1, 60])
  expect(runAfter(tens, 3)?.signature).toEqual(tens[59]?.signature)
  expect(span(runAfter(tens, 60))).toEqual([61, 70])
})

test('S472: nothing is served of what no signature covers yet', () => {
  expect(runAfter(stream(5), 5)).toBeUndefined()
  expect(runAfter(stream(5), 9)).toBeUndefined()
  expect(runAfter([], 0)).toBeUndefined()
  expect(span(runAfter(stream(8, { signed: (seq) => seq === 5 }), 0))).toEqual([1, 5])
  expect(runAfter(stream(8, { signed: (seq) => seq === 5 }), 5)).toBeUndefined()
  expect(runAfter(stream(100, { signed: (seq) => seq === 65 }), 0)).toBeUndefined()
  expect(span(runAfter(stream(100, { signed: (seq) => seq === 65 }), 1))).toEqual([2, 65])
})

test('S472: a run is cut at 256 KiB where a signature allows', () => {
  const size = RUN_MAX_BYTES / 4
  expect(span(runAfter(stream(20, { size }), 0))).toEqual([1, 4])
  expect(span(runAfter(stream(20, { size: size + 1 }), 0))).toEqual([1, 3])
  expect(span(runAfter(stream(20, { size, signed: (seq) => seq % 10 === 0 }), 0))).toEqual([1, 10])
})

test('S472: a run always fits a frame', () => {
  const late = { size: CHANGE_MAX_BYTES, signed: (seq: number) => seq === 16 }
  expect(runAfter(stream(16, late), 0)).toBeUndefined()
  const run = runAfter(stream(16, late), 1) as Run
  expect(run.changes).toHaveLength(15)
  const frame = encodeFrame({ kind: 'run', volume: 0, actor: actor('ada'), ...run })
  expect(frame.length).toBeLessThanOrEqual(FRAME_MAX_BYTES)
})

test('S472: the runs of a stream hold every change once, up to its last signature', () => {
  const roll = dice(472)
  for (let round = 0; round < 50; round++) {
    const gap = roll(RUN_MAX_CHANGES) + 1
    const signed = (seq: number) => roll(gap) === 0 || seq % gap === 0
    const held = stream(roll(200), { size: roll(9_000), signed })
    const last = held.findLastIndex(({ signature }) => signature !== undefined) + 1
    const from = roll(held.length + 1)
    let at = from
    for (;;) {
      const run = runAfter(held, at)
      if (run === undefined) break
      expect(run.seq).toBe(at + 1)
      expect(run.changes.length).toBeGreaterThan(0)
      for (const change of run.changes) expect(change).toBe(held[at++]?.bytes)
      expect(run.signature).toBe(held[at - 1]?.signature)
    }
    expect(at).toBe(Math.max(from, last))
  }
})
