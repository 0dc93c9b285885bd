import { expect, test } from 'vitest'
import { decodeJoinAnswer, encodeJoinRequest, type JoinAnswer } from '../../../src/core/auth/join.ts'
import { type Person, Stage } from './cast.ts'

function ask(stage: Stage, sponsor: Person, n: number): JoinAnswer {
  const request = stage.request(n)
  const question = encodeJoinRequest(request)
  const effects = stage.give(sponsor, { kind: 'ask', call: 1, peer: request.member, question })
  const told = effects.find((effect) => effect.kind === 'answer')
  if (told?.answer.kind !== 'joined') throw new Error('no answer')
  expect(effects.at(-1)).toBe(told)
  const read = decodeJoinAnswer(told.answer.bytes)
  if (read.kind !== 'ok') throw new Error(read.why)
  return read.value
}

test('S522: any member lets in whoever holds a link, and everybody learns of it', () => {
  const stage = new Stage(2)
  const [alice, bob] = stage.people as [Person, Person]
  stage.meet(alice, bob)
  const answer = ask(stage, bob, 2)
  expect(answer.kind).toBe('admitted')
  stage.deliver()
  expect([...alice.engine.membership.members.values()].map(({ name }) => name)).toContain('carol')
  if (answer.kind !== 'admitted') return
  const carol = stage.enter(2, answer.ops)
  stage.meet(alice, carol)
  expect(stage.ask(carol, { kind: 'say', text: 'hello' }).kind).toBe('made')
  stage.deliver()
  expect(alice.engine.board.chat.size).toBe(1)
})

test('S522: an admission is on disk before it is answered', () => {
  const stage = new Stage(1)
  const [alice] = stage.people as [Person]
  ask(stage, alice, 1)
  const kinds = alice.did.map(({ kind }) => kind)
  expect(kinds.indexOf('persist')).toBeLessThan(kinds.indexOf('answer'))
  stage.restart(alice)
  expect(alice.engine.membership.members.size).toBe(2)
})

test('S522: who asks again is answered as before, and nothing is written', () => {
  const stage = new Stage(1)
  const [alice] = stage.people as [Person]
  ask(stage, alice, 1)
  const before = alice.disk.length
  expect(ask(stage, alice, 1).kind).toBe('admitted')
  expect(alice.disk.length).toBe(before)
})

test('S522: at its last use an invite is closed, naming whom it let in', () => {
  const stage = new Stage(1, { uses: 1 })
  const [alice] = stage.people as [Person]
  ask(stage, alice, 1)
  expect(alice.engine.membership.invites.get(stage.inviteId)).toMatchObject({ closed: 'spent' })
  const ops = alice.engine.auth.ops().map(({ op }) => op.deed.kind)
  expect(ops).toEqual(['genesis', 'invite', 'admit', 'close'])
  expect(ask(stage, alice, 2)).toMatchObject({ kind: 'refused', code: 'used-up' })
})

test('who was let in by two members at once joined once', () => {
  const stage = new Stage(2)
  const [alice, bob] = stage.people as [Person, Person]
  ask(stage, alice, 2)
  ask(stage, bob, 2)
  stage.meet(alice, bob)
  for (const { engine } of [alice, bob]) {
    const joined = [...engine.events.values()].filter((event) => event.kind === 'joined')
    expect(joined.map(({ name }) => name)).toEqual(['bob', 'carol'])
  }
})

test('a request in the name of another key is refused', () => {
  const stage = new Stage(1)
  const [alice] = stage.people as [Person]
  const question = encodeJoinRequest(stage.request(1))
  const effects = stage.give(alice, { kind: 'ask', call: 1, peer: alice.key, question })
  expect(alice.engine.membership.members.size).toBe(1)
  expect(effects.map(({ kind }) => kind)).toEqual(['answer'])
})
