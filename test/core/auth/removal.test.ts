import { expect, test } from 'vitest'
import { makeApprove } from '../../../src/core/auth/author.ts'
import {
  add,
  admit,
  alice,
  bob,
  carol,
  dave,
  erin,
  founded,
  invite,
  remove,
  roll,
  setRole,
} from './cast.ts'

/** Alice's room with bob and carol as admins, the more senior of the two first, and dave. */
function scene() {
  const stage = founded()
  const bobs = stage.play(add(alice, stage.spot(), bob, 'admin'))
  const carols = stage.play(add(alice, stage.spot(), carol, 'admin'))
  stage.play(add(alice, stage.spot(), dave, 'member'))
  const [senior, junior] = bobs.id < carols.id ? [bob, carol] : [carol, bob]
  return { stage, base: stage.spot(), senior, junior }
}

function statusOf(stage: ReturnType<typeof founded>, { key }: { key: string }): string | undefined {
  return [...stage.membership().members.values()].find(member => member.key === key)?.status
}

test('S121: what a removed member did without the remover seeing it has no effect', () => {
  const { stage, base } = scene()
  stage.play(add(bob, base, erin, 'member'))
  expect(roll(stage.membership())).toContain('erin: member')
  stage.play(remove(alice, base, bob))
  expect(roll(stage.membership()).join()).not.toContain('erin')
})

test('S121: what the remover had seen stands', () => {
  const { stage } = scene()
  stage.play(add(bob, stage.spot(), erin, 'member'))
  stage.play(remove(alice, stage.spot(), bob))
  expect(roll(stage.membership())).toEqual(
    expect.arrayContaining(['bob: removed', 'erin: member']),
  )
})

test('S121: a removed member does nothing more, whatever it names as its past', () => {
  const { stage, base } = scene()
  stage.play(remove(alice, base, bob))
  stage.play(remove(bob, stage.spot(), dave))
  stage.play(remove(bob, base, carol))
  stage.play(setRole(bob, base, dave, 'admin'))
  expect(roll(stage.membership())).toEqual(
    expect.arrayContaining(['bob: removed', 'carol: admin', 'dave: member']),
  )
})

test('S121: what rested on an ended right ends with it', () => {
  const { stage, base } = scene()
  const promoted = stage.play(setRole(bob, base, dave, 'admin'))
  stage.play(remove(dave, stage.after(promoted), carol))
  expect(statusOf(stage, carol)).toBe('removed')
  stage.play(remove(alice, base, bob))
  expect(statusOf(stage, carol)).toBe('member')
})

test('S122: of two who remove each other the more senior stays', () => {
  for (const first of ['senior', 'junior'] as const) {
    const { stage, base, senior, junior } = scene()
    const [a, b] = first === 'senior' ? [senior, junior] : [junior, senior]
    stage.play(remove(a, base, b), remove(b, base, a))
    expect(statusOf(stage, senior)).toBe('member')
    expect(statusOf(stage, junior)).toBe('removed')
  }
})

test('S122: an admin nearer to the genesis is more senior', () => {
  const { stage, senior } = scene()
  const added = stage.play(add(senior, stage.spot(), erin, 'admin'))
  const base = stage.after(added)
  stage.play(remove(erin, base, senior), remove(senior, base, erin))
  expect(statusOf(stage, senior)).toBe('member')
  expect(statusOf(stage, erin)).toBe('removed')
})

test('S124: a junior may remove a senior who does not remove back', () => {
  const { stage, base, senior, junior } = scene()
  stage.play(remove(senior, base, dave), remove(junior, base, senior))
  expect(statusOf(stage, senior)).toBe('removed')
  expect(statusOf(stage, dave)).toBe('member')
})

test('S123: in a ring of removals the most senior stands and the rest follows from it', () => {
  const { stage, senior, junior } = scene()
  const added = stage.play(add(alice, stage.spot(), erin, 'admin'))
  const trio = [senior, junior, erin].sort((a, b) => {
    const of = (each: typeof erin) => stage.membership().byKey(each.key)?.admission as string
    return of(a) < of(b) ? -1 : 1
  })
  const [first, second, third] = trio as [typeof erin, typeof erin, typeof erin]
  const base = stage.after(added)
  stage.play(remove(first, base, second), remove(second, base, third))
  stage.play(remove(third, base, first))
  expect([first, second, third].map(each => statusOf(stage, each))).toEqual([
    'member',
    'removed',
    'member',
  ])
})

test('S123: a removal that decides a ring from outside is heard first', () => {
  const { stage, base, senior, junior } = scene()
  stage.play(remove(senior, base, junior), remove(junior, base, senior))
  stage.play(remove(alice, base, senior))
  expect(statusOf(stage, senior)).toBe('removed')
  expect(statusOf(stage, junior)).toBe('member')
})

test('S125: who was removed comes back only by an addition that had seen the removal', () => {
  const { stage, base } = scene()
  const made = stage.play(invite(alice, base, 'link'))
  stage.play(add(carol, stage.spot(), dave, 'admin'))
  stage.play(remove(alice, base, dave))
  expect(statusOf(stage, dave)).toBe('removed')
  stage.play(admit(alice, stage.spot(), dave, { invite: made, word: 'link' }))
  expect(statusOf(stage, dave)).toBe('removed')
  stage.play(setRole(alice, stage.spot(), bob, 'member'))
  stage.play(add(bob, stage.spot(), dave, 'member'))
  expect(statusOf(stage, dave)).toBe('removed')
  stage.play(add(alice, stage.spot(), dave, 'observer'))
  expect(roll(stage.membership())).toContain('dave: observer')
})

test('S125: a role from before a removal does not come back with its agent', () => {
  const { stage } = scene()
  stage.play(setRole(alice, stage.spot(), dave, 'admin'))
  stage.play(remove(alice, stage.spot(), dave))
  stage.play(add(alice, stage.spot(), dave, 'member'))
  expect(roll(stage.membership())).toContain('dave: member')
})

test('S127: a demotion ends only what the new role would not have allowed', () => {
  const { stage, base } = scene()
  stage.play(remove(bob, base, dave), add(bob, base, erin, 'observer'))
  stage.play(setRole(alice, base, bob, 'member'))
  expect(roll(stage.membership())).toEqual(
    expect.arrayContaining(['bob: member', 'dave: member', 'erin: observer']),
  )
  stage.play(setRole(alice, base, bob, 'observer'))
  expect(roll(stage.membership()).join()).not.toContain('erin')
})

test('S128: of two removals at once, what either had not seen has ended', () => {
  const { stage, base } = scene()
  const theirs = stage.play(add(bob, base, erin, 'member'))
  stage.play(remove(alice, stage.after(theirs), bob))
  expect(roll(stage.membership())).toContain('erin: member')
  stage.play(remove(carol, base, bob))
  expect(roll(stage.membership()).join()).not.toContain('erin')
})

test('S129: whose sponsor was removed at the same time waits for approval', () => {
  const { stage, base } = scene()
  const made = stage.play(invite(alice, base, 'link'))
  const asked = stage.play(admit(bob, stage.after(made), erin, { invite: made, word: 'link' }))
  stage.play(remove(alice, stage.after(made), bob))
  expect(statusOf(stage, erin)).toBe('pending')
  stage.play(makeApprove(carol, stage.spot(), asked.id))
  expect(statusOf(stage, erin)).toBe('member')
})

test('S129: whose invite was ended waits for approval', () => {
  const { stage, base } = scene()
  const made = stage.play(invite(bob, base, 'link'))
  stage.play(admit(dave, stage.after(made), erin, { invite: made, word: 'link' }))
  stage.play(remove(alice, base, bob))
  expect(statusOf(stage, erin)).toBe('pending')
})
