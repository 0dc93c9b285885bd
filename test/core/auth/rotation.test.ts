import { expect, test } from 'vitest'
import { makeRotate } from '../../../src/core/auth/author.ts'
import { agentIdOf } from '../../../src/core/auth/identity.ts'
import {
  VOLUME,
  add,
  alice,
  bob,
  carol,
  dave,
  erin,
  founded,
  remove,
  roll,
  seal,
  setRole,
  signer,
} from './cast.ts'
import { actorAt } from './streams.ts'

const bob2 = signer('bob 2')
const bob3 = signer('bob 3')

function scene() {
  const stage = founded()
  stage.play(add(alice, stage.spot(), bob, 'admin'))
  stage.play(add(alice, stage.spot(), carol, 'member'))
  return { stage, base: stage.spot() }
}

test('S140: a rotation keeps agent, name and role, and the old key signs nothing more', () => {
  const { stage, base } = scene()
  const { room } = stage.log
  stage.play(makeRotate(bob, base, { next: bob2, seals: [seal(room, bob, { seq: 5 })] }))
  const membership = stage.membership()
  expect(membership.byKey(bob2.key)).toMatchObject({
    agent: agentIdOf(bob.key),
    key: bob2.key,
    keys: [bob.key, bob2.key],
    name: 'bob',
    role: 'admin',
  })
  expect(membership.byKey(bob.key)).toBe(membership.byKey(bob2.key))
  expect(membership.sealOf(actorAt(bob, 1), VOLUME)?.seq).toBe(5)
  expect(membership.sealOf(actorAt(bob, 2), VOLUME)?.seq).toBe(0)
  expect(membership.sealOf(actorAt(bob2, 1), VOLUME)).toBeUndefined()
  expect(membership.mayWrite(bob.key, stage.log.heads())).toBe('may-not')
  expect(membership.mayWrite(bob2.key, stage.log.heads())).toBe('may')

  stage.play(add(bob, base, dave, 'member'))
  stage.play(add(bob, stage.spot(), erin, 'member'))
  expect(stage.membership().members.size).toBe(3)
  stage.play(add(bob2, stage.spot(), dave, 'member'))
  expect(roll(stage.membership())).toContain('dave: member')
})

test('S140: who rotated is removed under any of its keys', () => {
  const { stage, base } = scene()
  stage.play(makeRotate(bob, base, { next: bob2, seals: [] }))
  stage.play(remove(alice, stage.spot(), bob))
  expect(stage.membership().byKey(bob2.key)?.status).toBe('removed')
})

test('S121: a rotation beside a removal does not save its agent', () => {
  const { stage, base } = scene()
  const rotated = stage.play(makeRotate(bob, base, { next: bob2, seals: [] }))
  stage.play(add(bob2, stage.after(rotated), dave, 'member'))
  stage.play(remove(alice, base, bob))
  expect(roll(stage.membership())).toEqual(expect.arrayContaining(['bob: removed']))
  expect(roll(stage.membership()).join()).not.toContain('dave')
})

test('S140: a change of role beside a rotation holds for the new key', () => {
  const { stage, base } = scene()
  stage.play(makeRotate(bob, base, { next: bob2, seals: [] }))
  stage.play(setRole(alice, base, bob, 'observer'))
  expect(stage.membership().byKey(bob2.key)).toMatchObject({ role: 'observer', key: bob2.key })
})

test('S141: of two rotations of one key, the one that others have built on stands', () => {
  // Both ways round, so that the ids cannot be what decides.
  for (const [honest, thief] of [[bob2, bob3], [bob3, bob2]] as const) {
    const { stage, base } = scene()
    const first = stage.play(makeRotate(bob, base, { next: honest, seals: [] }))
    stage.play(add(alice, stage.after(first), dave, 'member'))
    const second = stage.play(makeRotate(bob, base, { next: thief, seals: [] }))
    stage.play(add(thief, stage.after(second), erin, 'admin'))
    expect(stage.membership().byKey(bob.key)?.key).toBe(honest.key)
    expect(stage.membership().byKey(thief.key)).toBeUndefined()
    expect(roll(stage.membership()).join()).not.toContain('erin')
  }
})

test('S141: where nobody has built on either, the lower op id stands', () => {
  const { stage, base } = scene()
  const rotations = [bob2, bob3].map(next => {
    return { next, op: stage.play(makeRotate(bob, base, { next, seals: [] })) }
  })
  const lower = rotations.sort((a, b) => (a.op.id < b.op.id ? -1 : 1))[0]
  expect(stage.membership().byKey(bob.key)?.key).toBe(lower?.next.key)
})

test('S142: a key that was rotated away cannot be added again', () => {
  const { stage, base } = scene()
  stage.play(makeRotate(bob, base, { next: bob2, seals: [] }))
  stage.play(remove(alice, stage.spot(), bob2))
  stage.play(add(alice, stage.spot(), bob, 'member'))
  expect(stage.membership().byKey(bob.key)?.status).toBe('removed')
  stage.play(add(alice, stage.spot(), bob2, 'member'))
  expect(stage.membership().byKey(bob2.key)).toMatchObject({
    agent: agentIdOf(bob.key),
    status: 'member',
    key: bob2.key,
  })
})

test('S142: a rotation without effect makes its key nobody else', () => {
  const { stage } = scene()
  const [alice2, thief] = [signer('alice 2'), signer('thief')]
  const base = stage.spot()
  const honest = stage.play(makeRotate(alice, base, { next: alice2, seals: [] }))
  stage.play(add(carol, stage.after(honest), dave, 'member'))
  stage.play(makeRotate(alice, base, { next: thief, seals: [] }))
  stage.play(add(carol, base, thief, 'member'))
  const { byKey } = stage.membership()
  expect(byKey(thief.key)).toMatchObject({ agent: agentIdOf(thief.key), role: 'member' })
  expect(byKey(alice.key)).toMatchObject({ key: alice2.key, keys: [alice.key, alice2.key] })

  stage.play(remove(alice2, stage.spot(), thief))
  expect(stage.membership().byKey(alice.key)).toMatchObject({ status: 'member', role: 'founder' })
  expect(stage.membership().byKey(thief.key)?.status).toBe('removed')
})

test('S142: adding a key beside the rotation to it does not take it from its agent', () => {
  const { stage, base } = scene()
  stage.play(makeRotate(bob, base, { next: bob2, seals: [] }))
  stage.play(add(carol, base, bob2, 'observer'))
  expect(stage.membership().byKey(bob2.key)).toMatchObject({
    agent: agentIdOf(bob.key),
    role: 'admin',
  })
  expect(stage.membership().members.size).toBe(3)
})
