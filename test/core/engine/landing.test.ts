import { expect, test } from 'vitest'
import type { Oid } from '../../../src/core/brand.ts'
import { leaderNow, leads, votersNow } from '../../../src/core/engine/chain.ts'
import type { Effect, Job } from '../../../src/core/engine/effect.ts'
import type { Worked } from '../../../src/core/engine/input.ts'
import { LEASE_MS } from '../../../src/core/limits.ts'
import type { FactId } from '../../../src/core/room/facts.ts'
import { framesIn, type Person, Stage } from './cast.ts'

type Three = [Person, Person, Person]

const base = 'b'.repeat(40) as Oid
const tree = 'e'.repeat(40) as Oid
let commits = 0

function fresh(): Oid {
  return (++commits).toString(16).padStart(40, '0') as Oid
}

/** A room in which the founder leads and all vote. */
function led(): { stage: Stage; people: Three } {
  const stage = new Stage(3)
  stage.ask(stage.people[0] as Person, { kind: 'base', commit: base })
  stage.meetAll()
  stage.pass(3_000)
  const [alice] = stage.people as Three
  expect([leads(alice.engine, stage.clock), votersNow(alice.engine).length]).toEqual([true, 3])
  for (const person of stage.people) person.did.length = 0
  return { stage, people: stage.people as Three }
}

function push(stage: Stage, person: Person): FactId {
  const answer = stage.ask(person, { kind: 'push', commit: fresh(), files: [], fileCount: 0 })
  if (answer.kind !== 'made') throw new Error(answer.kind)
  return answer.id
}

function did(person: Person, result: Worked, stage: Stage): Effect[] {
  return stage.give(person, { kind: 'worked', result })
}

/** The jobs of one kind that a person was given since last asked. */
function jobs<Kind extends Job['kind']>(stage: Stage, person: Person, kind: Kind) {
  const all = stage.jobsOf(person)
  return all.filter((job): job is Extract<Job, { kind: Kind }> => job.kind === kind)
}

/** Has the leader merge and check a push of its own, which passes. */
function passes(stage: Stage, leader: Person, id: FactId): Effect[] {
  const [merge] = jobs(stage, leader, 'merge')
  expect(merge?.push).toBe(id)
  did(leader, { ...result(merge), outcome: { kind: 'clean', tree } } as Worked, stage)
  const [check] = jobs(stage, leader, 'check')
  const outcome = { kind: 'passed', steers: [], checks: [], commit: fresh() }
  return did(leader, { ...result(check), outcome } as Worked, stage)
}

function result(job: { kind: string; push: FactId; head: Oid | undefined } | undefined) {
  return { kind: job?.kind, push: job?.push, head: job?.head }
}

test('a push that merges and passes lands, and everybody advances', () => {
  const { stage, people: [alice, bob] } = led()
  const id = push(stage, alice)
  passes(stage, alice, id)
  stage.deliver()
  for (const { engine } of [alice, bob]) expect(engine.board.landed.has(id)).toBe(true)
  const [advance] = jobs(stage, bob, 'advance')
  expect(advance?.landings).toMatchObject([{ push: id, tree, prev: base }])
})

test('S517: whose lease lapsed lands nothing, until it is answered again', () => {
  const { stage, people: [alice, bob, carol] } = led()
  const id = push(stage, alice)
  const [merge] = jobs(stage, alice, 'merge')
  stage.cut(alice, bob)
  stage.cut(alice, carol)
  stage.pass(LEASE_MS + 1_000, [alice])
  expect(leaderNow(alice.engine, stage.clock)).toMatchObject({ mine: true, lapsed: true })
  did(alice, { ...result(merge), outcome: { kind: 'clean', tree } } as Worked, stage)
  expect(jobs(stage, alice, 'check')).toEqual([])
  stage.meet(alice, bob)
  stage.pass(2_000, [alice, bob])
  // What the merge gave is still known.
  expect(jobs(stage, alice, 'check')).toMatchObject([{ push: id, tree }])
})

test('S517: who is elected decides nothing before the first record of its term is confirmed', () => {
  const { stage, people: [alice, bob, carol] } = led()
  stage.cut(alice, bob)
  stage.cut(alice, carol)
  const id = push(stage, bob)
  const others = [bob, carol]
  for (let ms = 0; ms < 40_000 && others.every((p) => p.engine.lease.role.kind !== 'leader'); ms += 100) {
    stage.pass(100, others)
  }
  const leader = others.find((p) => p.engine.lease.role.kind === 'leader') as Person
  expect(leads(leader.engine, stage.clock)).toBe(true)
  // The same leader, had nobody accepted its first record yet.
  const { term } = leader.engine.lease.role as { term: number }
  leader.engine.led.delete(term)
  leader.engine.holding.add(id)
  leader.did.length = 0
  stage.give(leader, { kind: 'tick' })
  expect(jobs(stage, leader, 'merge')).toEqual([])
  expect(leads(leader.engine, stage.clock)).toBe(false)
})

test('S518: a verdict counts from the leader of its term, and is shown once that is proved', () => {
  const { stage, people: [alice, bob, carol] } = led()
  const id = push(stage, carol)
  stage.deliver()
  const say = (person: Person, term: number) => {
    const value = JSON.stringify({ at: 1, term, push: id, kind: 'unrelated' })
    stage.write(person, [{ topic: 'verdicts', value }])
    stage.deliver()
  }
  const shown = () => [...carol.engine.events.values()].filter(({ kind }) => kind === 'unrelated')
  say(bob, 1)
  say(bob, 2)
  say(alice, 2)
  expect(shown()).toEqual([])
  say(alice, 1)
  expect(shown()).toHaveLength(1)
  expect(carol.engine.unproved.get(2)).toHaveLength(2)
})

test('S519: a landing that is only written, and not in the chain, changes nothing', () => {
  const { stage, people: [alice, , carol] } = led()
  const id = push(stage, alice)
  stage.deliver()
  const fact = { at: 1, term: 1, push: id, prev: base, commit: fresh(), tree, checks: [] }
  stage.write(alice, [{ topic: 'landings', value: JSON.stringify(fact) }])
  stage.deliver()
  expect(carol.engine.board.landings).toEqual([])
  expect([...carol.engine.events.values()].map(({ kind }) => kind)).not.toContain('landed')
})

test('S519: what a leader confirms on top of another head is no landing', () => {
  const { stage, people: [alice, bob] } = led()
  passes(stage, alice, push(stage, alice))
  stage.deliver()
  // The desk of a leader that did not notice that the head moved.
  const id = push(stage, alice)
  jobs(stage, alice, 'merge')
  const { desk } = alice.engine
  desk?.merges.set(id, { kind: 'clean', tree })
  desk?.checks.set(id, { kind: 'passed', steers: [], checks: [], commit: fresh() })
  alice.engine.board.landings.splice(0)
  if (desk !== undefined) desk.head = base
  alice.engine.board.bases.clear()
  const value = JSON.stringify({
    at: 1, term: 1, push: id, prev: base, commit: fresh(), tree, checks: [],
  })
  expect(value).toContain(id)
  stage.give(alice, { kind: 'tick' })
  stage.deliver()
  expect(bob.engine.board.landings).toHaveLength(1)
  expect(bob.engine.board.landed.has(id)).toBe(false)
})

test('S520: a push at which something broke here is tried again, later, and is not refused', () => {
  const { stage, people: [alice] } = led()
  const id = push(stage, alice)
  const [merge] = jobs(stage, alice, 'merge')
  did(alice, { ...result(merge), outcome: { kind: 'broke', why: 'disk' } } as Worked, stage)
  expect(alice.engine.board.verdicts.size).toBe(0)
  stage.pass(400)
  expect(jobs(stage, alice, 'merge')).toEqual([])
  stage.pass(200)
  expect(jobs(stage, alice, 'merge')).toMatchObject([{ push: id }])
})

test('the result of work on an older head falls on the floor', () => {
  const { stage, people: [alice] } = led()
  push(stage, alice)
  const [merge] = jobs(stage, alice, 'merge')
  const outcome = { kind: 'unrelated' }
  did(alice, { ...result(merge), head: fresh(), outcome } as Worked, stage)
  expect(alice.engine.board.verdicts.size).toBe(0)
})

test('a refusal names the landed pushes on the other side', () => {
  const { stage, people: [alice] } = led()
  const first = push(stage, alice)
  passes(stage, alice, first)
  stage.deliver()
  const second = push(stage, alice)
  const [merge] = jobs(stage, alice, 'merge')
  const against = [alice.engine.board.pushes.get(first)?.fact.commit]
  const outcome = { kind: 'conflict', files: ['a'], fileCount: 1, against }
  did(alice, { ...result(merge), outcome } as Worked, stage)
  const [verdict] = alice.engine.board.verdicts.get(second) ?? []
  expect(verdict?.fact).toMatchObject({ kind: 'conflict', against: [{ push: first }] })
})

test('S524: a leader that restarts does not take the vote of those it has not heard yet', () => {
  const { stage, people: [alice, bob, carol] } = led()
  const before = alice.engine.lease.chain.changes.length
  stage.restart(alice)
  stage.meet(alice, bob)
  stage.pass(30_000, [alice, bob])
  expect(leads(alice.engine, stage.clock) || leads(bob.engine, stage.clock)).toBe(true)
  expect(alice.engine.lease.chain.changes).toHaveLength(before)
  expect(votersNow(alice.engine)).toContain(carol.actor)
})

test('S500: nobody hears of an accept before it is on disk', () => {
  const { stage, people: [alice, bob] } = led()
  passes(stage, alice, push(stage, alice))
  stage.deliver()
  const told = bob.did.findIndex((effect) => framesIn([effect])[0]?.frame.kind === 'lease')
  const written = bob.did.findIndex(({ kind }) => kind === 'persist')
  expect([told > written, written >= 0]).toEqual([true, true])
})
