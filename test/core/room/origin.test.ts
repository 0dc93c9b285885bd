import { expect, test } from 'vitest'
import { type ActorId, actorOf } from '../../../src/core/brand.ts'
import { FACT_MAX_BYTES } from '../../../src/core/limits.ts'
import { type Facts, type Place, writeFact } from '../../../src/core/room/facts.ts'
import { firstOf, idOf, isAboutAsks, mayBeSaidAgain, originOf, saidAgain } from '../../../src/core/room/origin.ts'
import { emptyBoard, foldFact } from '../../../src/core/room/views/board.ts'
import { alice, bob } from './cast.ts'
import { at, oid, pushed, samples } from './drafts.ts'

const later: ActorId = actorOf(alice.key, 'fedcba9876543210')
const place = (topic: Place['topic'], n = 7): Place => ({ actor: alice.actor, topic, n })

test('S482: two facts at one place have two ids, and an ask has that of its place', () => {
  const ids = (topic: Place['topic']) =>
    ['{"a":1}', '{"a":2}'].map((value) => idOf({ place: place(topic), value }))
  for (const topic of ['refs', 'chat', 'tasks', 'verdicts', 'plans'] as const) {
    expect(new Set(ids(topic)).size).toBe(2)
  }
  for (const topic of ['claims', 'locks'] as const) expect(new Set(ids(topic)).size).toBe(1)
  expect(idOf({ place: place('refs', 300), value: '{"a":1}' })).toBe('shd4k4ws4fd2huh3')
})

test('S780: a fact that is said again stands where it stood, with its id, once', () => {
  const first = emptyBoard()
  const again = emptyBoard()
  for (const topic of Object.keys(samples) as (keyof Facts)[]) {
    if (isAboutAsks(topic)) continue
    for (const [n, fact] of samples[topic].entries()) {
      const value = writeFact(topic, fact as never)
      const said = saidAgain({ place: place(topic, n), value }) as string
      expect(originOf({ actor: later, topic, n: 90 }, said)).toEqual({ place: place(topic, n), value })
      const shown = foldFact(first, place(topic, n), value)
      expect(foldFact(again, { actor: later, topic, n }, said)).toEqual(shown)
      // A third life says it again, as another did: it is the same fact still.
      expect(foldFact(again, { actor: bob.actor, topic: 'chat', n: 0 }, '{}').kind).toBe('nothing')
      expect(foldFact(first, { actor: later, topic, n: n + 50 }, said).kind).toBe('nothing')
    }
  }
  expect(again).toEqual(first)
})

test('S780: nobody says again what another said', () => {
  const value = writeFact('chat', { at: at(1), term: 0, text: 'hello' })
  const said = saidAgain({ place: place('chat'), value }) as string
  const stolen = originOf({ actor: bob.actor, topic: 'chat', n: 0 }, said).place.actor
  expect(stolen.slice(0, 64)).toBe(bob.key)
})

test('S780: what is said again about asks is a fact where it then stands', () => {
  const value = '{"at":1,"term":0,"kind":"withdraw"}'
  const said = saidAgain({ place: place('claims'), value }) as string
  const now = { actor: later, topic: 'claims', n: 4 } as const
  expect(originOf(now, said)).toEqual({ place: now, value })
  expect(firstOf(now, said)).toEqual({ place: place('claims'), value })
})

test('S780: what only looks like a place is a part of the fact', () => {
  const odd = ['{"was":["x",1],"a":1}', '{"was":["0123456789abcdef",01],"a":1}', '{"was":[]}',
    '{"was":["0123456789abcdef",1],}', ' {"was":["0123456789abcdef",1],"a":1}']
  for (const value of odd) expect(originOf(place('chat'), value).value).toBe(value)
  expect(saidAgain({ place: place('chat'), value: '[1]' })).toBeUndefined()
})

test('S780: both branches of a fork have their push, and the newest is the same for everybody', () => {
  const [one, other] = [pushed('one'), pushed('other', { base: oid('b') })].map((fact) =>
    writeFact('refs', fact)) as [string, string]
  const [a, b] = [emptyBoard(), emptyBoard()]
  const said = saidAgain({ place: place('refs'), value: other }) as string
  foldFact(a, place('refs'), one)
  foldFact(a, { actor: later, topic: 'refs', n: 0 }, said)
  foldFact(b, { actor: later, topic: 'refs', n: 0 }, said)
  foldFact(b, place('refs'), one)
  expect(a.pushes.size).toBe(2)
  expect(a.newest).toEqual(b.newest)
})

test('S780: a fact is written only where it could be said again', () => {
  const value = (length: number) => `{"${'x'.repeat(length - 6)}":1}`
  expect(mayBeSaidAgain(value(FACT_MAX_BYTES - 64))).toBe(true)
  expect(mayBeSaidAgain(value(FACT_MAX_BYTES - 63))).toBe(false)
  const most = { place: place('chat', 2 ** 40), value: value(FACT_MAX_BYTES - 64) }
  expect(mayBeSaidAgain(saidAgain(most) as string)).toBe(true)
})
