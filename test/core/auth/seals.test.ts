import { expect, test } from 'vitest'
import { makeApprove, makeFraud } from '../../../src/core/auth/author.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import {
  VOLUME,
  add,
  admit,
  alice,
  bob,
  carol,
  dave,
  founded,
  invite,
  remove,
  seal,
  setRole,
} from './cast.ts'
import { actorAt, branch, proofOf } from './streams.ts'

function scene() {
  const stage = founded()
  stage.play(add(alice, stage.spot(), bob, 'member'))
  stage.play(add(alice, stage.spot(), carol, 'admin'))
  const at = (seq: number, life = 1) => {
    return seal(stage.log.room, bob, { seq, incarnation: actorAt(bob, life).slice(64) })
  }
  const sealOf = (life: number, author = bob) => {
    return stage.membership().sealOf(actorAt(author, life), VOLUME)
  }
  return { stage, base: stage.spot(), at, sealOf }
}

test('S136: a removal ends streams at their seals, and unlisted ones at their start', () => {
  const { stage, base, at, sealOf } = scene()
  expect(sealOf(1)).toBeUndefined()
  stage.play(remove(alice, base, bob, at(7, 1), at(3, 2)))
  expect(sealOf(1)).toEqual({ seq: 7, hash: hashOf(utf8('change 7')) })
  expect(sealOf(2)).toEqual({ seq: 3, hash: hashOf(utf8('change 3')) })
  expect(sealOf(3)).toEqual({ seq: 0, hash: VOLUME })
  expect(sealOf(1, alice)).toBeUndefined()
  expect(stage.membership().sealOf(actorAt(bob, 1), hashOf(utf8('next volume')))).toMatchObject({
    seq: 0,
  })
})

test('S136: of concurrent removals with different seals the longest counts', () => {
  const { stage, base, at, sealOf } = scene()
  stage.play(remove(alice, base, bob, at(7)))
  stage.play(remove(carol, base, bob, at(9), at(2, 2)))
  expect(sealOf(1)?.seq).toBe(9)
  expect(sealOf(2)?.seq).toBe(2)
})

test('S136: a removal that has no effect seals nothing', () => {
  const { stage, base, at, sealOf } = scene()
  stage.play(remove(carol, base, bob, at(7)))
  expect(sealOf(1)?.seq).toBe(7)
  stage.play(remove(alice, base, carol))
  expect(sealOf(1)).toBeUndefined()
})

test('S136: an op seals no streams but those of the agent it concerns', () => {
  const { stage, base } = scene()
  const foreign = seal(stage.log.room, carol, { seq: 4 })
  stage.play(remove(alice, base, bob, foreign))
  expect(stage.membership().sealOf(actorAt(carol, 1), VOLUME)).toBeUndefined()
})

test('S137: who comes back goes on in a new life; sealed ones stay sealed', () => {
  const { stage, base, at, sealOf } = scene()
  stage.play(remove(alice, base, bob, at(7)))
  stage.play(add(alice, stage.spot(), bob, 'member'))
  expect(sealOf(1)?.seq).toBe(7)
  expect(sealOf(2)).toBeUndefined()
})

test('S136: a role that does not write seals, one that does not', () => {
  const { stage, at, sealOf } = scene()
  stage.play(setRole(alice, stage.spot(), bob, 'admin', at(5)))
  expect(sealOf(1)).toBeUndefined()
  stage.play(setRole(alice, stage.spot(), bob, 'observer', at(6)))
  expect(sealOf(1)?.seq).toBe(6)
  expect(sealOf(2)?.seq).toBe(0)
  stage.play(setRole(alice, stage.spot(), bob, 'member'))
  expect(sealOf(1)?.seq).toBe(6)
  expect(sealOf(2)).toBeUndefined()
})

test('S137: a key that no op names has no seal: what lets it in may not be here yet', () => {
  const { sealOf } = scene()
  expect(sealOf(1, dave)).toBeUndefined()
})

test('S129: the streams of whose admission has ended are sealed until it is approved', () => {
  const { stage, base } = scene()
  const made = stage.play(invite(alice, base, 'link'))
  const asked = admit(carol, stage.after(made), dave, { invite: made, word: 'link' })
  stage.play(asked)
  const daves = () => stage.membership().sealOf(actorAt(dave, 1), VOLUME)
  expect(daves()).toBeUndefined()
  stage.play(remove(alice, stage.after(made), carol))
  expect(daves()).toEqual({ seq: 0, hash: VOLUME })
  expect(stage.membership().mayWrite(dave.key, [asked.id])).toBe('may')
  stage.play(makeApprove(alice, stage.spot(), asked.id))
  expect(daves()).toBeUndefined()
})

test('S138: a proof of fraud seals the stream before its lowest fork, whoever published it', () => {
  const { stage, base, at, sealOf } = scene()
  const { room } = stage.log
  const forkAt = (seq: number, contents: [string, string]) => {
    const shared = { seq, hash: hashOf(utf8(`change ${seq}`)) }
    const [one, other] = contents.map(content => branch(room, bob, shared, [content]))
    return proofOf(bob, one as never, other as never)
  }
  stage.play(makeFraud(carol, base, forkAt(8, ['plum', 'pear'])))
  expect(sealOf(1)).toEqual({ seq: 8, hash: hashOf(utf8('change 8')) })
  stage.play(makeFraud(alice, base, forkAt(4, ['fig', 'date'])))
  stage.play(makeFraud(alice, stage.spot(), forkAt(6, ['nut', 'kiwi'])))
  expect(sealOf(1)).toEqual({ seq: 4, hash: hashOf(utf8('change 4')) })
  expect(sealOf(2)).toBeUndefined()

  stage.play(remove(alice, base, carol), remove(alice, base, bob, at(9)))
  expect(sealOf(1)?.seq).toBe(4)
})

test('S139: who may write is a question to the past of the heads, and its answer stays', () => {
  const { stage, base } = scene()
  const early = stage.genesis.id
  const { mayWrite } = stage.membership()
  expect(mayWrite(alice.key, [early])).toBe('may')
  expect(mayWrite(bob.key, [early])).toBe('may-not')
  expect(mayWrite(bob.key, base.parents)).toBe('may')
  expect(mayWrite(dave.key, base.parents)).toBe('may-not')
  expect(mayWrite(bob.key, [hashOf(utf8('unknown'))])).toBe('unknown')
  expect(mayWrite(alice.key, [])).toBe('may-not')

  const gone = stage.play(remove(alice, base, bob))
  expect(stage.membership().mayWrite(bob.key, base.parents)).toBe('may')
  expect(stage.membership().mayWrite(bob.key, [gone.id])).toBe('may-not')
})

test('S139: observers and relays write nothing', () => {
  const { stage } = scene()
  stage.play(setRole(alice, stage.spot(), bob, 'relay'))
  stage.play(setRole(alice, stage.spot(), carol, 'observer'))
  const { mayWrite } = stage.membership()
  expect([bob, carol].map(({ key }) => mayWrite(key, stage.log.heads()))).toEqual([
    'may-not',
    'may-not',
  ])
})
