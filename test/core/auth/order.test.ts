import { NOON } from './ops.ts'
import { expect, test } from 'vitest'
import { makeApprove, makeClose, makeRecover, makeRotate } from '../../../src/core/auth/author.ts'
import type { Membership } from '../../../src/core/auth/evaluate.ts'
import { AuthLog } from '../../../src/core/auth/log.ts'
import type { SignedOp } from '../../../src/core/auth/op.ts'
import { targetOf } from '../../../src/core/auth/place.ts'
import { type Register, register } from '../../../src/core/auth/register.ts'
import { writes } from '../../../src/core/auth/roles.ts'
import { rule } from '../../../src/core/auth/ruling.ts'
import type { RoomId } from '../../../src/core/brand.ts'
import type { Signer, Verify } from '../../../src/core/crypto.ts'
import {
  VOLUME,
  add,
  admit,
  alice,
  bob,
  carol,
  dave,
  erin,
  evaluated,
  founded,
  invite,
  remove,
  seal,
  setRole,
  signer,
} from './cast.ts'
import { actorAt } from './streams.ts'

// Every op here was signed by its author or is made up on the spot; what is tested is the order.
const trusting: Verify = () => true

const CAST = [alice, bob, carol, dave, erin]

/** All that a membership says, in one string. */
function told(membership: Membership): string {
  const { members, invites, eras, sealOf } = membership
  const seals = CAST.map(each => sealOf(actorAt(each, 1), VOLUME) ?? 'open')
  return JSON.stringify([[...members], [...invites].sort(), eras, seals])
}

function arrive(room: RoomId, ops: readonly SignedOp[]): Membership {
  const log = new AuthLog(room, () => true)
  for (const { bytes } of ops) {
    const added = log.add(bytes, trusting)
    if (added.kind !== 'accepted' && added.kind !== 'pending') throw new Error(added.kind)
  }
  expect(log.ops()).toHaveLength(ops.length)
  return evaluated(log)
}

function orders<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item, at) => orders(items.toSpliced(at, 1)).map(rest => [item, ...rest]))
}

/** Plays what happened after a common beginning in every order, and expects one story. */
function expectOneStory(before: readonly SignedOp[], ops: readonly SignedOp[]): void {
  const room = (before[0] as SignedOp).op.room
  const stories = orders(ops).map(order => told(arrive(room, [...before, ...order])))
  expect(new Set(stories).size).toBe(1)
}

function scene() {
  const stage = founded()
  stage.play(add(alice, stage.spot(), bob, 'admin'))
  stage.play(add(alice, stage.spot(), carol, 'admin'))
  const made = stage.play(invite(alice, stage.spot(), 'link', { uses: 1 }))
  return { stage, base: stage.spot(), made, through: { invite: made, word: 'link' } }
}

test('S115: removals in every direction give one membership in every order', () => {
  const { stage, base } = scene()
  const { room } = stage.log
  const promote = add(alice, base, dave, 'admin')
  expectOneStory([...stage.log.ops()], [
    promote,
    remove(bob, base, carol, seal(room, carol, { seq: 4 })),
    remove(carol, base, bob, seal(room, bob, { seq: 2 })),
    remove(alice, base, bob, seal(room, bob, { seq: 6 })),
    remove(dave, stage.after(promote), carol),
    setRole(carol, base, bob, 'observer', seal(room, bob, { seq: 1 })),
  ])
})

test('S115: joins, closes and removals give one membership in every order', () => {
  const { stage, base, made, through } = scene()
  const [one, other] = [admit(bob, base, dave, through), admit(carol, base, erin, through)]
  const spent = { invite: made.id, why: 'spent', admissions: [one.id] } as const
  expectOneStory([...stage.log.ops()], [
    one,
    other,
    makeClose(bob, stage.after(one), spent),
    remove(alice, base, carol),
    makeApprove(alice, stage.after(other), other.id),
  ])
})

test('S115: rotations, additions and eras give one membership in every order', () => {
  const { stage, base } = scene()
  const [next, after] = [signer('bob 2'), signer('bob 3')]
  const rotated = makeRotate(bob, base, { next, seals: [seal(stage.log.room, bob, { seq: 3 })] })
  const voters = [actorAt(alice, 1)]
  expectOneStory([...stage.log.ops()], [
    rotated,
    makeRotate(bob, base, { next: after, seals: [] }),
    add(carol, base, next, 'observer'),
    makeRecover(next, stage.after(rotated), { era: 1, voters }),
    makeRecover(carol, base, { era: 1, voters }),
  ])
})

/** Sets of ops made up at random, and orders of seven: CI takes few of each, whoever asks all. */
const SETS = Number(process.env['AUTH_SETS'] ?? 12)
const ORDERS = Number(process.env['AUTH_ORDERS'] ?? 200)

test('S115: seven ops of everybody at once give one membership in every order', () => {
  const { stage, base, made, through } = scene()
  const { room } = stage.log
  const next = signer('bob 2')
  const rotated = makeRotate(bob, base, { next, seals: [seal(room, bob, { seq: 3 })] })
  const ops = [
    rotated,
    remove(carol, base, bob, seal(room, bob, { seq: 2 })),
    remove(bob, base, carol, seal(room, carol, { seq: 4 })),
    admit(carol, base, dave, through),
    remove(next, stage.after(rotated), carol, seal(room, carol, { seq: 1 })),
    makeClose(alice, base, { invite: made.id, why: 'revoked', admissions: [] }),
    setRole(alice, base, carol, 'observer', seal(room, carol, { seq: 9 })),
  ]
  const all = orders(ops)
  const step = Math.max(1, Math.floor(all.length / ORDERS))
  const some = all.filter((_, at) => at % step === 0)
  const before = stage.log.ops()
  const stories = some.map(order => told(arrive(room, [...before, ...order])))
  expect(new Set(stories).size).toBe(1)
}, 60_000)

/** A small generator of its own, so that a seed is a story for ever. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return sides => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * sides)
  }
}

const WORDS = Array.from({ length: 12 }, (_, at) => `word ${at}`)
const UNSIGNED: Signer[] = WORDS.map((_, at) => {
  return { key: `${at.toString(16).padStart(2, '0')}`.repeat(32) as Signer['key'], sign: nothing }
})

function nothing(): Uint8Array {
  return new Uint8Array(64)
}

/** What some did, each having seen some of what was done, and much of it without a right. */
function randomStory(seed: number, length: number): { log: AuthLog; room: RoomId } {
  const roll = dice(seed)
  const of = <T>(items: readonly T[]): T => items[roll(items.length)] as T
  const { log, genesis } = founded()
  const own = new AuthLog(log.room, () => true)
  own.add(genesis.bytes, trusting)
  const founder = { key: alice.key, sign: nothing }
  for (let tries = 0; own.ops().length < length && tries < 10 * length; tries++) {
    const entry = of(own.ops())
    const heads = roll(3) > 0 ? own.heads() : [entry.id, of(own.ops()).id]
    const parents = roll(2) > 0 ? own.parents(heads) : heads
    const spot = { room: own.room, parents, at: NOON }
    const author = roll(4) === 0 ? founder : of(UNSIGNED)
    const target = of([founder, ...UNSIGNED])
    const deeds = [
      () => add(author, spot, target, of(['admin', 'admin', 'member', 'observer'])),
      () => add(founder, spot, target, of(['admin', 'member'])),
      () => remove(author, spot, target),
      () => remove(author, spot, target),
      () => setRole(author, spot, target, of(['admin', 'member', 'relay'])),
      () => makeRotate(author, spot, { next: target, seals: [] }),
      () => makeApprove(author, spot, entry.id),
      () => makeClose(author, spot, { invite: entry.id, why: 'revoked', admissions: [] }),
      () => makeRecover(author, spot, { era: 1 + roll(2), voters: [actorAt(target, 1)] }),
    ]
    own.add(of(deeds)().bytes, trusting)
  }
  return { log: own, room: own.room }
}

/** Whether the founder removed herself, under any of her keys. */
function hasLeft(log: AuthLog): boolean {
  const all = register(log, 'all') as Register
  const ruling = rule(all)
  return all.ops.some(entry => {
    if (entry.op.deed.kind !== 'remove' || ruling.worth[entry.index] !== 'stands') return false
    const target = targetOf({ register: all, ruling, past: 'all' }, entry)
    return target === alice.key && ruling.author[entry.index]?.root === alice.key
  })
}

test('S115: random stories give one membership in every order, and keep their founder', () => {
  for (let seed = 1; seed <= SETS; seed++) {
    const { log, room } = randomStory(seed, 24)
    const roll = dice(seed)
    const story = told(evaluated(log))
    for (let time = 0; time < 3; time++) {
      const mixed = [...log.ops()].sort(() => roll(3) - 1)
      expect(told(arrive(room, mixed)), `seed ${seed}`).toBe(story)
    }
    const [first] = evaluated(log).members.values()
    const expected = hasLeft(log) ? {} : { role: 'founder', status: 'member' }
    expect(first, `seed ${seed}`).toMatchObject(expected)
  }
}, 10_000 + 100 * SETS)

test('S139: what a log says about some heads is what it said when it held no more', () => {
  for (let seed = 100; seed < 103; seed++) {
    const { log, room } = randomStory(seed, 24)
    const whole = evaluated(log)
    const partial = new AuthLog(room, () => true)
    for (const { bytes } of log.ops()) {
      partial.add(bytes, trusting)
      const heads = partial.heads()
      const now = evaluated(partial)
      for (const { key } of UNSIGNED.slice(0, 6)) {
        expect(whole.mayWrite(key, heads)).toBe(now.mayWrite(key, heads))
        const member = now.byKey(key)
        const may = member?.status === 'member' && writes(member.role)
        if (!may) expect(now.mayWrite(key, heads)).toBe('may-not')
      }
    }
  }
})
