import { expect, test } from 'vitest'
import { makeAdd, makeApprove, makeRecover } from '../../../src/core/auth/author.ts'
import { agentIdOf } from '../../../src/core/auth/identity.ts'
import { ROLES, mayGive } from '../../../src/core/auth/roles.ts'
import type { ActorId } from '../../../src/core/brand.ts'
import type { Signer } from '../../../src/core/crypto.ts'
import {
  GENESIS,
  add,
  admit,
  alice,
  bob,
  carol,
  dave,
  erin,
  founded,
  invite,
  name,
  remove,
  roll,
  setRole,
} from './cast.ts'

test('S115: a room begins with its founder and what the genesis says', () => {
  const membership = founded().membership()
  expect(membership).toMatchObject({
    roomName: 'orchard',
    secret: GENESIS.secret,
    approves: false,
    founder: `${alice.key}0000000000000001`,
  })
  expect([...membership.members.values()]).toEqual([
    {
      agent: agentIdOf(alice.key),
      key: alice.key,
      keys: [alice.key],
      name: 'alice',
      role: 'founder',
      status: 'member',
      admission: membership.room,
      sponsor: undefined,
      distance: 0,
    },
  ])
})

test('S118: nobody gives a role above their own, and only those who write give any', () => {
  const given = ROLES.map(giver => ROLES.filter(role => mayGive(giver, role)))
  const low = ['member', 'observer', 'relay']
  expect(given).toEqual([['admin', ...low], ['admin', ...low], low, [], []])
})

test('S118: an invite or addition above the role of its author has no effect', () => {
  const stage = founded()
  stage.play(add(alice, stage.spot(), bob, 'member'))
  stage.play(add(alice, stage.spot(), carol, 'observer'))
  stage.play(add(bob, stage.spot(), dave, 'admin'))
  stage.play(add(carol, stage.spot(), erin, 'observer'))
  const high = stage.play(invite(bob, stage.spot(), 'high', { role: 'admin' }))
  const low = stage.play(invite(bob, stage.spot(), 'low', { role: 'relay' }))
  const { invites } = stage.membership()
  const expected = ['alice: founder', 'bob: member', 'carol: observer']
  expect(roll(stage.membership()).sort()).toEqual(expected)
  expect(invites.has(high.id)).toBe(false)
  expect(invites.get(low.id)).toMatchObject({ role: 'relay', open: true })
})

test('S117: an op without a right in its past has no effect, even when its author gets one', () => {
  const stage = founded()
  const added = stage.play(add(alice, stage.spot(), bob, 'observer'))
  const early = stage.play(add(bob, stage.after(added), carol, 'member'))
  stage.play(setRole(alice, stage.after(early), bob, 'admin'))
  stage.play(add(bob, stage.spot(), dave, 'member'))
  expect(roll(stage.membership())).toEqual(['alice: founder', 'bob: admin', 'dave: member'])
})

test('S120: only founder and admins change roles, remove others, approve and recover', () => {
  const stage = founded()
  const bobs = `${bob.key}0000000000000001` as ActorId
  stage.play(add(alice, stage.spot(), bob, 'member'))
  stage.play(add(alice, stage.spot(), carol, 'member'))
  stage.play(setRole(bob, stage.spot(), bob, 'admin'))
  stage.play(remove(bob, stage.spot(), carol))
  stage.play(makeRecover(bob, stage.spot(), { era: 1, voters: [bobs] }))
  const expected = ['alice: founder', 'bob: member', 'carol: member']
  expect(roll(stage.membership()).sort()).toEqual(expected)
  expect(stage.membership().eras).toHaveLength(1)

  stage.play(setRole(alice, stage.spot(), bob, 'admin'))
  stage.play(remove(bob, stage.spot(), carol))
  stage.play(makeRecover(bob, stage.spot(), { era: 1, voters: [bobs] }))
  expect(roll(stage.membership())).toEqual(
    expect.arrayContaining(['bob: admin', 'carol: removed']),
  )
  expect(stage.membership().eras.at(-1)).toMatchObject({ era: 1, voters: [bobs] })
})

test('S120: everyone may leave', () => {
  const stage = founded()
  stage.play(add(alice, stage.spot(), bob, 'relay'))
  stage.play(remove(bob, stage.spot(), bob))
  expect(roll(stage.membership())).toEqual(['alice: founder', 'bob: removed'])
})

test('S119: a founder is neither demoted nor removed by others', () => {
  const stage = founded()
  stage.play(add(alice, stage.spot(), bob, 'admin'))
  stage.play(remove(bob, stage.spot(), alice))
  stage.play(setRole(bob, stage.spot(), alice, 'observer'))
  expect(roll(stage.membership())).toEqual(['alice: founder', 'bob: admin'])
})

test('S119: a founder who left may come back as another role, and then is like any other', () => {
  const stage = founded()
  stage.play(add(alice, stage.spot(), bob, 'admin'))
  stage.play(remove(alice, stage.spot(), alice))
  expect(roll(stage.membership())).toContain('alice: removed')
  stage.play(add(bob, stage.spot(), alice, 'member'))
  expect(roll(stage.membership())).toContain('alice: member')
  stage.play(remove(bob, stage.spot(), alice))
  expect(roll(stage.membership())).toContain('alice: removed')
})

test('S126: of roles given at the same time the lesser holds, until a later op', () => {
  const stage = founded()
  const added = stage.play(add(alice, stage.spot(), bob, 'member'))
  stage.play(setRole(alice, stage.after(added), bob, 'admin'))
  stage.play(setRole(alice, stage.after(added), bob, 'observer'))
  expect(roll(stage.membership())).toEqual(['alice: founder', 'bob: observer'])
  stage.play(setRole(alice, stage.spot(), bob, 'admin'))
  expect(roll(stage.membership())).toEqual(['alice: founder', 'bob: admin'])
})

test('S130: in a room that approves, joiners wait for a founder or admin', () => {
  const stage = founded({ approve: true })
  stage.play(add(alice, stage.spot(), bob, 'member'))
  const made = stage.play(invite(bob, stage.spot(), 'link'))
  const asked = stage.play(admit(bob, stage.spot(), carol, { invite: made, word: 'link' }))
  stage.play(add(bob, stage.spot(), dave, 'member'))
  expect(roll(stage.membership())).toEqual(
    expect.arrayContaining(['alice: founder', 'bob: member', 'carol: pending', 'dave: pending']),
  )
  expect(stage.membership().mayWrite(carol.key, stage.log.heads())).toBe('may-not')

  stage.play(makeApprove(bob, stage.spot(), asked.id))
  stage.play(add(carol, stage.spot(), erin, 'member'))
  expect(roll(stage.membership())).toContain('carol: pending')
  stage.play(makeApprove(alice, stage.spot(), asked.id))
  expect(roll(stage.membership())).toContain('carol: member')
  expect(stage.membership().members.size).toBe(4)
  expect(stage.membership().mayWrite(carol.key, stage.log.heads())).toBe('may')
})

test('S104: the first holder of a name keeps it, removed or not', () => {
  const stage = founded()
  const named = (member: Signer, wanted: string) => {
    return makeAdd(alice, stage.spot(), { member: member.key, name: name(wanted), role: 'member' })
  }
  stage.play(named(bob, 'sam'))
  stage.play(remove(alice, stage.spot(), bob))
  stage.play(named(carol, 'Sam'))
  stage.play(named(dave, 'alice'))
  const names = [...stage.membership().members.values()].map(member => [member.key, member.name])
  const sams = [bob, carol].map(({ key }) => names.find(([of]) => of === key)?.[1])
  expect(names).toContainEqual([alice.key, 'alice'])
  expect(names).toContainEqual([dave.key, 'alice-2'])
  expect([['sam', 'Sam-2'], ['sam-2', 'Sam']]).toContainEqual(sams)
})

test('S143: an era has its number, and of two at once the more senior author counts', () => {
  const stage = founded()
  const actors = [alice, bob].map(({ key }) => `${key}0000000000000001` as ActorId)
  const voters = [actors[1] as ActorId]
  const added = stage.play(add(alice, stage.spot(), bob, 'admin'))
  stage.play(makeRecover(bob, stage.after(added), { era: 2, voters }))
  expect(stage.membership().eras.map(({ era }) => era)).toEqual([0])

  stage.play(makeRecover(bob, stage.after(added), { era: 1, voters }))
  const hers = stage.play(makeRecover(alice, stage.after(added), { era: 1, voters: actors }))
  expect(stage.membership().eras).toEqual([
    { era: 0, id: stage.genesis.id, by: agentIdOf(alice.key), voters: [actors[0]] },
    { era: 1, id: hers.id, by: agentIdOf(alice.key), voters: [...actors].sort() },
  ])
})

test('S143: the voters of an era are members', () => {
  const stage = founded()
  const stranger = `${erin.key}0000000000000001` as ActorId
  stage.play(makeRecover(alice, stage.spot(), { era: 1, voters: [stranger] }))
  expect(stage.membership().eras).toHaveLength(1)
})
