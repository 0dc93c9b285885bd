import { expect, test } from 'vitest'
import { makeRemove } from '../../../src/core/auth/author.ts'
import type { Seal } from '../../../src/core/auth/deed.ts'
import type { Hash, Instant } from '../../../src/core/brand.ts'
import type { HeldChange } from '../../../src/core/sync/runs.ts'
import { type Person, Stage } from './cast.ts'

const texts = ({ engine }: Person) =>
  [...engine.board.chat.values()].map(({ fact }) => fact.text).sort()

/** What people see, and what is served: a seal must leave the same of both as a restart does. */
const shown = ({ engine }: Person) => [
  [...engine.board.chat.entries()].sort(),
  [...engine.events.keys()].sort(),
  [...engine.held].sort().map(([actor, held]) => [actor, held.map(({ hash }) => hash)]),
  [...engine.beyond].sort().map(([actor, { changes }]) => [actor, [...changes.keys()].sort()]),
]

/** Alice removes bob, keeping so many of his changes. */
function removal(stage: Stage, alice: Person, bob: Person, keep: number, parents: Hash[]) {
  const { volume } = alice.engine
  const { hash, signature } = (bob.engine.held.get(bob.actor) as HeldChange[])[keep - 1] as HeldChange
  const seal: Seal = {
    actor: bob.actor, volume: volume.id, seq: keep, hash, signature: signature as Uint8Array,
  }
  const spot = { room: stage.room, parents, at: 5 as Instant }
  return makeRemove(alice.signer, spot, { member: bob.key, seals: [seal] }).bytes
}

test('S785: what was accepted beyond a later seal has no effect, at once as after a restart', () => {
  const stage = new Stage(3)
  const [alice, bob, carol] = stage.people as [Person, Person, Person]
  stage.meetAll()
  for (const n of [1, 2, 3]) stage.ask(bob, { kind: 'say', text: `bob ${n}` })
  stage.ask(carol, { kind: 'say', text: 'carol' })
  stage.deliver()
  const parents = alice.engine.auth.parents([])
  const ops = [1, 2].map((keep) => removal(stage, alice, bob, keep, parents))
  const receive = (op: Uint8Array) => {
    for (const [to, from] of [[alice, carol], [carol, alice]] as const) {
      stage.frame(to, from, { kind: 'auth', heads: [], ops: [op] })
    }
    stage.deliver()
  }
  receive(ops[0] as Uint8Array)
  for (const person of [alice, carol]) {
    expect(texts(person)).toEqual(['bob 1', 'carol'])
    const before = shown(person)
    stage.restart(person)
    expect(shown(person)).toEqual(before)
  }
  // Of two removals the longer seal counts: what is beyond the shorter one comes back.
  stage.meet(alice, carol)
  receive(ops[1] as Uint8Array)
  for (const person of [alice, carol]) {
    expect(texts(person)).toEqual(['bob 1', 'bob 2', 'carol'])
    const before = shown(person)
    stage.restart(person)
    expect(shown(person)).toEqual(before)
  }
})

test('S785: nobody else’s changes are touched, and the removed one begins no new life', () => {
  const stage = new Stage(3)
  const [alice, bob, carol] = stage.people as [Person, Person, Person]
  stage.meetAll()
  for (const person of [bob, carol]) stage.ask(person, { kind: 'say', text: person.name })
  stage.ask(bob, { kind: 'say', text: 'late' })
  stage.deliver()
  const before = [bob.actor, carol.engine.held.get(carol.actor)]
  const op = removal(stage, alice, bob, 1, alice.engine.auth.parents([]))
  for (const person of stage.people) {
    const other = person === alice ? carol : alice
    stage.frame(person, other, { kind: 'auth', heads: [], ops: [op] })
  }
  stage.deliver()
  stage.pass(1_000)
  expect([bob.actor, carol.engine.held.get(carol.actor)]).toEqual(before)
  expect(texts(alice)).toEqual(['bob', 'carol'])
})

test('S786: what lies beyond a seal is served to nobody but its author', () => {
  const stage = new Stage(3)
  const [alice, bob, carol] = stage.people as [Person, Person, Person]
  stage.meetAll()
  stage.ask(bob, { kind: 'say', text: 'one' })
  stage.ask(bob, { kind: 'say', text: 'two' })
  stage.deliver()
  const op = removal(stage, alice, bob, 1, alice.engine.auth.parents([]))
  for (const [to, from] of [[alice, carol], [carol, alice]] as const) {
    stage.frame(to, from, { kind: 'auth', heads: [], ops: [op] })
  }
  stage.deliver()
  expect([alice, carol].map(({ engine }) => engine.beyond.get(bob.actor)?.changes.size)).toEqual([1, 1])
  const wants = [{ actor: bob.actor, seq: 1 }]
  alice.did.length = 0
  stage.frame(alice, carol, { kind: 'want', volume: 0, streams: wants })
  expect(alice.did.filter(({ kind }) => kind === 'send')).toEqual([])
})
