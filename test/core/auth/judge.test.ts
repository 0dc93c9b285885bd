import { expect, test } from 'vitest'
import { makeClose, makeRotate } from '../../../src/core/auth/author.ts'
import { agentIdOf } from '../../../src/core/auth/identity.ts'
import { judgeJoin } from '../../../src/core/auth/judge.ts'
import type { JoinRequest } from '../../../src/core/auth/join.ts'
import type { Name } from '../../../src/core/auth/name.ts'
import type { Instant, PublicKey } from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import {
  add,
  admit,
  alice,
  bob,
  carol,
  dave,
  founded,
  invite,
  name,
  remove,
  requestOf,
  signer,
  verify,
} from './cast.ts'
import { joinMessage } from '../../../src/core/auth/messages.ts'

const NOON = 1_000 as Instant

function scene(policy: { approve: boolean } = { approve: false }) {
  const stage = founded(policy)
  const terms = { uses: 2, expires: 2_000 as Instant }
  const made = stage.play(invite(alice, stage.spot(), 'link', terms))
  const through = { invite: made, word: 'link' }
  const judge = (request: JoinRequest, now = NOON) => {
    return judgeJoin(stage.membership(), request, now, verify)
  }
  return { stage, made, through, judge, carols: requestOf(stage.log.room, carol, 'link') }
}

test('S148: who proves to hold an open invite is admitted', () => {
  const { judge, made, carols } = scene()
  expect(judge(carols)).toEqual({
    kind: 'admit',
    invite: made.id,
    name: 'carol',
    becomes: 'member',
  })
})

test('S148: a name that is taken gets a number, and an odd one is made legal', () => {
  const { stage, judge, carols } = scene()
  const renamed = (wanted: Name) => {
    const asked = { ...carols, name: wanted }
    return { ...asked, signature: carol.sign(joinMessage(asked)) }
  }
  expect(judge(renamed(name('Alice')))).toMatchObject({ name: 'Alice-2' })
  expect(judge(renamed('car😀ol' as Name))).toMatchObject({ name: 'car-ol' })
  expect(stage.membership().members.size).toBe(1)
})

test('S148: what is wrong with an invite is named', () => {
  const { stage, made, through, judge, carols } = scene()
  expect(judge(requestOf(stage.log.room, carol, 'other link'))).toMatchObject({
    kind: 'refuse',
    code: 'unknown-invite',
  })
  expect(judge(carols, 2_000 as Instant)).toMatchObject({ kind: 'refuse', code: 'expired' })

  stage.play(admit(alice, stage.spot(), bob, through))
  stage.play(admit(alice, stage.spot(), dave, through))
  expect(judge(carols)).toMatchObject({ kind: 'refuse', code: 'used-up' })
  const revoked = { invite: made.id, why: 'revoked', admissions: [] } as const
  stage.play(makeClose(alice, stage.spot(), revoked))
  expect(judge(carols)).toMatchObject({ kind: 'refuse', code: 'revoked' })
})

test('S148: a request that proves nothing learns nothing of the room', () => {
  const { stage, judge, carols } = scene()
  const elsewhere = requestOf(hashOf(utf8('room')) as never, carol, 'link')
  expect(judge(elsewhere)).toMatchObject({ kind: 'refuse', code: 'wrong-room' })
  for (const forged of [
    { ...carols, proof: carols.signature },
    { ...carols, signature: carols.proof },
    { ...carols, invite: signer('other link').key },
  ]) {
    expect(judge(forged)).toMatchObject({ kind: 'refuse', code: 'bad-proof' })
  }
  stage.play(add(alice, stage.spot(), bob, 'member'))
  expect(judge({ ...carols, member: bob.key })).toMatchObject({ code: 'bad-proof' })
  const neutral = '01'.padEnd(64, '0') as PublicKey
  expect(judge({ ...carols, member: neutral })).toMatchObject({ code: 'bad-key' })
})

test('S149: a member that asks again is a member, even when the invite is closed', () => {
  const { stage, through, judge, carols } = scene()
  stage.play(admit(alice, stage.spot(), carol, through))
  expect(judge(carols, 9_000 as Instant)).toEqual({ kind: 'member', agent: agentIdOf(carol.key) })
})

test('S149: who waits goes on waiting, and learns for whom', () => {
  const { stage, through, judge, carols } = scene({ approve: true })
  expect(judge(carols)).toMatchObject({ kind: 'admit', becomes: 'pending' })
  stage.play(add(alice, stage.spot(), bob, 'admin'))
  const asked = stage.play(admit(alice, stage.spot(), carol, through))
  expect(judge(carols)).toEqual({
    kind: 'pending',
    admission: asked.id,
    approvers: ['alice', 'bob'],
  })
})

test('S149: a removed member is refused, and so is a key that was rotated away', () => {
  const { stage, judge, carols } = scene()
  stage.play(add(alice, stage.spot(), carol, 'member'))
  stage.play(makeRotate(carol, stage.spot(), { next: signer('carol 2'), seals: [] }))
  expect(judge(carols)).toMatchObject({ kind: 'refuse', code: 'removed' })
  stage.play(remove(alice, stage.spot(), carol))
  expect(judge(carols)).toMatchObject({ kind: 'refuse', code: 'removed' })
})
