import { NOON } from './ops.ts'
import { expect, test } from 'vitest'
import {
  makeApprove,
  makeClose,
  makeGenesis,
  makeRotate,
} from '../../../src/core/auth/author.ts'
import { AuthLog } from '../../../src/core/auth/log.ts'
import type { SignedOp } from '../../../src/core/auth/op.ts'
import type { PublicKey, RoomId } from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import { AUTH_PENDING_MAX_OPS } from '../../../src/core/limits.ts'
import {
  GENESIS,
  add,
  admit,
  alice,
  bob,
  carol,
  dave,
  founded,
  invite,
  isSound,
  remove,
  seal,
  setRole,
  signer,
  verify,
} from './cast.ts'

/** A founder, an admin whom she added, and what each of them did without seeing the other's. */
function scene() {
  const stage = founded()
  const added = stage.play(add(alice, stage.spot(), bob, 'admin'))
  const made = invite(bob, stage.after(added), 'link')
  const theirs = admit(bob, stage.after(made), carol, { invite: made, word: 'link' })
  const hers = add(alice, stage.after(added), dave, 'member')
  return { stage, added, made, theirs, hers }
}

function why(stage: { log: AuthLog }, op: SignedOp): string {
  const added = stage.log.add(op.bytes, verify)
  return added.kind === 'invalid' ? added.why : added.kind
}

test('S113: an op is accepted once, and a duplicate after that', () => {
  const { stage, made } = scene()
  expect(stage.log.add(made.bytes, verify)).toMatchObject({ kind: 'accepted', op: { id: made.id } })
  expect(stage.log.add(made.bytes, verify)).toEqual({ kind: 'duplicate' })
  expect(stage.log.has(made.id)).toBe(true)
  expect(stage.log.bytesOf(made.id)).toEqual(made.bytes)
})

test('S113: an op waits for its parents and is released by the last of them', () => {
  const { stage, made, theirs, hers } = scene()
  const joined = remove(alice, stage.after(theirs, hers), dave)
  expect(stage.log.add(joined.bytes, verify)).toEqual({
    kind: 'pending',
    missing: [hers.id, theirs.id].sort(),
  })
  expect(stage.log.add(theirs.bytes, verify)).toEqual({ kind: 'pending', missing: [made.id] })
  expect(stage.log.add(hers.bytes, verify)).toMatchObject({ kind: 'accepted', released: [] })
  const last = stage.log.add(made.bytes, verify)
  expect(last.kind === 'accepted' && last.released.map(({ id }) => id)).toEqual([
    theirs.id,
    joined.id,
  ])
  expect(stage.log.heads()).toEqual([joined.id])
})

test('S113: ops that wait are bounded', () => {
  const { stage, made } = scene()
  const unsigning = { key: alice.key, sign: () => new Uint8Array(64) }
  const strangers = (at: number) => ({ id: hashOf(utf8(`${at}`)) }) as SignedOp
  for (let at = 0; at < AUTH_PENDING_MAX_OPS; at++) {
    const op = makeApprove(unsigning, stage.after(strangers(at)), made.id)
    expect(stage.log.add(op.bytes, verify).kind).toBe('pending')
  }
  const more = makeApprove(alice, stage.after(strangers(-1)), made.id)
  expect(stage.log.add(more.bytes, verify).kind).toBe('full')
  expect(stage.log.add(made.bytes, verify).kind).toBe('accepted')
})

test('S110: an op of another room, another genesis included, is invalid', () => {
  const { stage } = scene()
  const other = makeGenesis(bob, GENESIS)
  expect(why(stage, other)).toContain('belongs to room')
  const foreign = add(alice, { room: other.op.room, parents: [other.id], at: NOON }, dave, 'member')
  expect(why(stage, foreign)).toContain('belongs to room')
})

test('S111: an op that its author did not sign is invalid', () => {
  const { stage } = scene()
  const forged = add({ key: alice.key, sign: bob.sign }, stage.spot(), dave, 'member')
  expect(why(stage, forged)).toContain('not signed by')
})

test('S111: an op by a key that its past does not let in is invalid', () => {
  const { stage } = scene()
  expect(why(stage, add(carol, stage.spot(), dave, 'member'))).toContain('nothing in its past')
  const backdated = add(bob, stage.after(stage.genesis), dave, 'member')
  expect(why(stage, backdated)).toContain('nothing in its past')
})

test('S106: an op that lets in an unsound key is invalid', () => {
  const { stage, added } = scene()
  const neutral = '01'.padEnd(64, '0') as PublicKey
  const unsound = { key: neutral, sign: alice.sign }
  expect(why(stage, add(alice, stage.spot(), unsound, 'member'))).toContain('unsound')
  const rotated = makeRotate(bob, stage.after(added), { next: unsound, seals: [] })
  expect(why(stage, rotated)).toContain('unsound')
  const founding = makeGenesis({ key: neutral, sign: alice.sign }, GENESIS)
  const room = new AuthLog(founding.id as RoomId, isSound)
  expect(room.add(founding.bytes, verify).kind).toBe('invalid')
})

test('S112: an admission needs an invite in its past and the proof of its key', () => {
  const { stage, added, made } = scene()
  stage.play(made)
  const through = { invite: made, word: 'link' }
  const early = admit(alice, stage.after(added), carol, through)
  expect(why(stage, early)).toContain('no invite in its past')
  const unproven = admit(alice, stage.spot(), carol, { invite: made, word: 'another link' })
  expect(why(stage, unproven)).toContain('does not prove')
  expect(why(stage, admit(alice, stage.spot(), carol, through))).toBe('accepted')
})

test('S112: an op names nothing that its past does not hold', () => {
  const { stage, added, made, theirs, hers } = scene()
  stage.play(made, theirs, hers)
  const past = stage.after(added)
  const close = { invite: made.id, why: 'spent', admissions: [] } as const
  expect(why(stage, makeApprove(alice, past, theirs.id))).toContain('no admission')
  expect(why(stage, makeApprove(alice, stage.spot(), made.id))).toContain('no admission')
  expect(why(stage, makeClose(alice, past, close))).toContain('no invite')
  const naming = makeClose(alice, stage.after(made), { ...close, admissions: [theirs.id] })
  expect(why(stage, naming)).toContain('no admission through it')
  const other = makeClose(alice, stage.spot(), { ...close, admissions: [hers.id] })
  expect(why(stage, other)).toContain('no admission through it')
  expect(why(stage, remove(alice, past, dave))).toContain('does not know')
  expect(why(stage, setRole(alice, past, carol, 'relay'))).toContain('does not know')
})

test('S135: an op with a seal that its stream did not sign is invalid', () => {
  const { stage, added } = scene()
  const { room } = stage.log
  const true3 = seal(room, bob, { seq: 3 })
  const moved = remove(alice, stage.after(added), bob, { ...true3, seq: 4 })
  expect(why(stage, moved)).toContain('did not sign')
  const elsewhere = seal(hashOf(utf8('room')) as RoomId, bob, { seq: 3 })
  expect(why(stage, remove(alice, stage.after(added), bob, elsewhere))).toContain('did not sign')
  expect(why(stage, remove(alice, stage.after(added), bob, true3))).toBe('accepted')
})

test('S140: a rotation needs a fresh key, its consent, and seals of the old one only', () => {
  const { stage, hers } = scene()
  stage.play(hers)
  const { room } = stage.log
  const next = signer('bob 2')
  const spot = stage.spot()
  expect(why(stage, makeRotate(bob, spot, { next: dave, seals: [] }))).toContain('its past knows')
  const unwilling = { key: next.key, sign: bob.sign }
  expect(why(stage, makeRotate(bob, spot, { next: unwilling, seals: [] }))).toContain('consent')
  const foreign = makeRotate(bob, spot, { next, seals: [seal(room, alice, { seq: 1 })] })
  expect(why(stage, foreign)).toContain('no stream of the old key')
  const own = makeRotate(bob, spot, { next, seals: [seal(room, bob, { seq: 1 })] })
  expect(why(stage, own)).toBe('accepted')
})

test('S114: what someone lacks is every op that is not in the past of their heads', () => {
  const { stage, added, made, theirs, hers } = scene()
  stage.play(made, theirs, hers)
  const { log, genesis } = stage
  expect(log.lacking([])).toEqual([genesis, added, made, theirs, hers].map(({ bytes }) => bytes))
  expect(log.lacking([theirs.id])).toEqual([hers.bytes])
  expect(log.lacking([made.id, hers.id])).toEqual([theirs.bytes])
  expect(log.lacking([hashOf(utf8('unknown')), hers.id])).toEqual([made.bytes, theirs.bytes])
  expect(log.lacking(log.heads())).toEqual([])

  const other = new AuthLog(log.room, isSound)
  for (const bytes of log.lacking([])) expect(other.add(bytes, verify).kind).toBe('accepted')
  expect(other.heads()).toEqual(log.heads())
})

test('S114: heads cover others when each of those is among them or in their past', () => {
  const { stage, added, made, theirs, hers } = scene()
  stage.play(made, theirs, hers)
  const { log } = stage
  expect(log.covers([theirs.id], [added.id, made.id, theirs.id])).toBe(true)
  expect(log.covers([theirs.id], [hers.id])).toBe(false)
  expect(log.covers([theirs.id, hers.id], log.heads())).toBe(true)
  expect(log.covers([made.id], [theirs.id])).toBe(false)
  expect(log.covers(log.heads(), [hashOf(utf8('unknown'))])).toBe(false)
  expect(log.covers([], [])).toBe(true)
})

test('S116: where there are too many heads, the parents never go back', () => {
  const { stage, added } = scene()
  const early = stage.play(add(alice, stage.after(added), dave, 'observer'))
  const others = Array.from({ length: 20 }, (_, at) => {
    return stage.play(invite(bob, stage.after(added), 'link', { uses: at + 1 }))
  })
  expect(stage.log.heads()).toHaveLength(21)
  const parents = stage.log.parents([early.id, (others[19] as SignedOp).id])
  expect(parents).toHaveLength(16)
  expect(parents).toEqual([...parents].sort())
  expect(stage.log.covers(parents, [early.id, (others[19] as SignedOp).id])).toBe(true)
})
