import { expect, test } from 'vitest'
import { makeApprove, makeClose } from '../../../src/core/auth/author.ts'
import type { SignedOp } from '../../../src/core/auth/op.ts'
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

function scene(uses = 10) {
  const stage = founded()
  stage.play(add(alice, stage.spot(), bob, 'member'))
  const made = stage.play(invite(alice, stage.spot(), 'link', { uses }))
  const through = { invite: made, word: 'link' }
  const state = () => stage.membership().invites.get(made.id)
  return { stage, made, through, base: stage.spot(), state }
}

test('S131: any member may sponsor; the distance follows the invite', () => {
  const { stage, made, through, state } = scene()
  const first = stage.play(admit(bob, stage.spot(), carol, through))
  stage.play(setRole(alice, stage.spot(), bob, 'observer'))
  stage.play(admit(bob, stage.spot(), dave, through))
  const { members } = stage.membership()
  expect([...members.values()].find(({ key }) => key === carol.key)).toMatchObject({
    role: 'member',
    distance: 1,
    admission: first.id,
    sponsor: stage.membership().byKey(bob.key)?.agent,
  })
  expect(stage.membership().byKey(dave.key)).toBeUndefined()
  expect(state()).toMatchObject({ id: made.id, admissions: [first.id], open: true, extra: [] })
})

test('S132: two sponsors of one joiner at once count as one use', () => {
  const { stage, through, base, state } = scene(2)
  stage.play(admit(alice, base, carol, through), admit(bob, base, carol, through))
  expect(state()).toMatchObject({ open: true, extra: [] })
  expect(state()?.admissions).toHaveLength(1)
})

test('S132: who was let in on several sides at once stands, and the extras are reported', () => {
  const { stage, made, through, base, state } = scene(1)
  const sides = ([[alice, carol], [bob, dave]] as const).map(([sponsor, joiner]) => {
    const admission = admit(sponsor, base, joiner, through)
    const spent = { invite: made.id, why: 'spent', admissions: [admission.id] } as const
    return [admission, makeClose(sponsor, stage.after(admission), spent)]
  })
  stage.play(...sides.flat())
  expect(roll(stage.membership())).toEqual(
    expect.arrayContaining(['carol: member', 'dave: member']),
  )
  expect(state()).toMatchObject({ open: false, closed: 'spent' })
  expect(state()?.extra).toHaveLength(1)
  expect(state()?.admissions).toHaveLength(2)
})

test('S133: after a close, an admission that no close names waits for approval', () => {
  const { stage, made, through, base, state } = scene()
  const early = stage.play(admit(alice, base, carol, through))
  const spent = { invite: made.id, why: 'spent', admissions: [early.id] } as const
  stage.play(makeClose(alice, stage.spot(), spent))
  const late = stage.play(admit(bob, base, dave, through))
  expect(roll(stage.membership())).toEqual(
    expect.arrayContaining(['carol: member', 'dave: pending']),
  )
  expect(state()).toMatchObject({ open: false, closed: 'spent' })
  stage.play(makeApprove(alice, stage.spot(), late.id))
  expect(roll(stage.membership())).toContain('dave: member')
})

test('S133: what a revocation does not name waits, even if another close names it', () => {
  const { stage, made, through, base, state } = scene()
  stage.play(makeClose(alice, base, { invite: made.id, why: 'revoked', admissions: [] }))
  const backdated = admit(bob, base, erin, through)
  const spent = { invite: made.id, why: 'spent', admissions: [backdated.id] } as const
  stage.play(backdated, makeClose(bob, stage.after(backdated), spent))
  expect(roll(stage.membership())).toContain('erin: pending')
  expect(state()).toMatchObject({ closed: 'revoked' })
})

test('S133: who waits has no effect, not even before it was known', () => {
  const { stage, made, through, base } = scene()
  const backdated = admit(bob, base, erin, through)
  stage.play(backdated, add(erin, stage.after(backdated), dave, 'member'))
  expect(roll(stage.membership())).toContain('dave: member')
  stage.play(makeClose(alice, base, { invite: made.id, why: 'revoked', admissions: [] }))
  expect(roll(stage.membership()).join()).not.toContain('dave')
})

test('S133: its author, founder and admins revoke an invite; any sponsor may call it spent', () => {
  const { stage, made, state } = scene()
  const close = (why: 'revoked' | 'spent'): SignedOp => {
    return makeClose(bob, stage.spot(), { invite: made.id, why, admissions: [] })
  }
  stage.play(close('revoked'))
  expect(state()?.open).toBe(true)
  stage.play(close('spent'))
  expect(state()).toMatchObject({ open: false, closed: 'spent' })
})

test('S134: removing the author of an invite closes it for whom the remover had not seen', () => {
  const { stage } = scene()
  const made = stage.play(invite(bob, stage.spot(), 'his link'))
  const through = { invite: made, word: 'his link' }
  const base = stage.after(made)
  stage.play(admit(alice, base, carol, through))
  stage.play(remove(alice, stage.spot(), bob))
  stage.play(admit(alice, base, dave, through))
  expect(roll(stage.membership())).toEqual(
    expect.arrayContaining(['carol: member', 'dave: pending']),
  )
  expect(stage.membership().invites.get(made.id)).toMatchObject({ open: false, closed: 'revoked' })
})

test('S134: so does a role that may not make such an invite', () => {
  const { stage } = scene()
  const made = stage.play(invite(bob, stage.spot(), 'his link'))
  stage.play(setRole(alice, stage.spot(), bob, 'observer'))
  expect(stage.membership().invites.get(made.id)).toMatchObject({ open: false, closed: 'revoked' })
})

test('an invite that was never spent stays open', () => {
  const { stage, through, state } = scene(2)
  stage.play(admit(alice, stage.spot(), carol, through))
  expect(state()).toMatchObject({ open: true, closed: undefined })
  stage.play(admit(alice, stage.spot(), dave, through))
  expect(state()).toMatchObject({ open: false, closed: 'spent' })
})
