/** The lease in the engine: giving it up, and peers that only vote. */
import { expect, test } from 'vitest'
import { leaderNow, tenureNow } from '../../../src/core/engine/chain.ts'
import { LEASE_MS } from '../../../src/core/limits.ts'
import { type Person, Stage } from './cast.ts'

/** A room of three voters, whom alice leads. */
function led(size = 3): { stage: Stage; people: Person[] } {
  const stage = new Stage(size)
  stage.meetAll()
  stage.pass(4_000)
  return { stage, people: stage.people }
}

function leaderIn(stage: Stage, person: Person): string | undefined {
  const leader = leaderNow(person.engine, stage.clock)
  return leader === undefined || leader.lapsed ? undefined : stage.of(keyIn(leader.actor)).name
}

function keyIn(actor: string): Person['key'] {
  return actor.slice(0, 64) as Person['key']
}

/** The person without whom the others go on: it integrates no more. */
function abstain(person: Person): void {
  person.engine.me.integrates = 'no'
}

test('S903: a leader that is asked to gives the lead up, and nobody else can do it for it', () => {
  const { stage, people } = led()
  const [alice, bob, carol] = people as [Person, Person, Person]
  const refused = stage.ask(bob, { kind: 'step-down' })
  expect(refused).toMatchObject({ kind: 'refused', code: 'NOT_AUTHORISED' })
  expect(refused).toMatchObject({ message: expect.stringContaining('alice leads, in term 1') })
  expect(leaderIn(stage, carol)).toBe('alice')

  expect(stage.ask(alice, { kind: 'step-down' })).toEqual({ kind: 'stepped-down', term: 1 })
  stage.deliver()
  expect(leaderIn(stage, alice)).toBeUndefined()
  stage.pass(3_000)
  const next = leaderIn(stage, alice)
  expect(['bob', 'carol']).toContain(next)
  for (const person of people) expect(leaderIn(stage, person)).toBe(next)
})

test('S903: with nobody there to follow it, a leader keeps the lead and says who is missing', () => {
  const { stage, people } = led()
  const [alice, bob, carol] = people as [Person, Person, Person]
  stage.cut(alice, bob)
  stage.cut(alice, carol)
  stage.pass(6_000, [alice])
  const answer = stage.ask(alice, { kind: 'step-down' })
  expect(answer).toMatchObject({ kind: 'refused', code: 'ALONE' })
  expect(answer).toMatchObject({ message: expect.stringContaining('1 of bob, carol is not reached') })
  expect(leaderNow(alice.engine, stage.clock)?.mine).toBe(true)

  const alone = led(1)
  const answered = alone.stage.ask(alone.people[0] as Person, { kind: 'step-down' })
  expect(answered).toMatchObject({ kind: 'refused', code: 'ALONE' })
  expect(answered).toMatchObject({ message: expect.stringContaining('nobody else votes') })
})

test('S903: where nobody leads there is nothing to give up', () => {
  const { stage, people } = led()
  const [alice, bob, carol] = people as [Person, Person, Person]
  stage.cut(alice, bob)
  stage.cut(alice, carol)
  stage.cut(bob, carol)
  stage.pass(LEASE_MS + 2_000)
  expect(stage.ask(bob, { kind: 'step-down' })).toMatchObject({ kind: 'refused', code: 'ABSENT' })
})

test('S905: a peer that does not integrate votes and never leads, whoever is missing', () => {
  const { stage, people } = led()
  const [alice, bob, carol] = people as [Person, Person, Person]
  abstain(bob)
  stage.pass(3_000)
  const shown = tenureNow(alice.engine, stage.clock)
  const stands = shown.voters.map((voice) => [stage.of(keyIn(voice.actor)).name, voice.stands])
  expect(stands.sort()).toEqual([['alice', true], ['bob', false], ['carol', true]])

  stage.ask(alice, { kind: 'step-down' })
  stage.pass(3_000)
  expect(leaderIn(stage, bob)).toBe('carol')
  const term = tenureNow(bob.engine, stage.clock).term
  stage.cut(alice, carol)
  stage.cut(bob, carol)
  stage.pass(LEASE_MS * 4, [alice, bob])
  expect(leaderIn(stage, bob)).toBe('alice')
  // Alice was elected by bob's vote alone; bob itself stood in no term.
  expect(tenureNow(bob.engine, stage.clock).term).toBeGreaterThan(term)
  expect(bob.engine.lease.chain.reigns.map(({ leader }) => leader)).not.toContain(bob.actor)
})

test('S905: a leader that begins again without integrating leaves its term to the others', () => {
  const { stage, people } = led()
  const [alice] = people as [Person, Person, Person]
  stage.restart(alice)
  abstain(alice)
  stage.meetAll()
  stage.pass(LEASE_MS + 5_000)
  const next = leaderIn(stage, alice)
  expect(['bob', 'carol']).toContain(next)
})

test('S905: with voters who are all told not to lead, nobody does, and it says why', () => {
  const { stage, people } = led()
  for (const person of people) abstain(person)
  stage.pass(LEASE_MS * 3)
  for (const person of people) {
    expect(leaderIn(stage, person)).toBeUndefined()
    expect(tenureNow(person.engine, stage.clock).missing).toMatchObject([{ kind: 'candidate' }])
  }
})

test('S906: what a peer says of itself travels in its beats, and others go by it', () => {
  const { stage, people } = led()
  const [alice, bob] = people as [Person, Person, Person]
  expect(alice.engine.presence.get(bob.key)?.beat.integrates).toBe('yes')
  abstain(bob)
  stage.pass(3_000)
  expect(alice.engine.presence.get(bob.key)?.beat.integrates).toBe('no')
})
