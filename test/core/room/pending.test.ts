import { expect, test } from 'vitest'
import {
  PENDING_MAX_BYTES,
  PENDING_MAX_CHANGES,
  PENDING_ROOM_MAX_BYTES,
} from '../../../src/core/limits.ts'
import {
  type PendingRun,
  hold,
  openPending,
  takeAfterAdvance,
  takeAfterAuth,
} from '../../../src/core/room/pending.ts'
import { alice, bob, person, written } from './cast.ts'
import { reader, run, show } from './reader.ts'

let made = 0

function entry(fields: Partial<PendingRun> & { size?: number; count?: number }): PendingRun {
  const { size = 10, count = 1, actor = alice.actor, seq = 2, waits = 'predecessor' } = fields
  const signature = new Uint8Array(64)
  new DataView(signature.buffer).setUint32(0, made++)
  const changes = Array.from({ length: count }, () => new Uint8Array(size))
  return { actor, seq, waits, run: { changes, signature } }
}

test('S178: runs come out when their stream reaches them, nearest first', () => {
  const pending = openPending()
  const [near, far, further] = [2, 4, 9].map(seq => entry({ seq }))
  for (const each of [further, near, far]) hold(pending, each as PendingRun)

  expect(takeAfterAdvance(pending, { actor: alice.actor, seq: 0 })).toEqual([])
  expect(takeAfterAdvance(pending, { actor: bob.actor, seq: 9 })).toEqual([])
  expect(takeAfterAdvance(pending, { actor: alice.actor, seq: 3 })).toEqual([near, far])
  expect(takeAfterAdvance(pending, { actor: alice.actor, seq: 8 })).toEqual([further])
  expect(pending).toEqual(openPending())
})

test('S178: runs that wait for auth heads come out when the auth log grows, by actor', () => {
  const pending = openPending()
  const { actor: first } = alice.actor < bob.actor ? alice : bob
  const { actor: last } = alice.actor < bob.actor ? bob : alice
  const waiting = [
    entry({ actor: last, waits: 'heads' }),
    entry({ actor: first, seq: 3, waits: 'heads' }),
    entry({ actor: first, seq: 2, waits: 'heads' }),
  ]
  const stays = entry({ actor: first, seq: 5 })
  for (const each of [...waiting, stays]) hold(pending, each)
  expect(takeAfterAdvance(pending, { actor: first, seq: 3 })).toEqual([])
  expect(takeAfterAuth(pending)).toEqual([waiting[2], waiting[1], waiting[0]])
  expect([...pending.streams.values()]).toEqual([[stays]])
})

test('S178: a run that came twice is held once', () => {
  const pending = openPending()
  const page = written(alice, 3)
  for (let i = 0; i < 3; i++) {
    const shown = run(page, 2, 3)
    hold(pending, { actor: alice.actor, seq: 2, waits: 'predecessor', run: shown })
  }
  expect(takeAfterAdvance(pending, { actor: alice.actor, seq: 1 })).toHaveLength(1)
})

test('S179: of one stream the furthest are dropped, the one that just came included', () => {
  const pending = openPending()
  const held = Array.from({ length: PENDING_MAX_CHANGES / 50 }, (_, i) =>
    entry({ seq: 2 + 50 * i, count: 50 }),
  )
  for (const each of held) expect(hold(pending, each)).toEqual([])

  const far = entry({ seq: 5000 })
  expect(hold(pending, far)).toEqual([far])
  const near = entry({ seq: 1 })
  expect(hold(pending, near)).toEqual([held.at(-1)])
})

test('S179: the bytes of one stream are bounded, whatever their number', () => {
  const pending = openPending()
  const size = 256 << 10
  let dropped = 0
  for (let i = 0; i < 40; i++) dropped += hold(pending, entry({ seq: 2 + i, size })).length
  expect(dropped).toBeGreaterThan(20)
  expect(pending.bytes).toBeLessThanOrEqual(PENDING_MAX_BYTES)
})

test('S179: many streams together are bounded, and the one that waited longest goes first', () => {
  const pending = openPending()
  const size = PENDING_MAX_BYTES - 1000
  const count = PENDING_ROOM_MAX_BYTES / PENDING_MAX_BYTES
  const held = Array.from({ length: count }, (_, i) =>
    entry({ actor: person(`p${i}`).actor, size }),
  )
  for (const each of held) expect(hold(pending, each)).toEqual([])
  expect(hold(pending, entry({ size }))).toEqual([held[0]])
  expect(pending.bytes).toBeLessThanOrEqual(PENDING_ROOM_MAX_BYTES)
})

test('S178: single changes in any order end in the whole stream', () => {
  const page = written(alice, 12)
  const carol = reader(alice)
  const pending = openPending()
  const bring = (shown: ReturnType<typeof run>): void => {
    const { rest } = show(carol, shown)
    if (rest.kind === 'pending') hold(pending, { actor: alice.actor, ...rest, run: shown })
    const { seq } = carol.stream
    for (const next of takeAfterAdvance(pending, { actor: alice.actor, seq })) bring(next.run)
  }
  for (const seq of [7, 3, 12, 1, 9, 2, 11, 4, 6, 10, 8, 5]) bring(run(page, seq, seq))
  expect(carol.stream).toEqual(page.stream)
  expect(pending).toEqual(openPending())
})
