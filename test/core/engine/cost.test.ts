/** What an input costs: what is live counts, and what ever happened does not. */
import { expect, test } from 'vitest'
import type { Oid } from '../../../src/core/brand.ts'
import { writeFact } from '../../../src/core/room/facts.ts'
import { foldLanding } from '../../../src/core/room/views/board.ts'
import { type Person, Stage } from './cast.ts'

const WALKS = [
  'entries', 'keys', 'values', 'forEach', Symbol.iterator, 'filter', 'map', 'find', 'findIndex',
  'some', 'every', 'reduce', 'includes', 'indexOf', 'flatMap', 'sort',
]

/** Has a collection throw when it is walked over; single entries may be looked at. */
function forbidWalks(what: string, collection: object): void {
  const thrower = () => {
    throw new Error(`walked over all ${what}`)
  }
  for (const walk of WALKS) Object.defineProperty(collection, walk, { value: thrower })
}

test('S526: no input walks over what ever happened', () => {
  const stage = new Stage(2)
  const [alice, bob] = stage.people as [Person, Person]
  const base = 'b'.repeat(40) as Oid
  stage.ask(alice, { kind: 'base', commit: base })
  stage.meet(alice, bob)
  stage.pass(3_000)
  const push = (person: Person, n: number) => {
    const commit = n.toString(16).padStart(40, '0') as Oid
    stage.ask(person, { kind: 'push', commit, files: [], fileCount: 0 })
  }
  push(alice, 1)
  push(bob, 2)
  stage.deliver()
  const { engine } = alice
  const [first] = engine.board.pushes.values()
  const landed = { at: 1, term: 1, push: first?.id, commit: base, tree: base, checks: [] } as never
  const place = { actor: alice.actor, topic: 'landings' as const, n: 0 }
  foldLanding(engine.board, { seq: 99, term: 1, place, value: writeFact('landings', landed) })
  engine.integration.taken = 1

  const { board } = engine
  for (const name of ['chat', 'tasks', 'pushes', 'landed', 'landings', 'verdicts'] as const) {
    forbidWalks(name, board[name])
  }
  forbidWalks('events', engine.events)
  forbidWalks('holders', engine.holders)
  forbidWalks('pushes held', engine.holding)
  forbidWalks('commits', engine.brought)
  for (const held of engine.held.values()) forbidWalks('changes', held)

  stage.ask(alice, { kind: 'say', text: 'hi' })
  push(alice, 3)
  stage.ask(bob, { kind: 'task', title: 't' })
  push(bob, 4)
  stage.deliver()
  stage.pass(3_000)
  const [open] = [...board.open.keys()].slice(-1)
  if (open !== undefined) {
    stage.give(alice, { kind: 'worked', result: { kind: 'fetch', push: open, outcome: 'held' } })
  }
  stage.pass(200)
  stage.cut(alice, bob)
  expect(engine.board.pushes.size).toBe(4)
})
