import { expect, test } from 'vitest'
import type { ActorId, PublicKey } from '../../../src/core/brand.ts'
import { WANT_DELAY_MS, WANTS_MAX } from '../../../src/core/limits.ts'
import {
  learnReach,
  noteArrival,
  openSession,
  type Path,
  type Session,
} from '../../../src/core/sync/session.ts'
import { dueWants } from '../../../src/core/sync/wants.ts'
import { actor, key } from './streams.ts'

const [ada, bob] = [actor('ada'), actor('bob')].sort() as [ActorId, ActorId]
const peers = ['one', 'two', 'three'].map(key).sort()
const [first, second, third] = peers as [PublicKey, PublicKey, PublicKey]

/** Our own lengths, and sessions with peers that say what they hold. */
function room(paths: Path[] = ['lan', 'lan', 'lan']) {
  const lengths = new Map<ActorId, number>()
  const sessions = paths.map((path, i): [PublicKey, Session] => {
    return [peers[i] as PublicKey, openSession(path, '')]
  })
  return {
    lengths,
    have(peer: number, author: ActorId, seq: number, now: number) {
      const [, session] = sessions[peer] as [PublicKey, Session]
      learnReach(session, { actor: author, seq }, lengths.get(author) ?? 0, now)
    },
    ask: (now: number) => dueWants(sessions, now, (author) => lengths.get(author) ?? 0),
  }
}

const asked = (who: PublicKey, author: ActorId, seq: number) => {
  return { key: who, streams: [{ actor: author, seq }] }
}

test('S477: what a peer holds further is asked for when it did not come for a while', () => {
  const us = room()
  us.lengths.set(ada, 3)
  us.have(0, ada, 5, 0)
  expect(us.ask(WANT_DELAY_MS - 1)).toEqual([])
  expect(us.ask(WANT_DELAY_MS)).toEqual([asked(first, ada, 3)])
  expect(us.ask(WANT_DELAY_MS)).toEqual([])
})

test('S477: nothing is asked for that came by itself', () => {
  const us = room()
  us.have(0, ada, 5, 0)
  us.lengths.set(ada, 5)
  expect(us.ask(1_000)).toEqual([])
  us.lengths.delete(ada)
  expect(us.ask(2_000)).toEqual([])
})

test('S477: a stream that grows all the time is asked for none the later', () => {
  const us = room()
  for (let now = 0; now < WANT_DELAY_MS; now += 50) us.have(0, ada, 1 + now, now)
  expect(us.ask(WANT_DELAY_MS)).toEqual([asked(first, ada, 0)])
})

test('S478: of several peers one is asked, the nearest, and then the next', () => {
  const us = room(['relay', 'direct', 'lan'])
  for (const peer of [0, 1, 2]) us.have(peer, ada, 5, 0)
  const log: [number, PublicKey][] = []
  for (let now = 0; now < 30_000; now += 100) {
    for (const { key: who } of us.ask(now)) log.push([now, who])
  }
  expect(log.slice(0, 4)).toEqual([[300, third], [900, second], [2100, first], [4500, third]])
  expect(log.length).toBeLessThanOrEqual(3 * WANTS_MAX)
})

test('S478: a peer that never answers is left alone, until it names something new', () => {
  const us = room(['lan'])
  us.have(0, ada, 5, 0)
  let asks = 0
  for (let now = 0; now < 600_000; now += 100) asks += us.ask(now).length
  expect(asks).toBe(WANTS_MAX)
  us.have(0, ada, 6, 600_000)
  expect(us.ask(600_000)).toEqual([asked(first, ada, 0)])
})

test('S478: while it is coming, nobody else is asked', () => {
  const us = room()
  us.have(0, ada, 500, 0)
  us.have(1, ada, 500, 0)
  expect(us.ask(300)).toEqual([asked(first, ada, 0)])
  for (let now = 400; now < 3_000; now += 100) {
    us.lengths.set(ada, now / 10)
    expect(us.ask(now)).toEqual([])
  }
  // It broke off: the rest is asked for, of the nearest again, as it did answer.
  expect(us.ask(3_200)).toEqual([asked(first, ada, 290)])
})

test('S478: the streams of one ask are in order, and so are the asks', () => {
  const us = room()
  us.have(1, bob, 5, 0)
  us.have(1, ada, 5, 0)
  us.have(0, actor('carol'), 5, 0)
  expect(us.ask(300)).toEqual([
    asked(first, actor('carol'), 0),
    { key: second, streams: [{ actor: ada, seq: 0 }, { actor: bob, seq: 0 }] },
  ])
})

test('S820: what a hello named is not asked for while runs of it come, and then it is', () => {
  const session = openSession('lan', '')
  const lengths = new Map<ActorId, number>()
  const ask = (now: number) => dueWants([[first, session]], now, (author) => lengths.get(author) ?? 0)
  learnReach(session, { actor: ada, seq: 500 }, 0, 0, 'in its hello')
  learnReach(session, { actor: bob, seq: 5 }, 0, 0, 'in its hello')
  for (let now = 100; now <= 3_000; now += 100) {
    lengths.set(ada, now / 100)
    noteArrival(session, ada, now)
    expect(ask(now)).toEqual([])
  }
  expect(ask(3_000 + WANT_DELAY_MS - 1)).toEqual([])
  expect(ask(3_000 + WANT_DELAY_MS)[0]?.streams.map(({ actor: who }) => who)).toEqual([ada, bob])
})

test('S820: a stream that was named later is waited for no longer while others come', () => {
  const session = openSession('lan', '')
  learnReach(session, { actor: ada, seq: 500 }, 0, 0, 'in its hello')
  learnReach(session, { actor: bob, seq: 5 }, 0, 0)
  noteArrival(session, ada, WANT_DELAY_MS - 50)
  expect(dueWants([[first, session]], WANT_DELAY_MS, () => 0)).toEqual([asked(first, bob, 0)])
})
