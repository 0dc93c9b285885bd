import { expect, test } from 'vitest'
import type { ActorId } from '../../../src/core/brand.ts'
import { BEAT_MS } from '../../../src/core/limits.ts'
import { encodeBeat } from '../../../src/core/sync/beat.ts'
import { kindsTo, type Person, resetIn, Stage } from './cast.ts'

type Four = [Person, Person, Person, Person]

function beatOf(stage: Stage, who: Person, { counter = 5, actor = who.actor } = {}) {
  const beat = { actor, counter, addresses: ['10.0.0.1:7117'], integrates: 'yes' as const }
  return { kind: 'beat' as const, beat: encodeBeat(stage.room, beat, who.signer) }
}

function met(): { stage: Stage; people: Four } {
  const stage = new Stage(4)
  const [alice, bob, carol] = stage.people as Four
  stage.meet(alice, bob)
  stage.meet(alice, carol)
  return { stage, people: stage.people as Four }
}

test('S511: a new beat is passed on to those who may lack it, and tells where to dial', () => {
  const { stage, people: [alice, bob, carol, dave] } = met()
  const effects = stage.frame(alice, bob, beatOf(stage, dave))
  expect([kindsTo(bob, effects), kindsTo(carol, effects)]).toEqual([[], ['beat']])
  expect(effects).toContainEqual({ kind: 'want', peer: dave.key, addresses: ['10.0.0.1:7117'] })
})

test('S511: the same beat again, an older one, or the next too soon goes nowhere', () => {
  const { stage, people: [alice, bob, , dave] } = met()
  stage.frame(alice, bob, beatOf(stage, dave))
  stage.now += BEAT_MS / 2 - 1
  expect(stage.frame(alice, bob, beatOf(stage, dave, { counter: 9 }))).toEqual([])
  stage.now += BEAT_MS
  expect(stage.frame(alice, bob, beatOf(stage, dave))).toEqual([])
  expect(stage.frame(alice, bob, beatOf(stage, dave, { counter: 4 }))).toEqual([])
  expect(stage.frame(alice, bob, beatOf(stage, dave, { counter: 9 }))).not.toEqual([])
})

test('S511: an older incarnation does not come back by its last beat', () => {
  const { stage, people: [alice, bob, , dave] } = met()
  const reborn = `${dave.key}eeeeeeeeeeeeeeee` as ActorId
  stage.frame(alice, bob, beatOf(stage, dave, { counter: 9, actor: reborn }))
  stage.now += BEAT_MS
  stage.frame(alice, bob, beatOf(stage, dave, { counter: 8 }))
  expect(alice.engine.actors.get(dave.key)).toBe(reborn)
  expect(alice.engine.presence.size).toBe(1)
})

test('S511: a beat of a stranger is ignored, and one that nobody signed ends the session', () => {
  const { stage, people: [alice, bob, , dave] } = met()
  const small = new Stage(2)
  expect(small.room).toBe(stage.room)
  const [first, second] = small.people as [Person, Person]
  small.meet(first, second)
  expect(small.frame(first, second, beatOf(small, dave))).toEqual([])
  expect(first.engine.presence.size).toBe(0)
  const forged = beatOf(stage, dave)
  forged.beat[forged.beat.length - 1] = (forged.beat.at(-1) as number) ^ 1
  expect(resetIn(stage.frame(alice, bob, forged))).toContain('did not sign')
})
