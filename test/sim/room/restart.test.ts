import { expect, test } from 'vitest'
import { confirmedSeq } from '../../../src/core/lease/lease.ts'
import type { SimPeer } from './peer.ts'
import { play } from './story.ts'

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
  for (const seed of [3, 4, 5, 6]) {
    for (const peer of play(seed).peers) {
      const before = knownTo(peer)
      peer.restart()
      expect(knownTo(peer)).toEqual(before)
    }
  }
}, 20_000)
