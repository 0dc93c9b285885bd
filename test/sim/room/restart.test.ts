import { expect, test } from 'vitest'
import type { Instant, Monotonic } from '../../../src/core/brand.ts'
import { confirmedSeq } from '../../../src/core/lease/lease.ts'
import type { SimPeer } from './peer.ts'
import { play } from './story.ts'

const AT_REST = { mono: 0 as Monotonic, wall: 0 as Instant }

/** What a peer knows that it must know again; what is open is found out when it is looked at. */
function knownTo({ engine }: SimPeer) {
  const { board, events, led, streams, membership, lease } = engine
  return {
    board: { ...board, open: undefined },
    events: [...events.keys()].sort(),
    led: [...led],
    streams: [...streams].sort(([a], [b]) => (a < b ? -1 : 1)),
    members: [...membership.members],
    confirmed: confirmedSeq(lease),
  }
}

test('S523: a peer that starts again knows what it knew, and shows nothing anew', () => {
  // In some of these a disk was cloned or restored, and its stream forked.
  for (const seed of [3, 4, 5, 6, 28, 42]) {
    for (const peer of play(seed).peers) {
      const before = knownTo(peer)
      peer.restart(AT_REST)
      expect(knownTo(peer)).toEqual(before)
    }
  }
}, 40_000)
