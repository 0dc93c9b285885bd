import { expect, test } from 'vitest'
import type { Oid } from '../../../src/core/brand.ts'
import type { Call } from '../../../src/core/engine/call.ts'
import { leaders } from '../../../src/core/engine/chain.ts'
import { isStale } from '../../../src/core/engine/stale.ts'
import type { FactId } from '../../../src/core/room/facts.ts'
import { standingOf } from '../../../src/core/room/views/board.ts'
import { type Person, Stage } from './cast.ts'

type Three = [Person, Person, Person]

let commits = 0

/** A room in which alice, its founder, leads, with one task. */
function led(): { stage: Stage; people: Three; task: FactId } {
  const stage = new Stage(3)
  stage.ask(stage.people[0] as Person, { kind: 'base', commit: 'b'.repeat(40) as Oid })
  stage.meetAll()
  stage.pass(3_000)
  const task = does(stage, stage.people[0] as Person, { kind: 'task', title: 'mend' })
  return { stage, people: stage.people as Three, task }
}

function does(stage: Stage, person: Person, request: Call): FactId {
  const answer = stage.ask(person, request)
  if (answer.kind !== 'made') throw new Error(JSON.stringify(answer))
  stage.deliver()
  return answer.id
}

/** Somebody pushes under a claim, and the leader has the commit. */
function push(stage: Stage, person: Person, claim: FactId): FactId {
  const commit = (++commits).toString(16).padStart(40, '0') as Oid
  const id = does(stage, person, { kind: 'push', commit, files: [], fileCount: 0, claim })
  const [leader] = stage.people as Three
  stage.give(leader, { kind: 'holding', pushes: [id], integration: undefined })
  stage.pass(200)
  return id
}

function standing({ engine }: Person, id: FactId): string {
  const found = standingOf(engine.board, id, leaders(engine))
  return found.kind === 'refused' ? found.entry.fact.kind : found.kind
}

test('S929: a push under a claim that somebody else ended is refused, and everybody told', () => {
  const { stage, people, task } = led()
  const [alice, , carol] = people
  const claim = does(stage, carol, { kind: 'ask', want: 'claim', task })
  does(stage, alice, { kind: 'ask', want: 'reopen', task, claim })
  const id = push(stage, carol, claim)
  expect(people.map((person) => standing(person, id))).toEqual(['stale', 'stale', 'stale'])
  expect([...carol.engine.events.values()]).toContainEqual(
    expect.objectContaining({ kind: 'stale', push: id, claim }),
  )
  expect(stage.jobsOf(alice).filter(({ kind }) => kind === 'merge')).toEqual([])
})

test('S929: a push that is queued when its claim is lost is refused as well', () => {
  const { stage, people, task } = led()
  const [alice, bob, carol] = people
  for (const other of [alice, bob]) stage.cut(carol, other)
  const lost = does(stage, carol, { kind: 'ask', want: 'claim', task })
  const id = push(stage, carol, lost)
  expect(standing(carol, id)).toBe('queued')
  const claim = does(stage, bob, { kind: 'ask', want: 'claim', task })
  for (const other of [alice, bob]) stage.meet(carol, other)
  stage.pass(1_000)
  stage.give(alice, { kind: 'holding', pushes: [id], integration: undefined })
  stage.pass(500)
  expect(people.map((person) => standing(person, id))).toEqual(['stale', 'stale', 'stale'])
  expect(people.map(({ engine }) => isStale(engine, claim))).toEqual([false, false, false])
})

test('S929: a push under a claim that stands, or that its own agent ended, is merged', () => {
  const { stage, people, task } = led()
  const [alice, bob] = people
  const claim = does(stage, bob, { kind: 'ask', want: 'claim', task })
  const first = push(stage, bob, claim)
  does(stage, bob, { kind: 'ask', want: 'done', task, claim })
  const second = push(stage, bob, claim)
  expect([first, second].map((id) => standing(alice, id))).toEqual(['queued', 'queued'])
  const merges = stage.jobsOf(alice).filter(({ kind }) => kind === 'merge')
  expect(merges).toMatchObject([{ push: first }])
})

test('S930: who asks to be told of a push under a lost claim changes nothing but the log', () => {
  const { stage, people, task } = led()
  const [alice, , carol] = people
  const claim = does(stage, carol, { kind: 'ask', want: 'claim', task })
  does(stage, carol, { kind: 'ask', want: 'push', task, claim })
  expect(alice.engine.board.claims.tasks.get(task)?.holder?.ask).toBe(claim)
  does(stage, alice, { kind: 'ask', want: 'reopen', task, claim })
  does(stage, carol, { kind: 'ask', want: 'push', task, claim })
  const told = [...alice.engine.events.values()].filter(({ kind }) => kind === 'ask-lost')
  expect(told).toMatchObject([{ want: 'push' }, { want: 'push' }])
  expect(alice.engine.board.claims.tasks.get(task)).toMatchObject({ status: 'open' })
})
