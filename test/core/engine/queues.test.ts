import { expect, test } from 'vitest'
import type { Answer, Call } from '../../../src/core/engine/call.ts'
import type { FactId } from '../../../src/core/room/facts.ts'
import { excludes, type LockAsk } from '../../../src/core/room/views/locks.ts'
import { dice } from '../room/cast.ts'
import { type Person, Stage } from './cast.ts'

/** A room that alice leads. */
function led(size: number): Stage {
  const stage = new Stage(size)
  stage.meetAll()
  stage.pass(3_000)
  return stage
}

function locksOf({ engine }: Person) {
  return engine.board.locks
}

const whole = { mode: 'exclusive' as const, reason: 'x' }

function asks(stage: Stage, person: Person, request: Call): Answer {
  const answer = stage.ask(person, request)
  stage.deliver()
  return answer
}

function lock(stage: Stage, person: Person, globs: string[], wait?: true): FactId {
  const answer = asks(stage, person, { kind: 'lock', globs, ...whole, ...(wait && { wait }) })
  if (answer.kind !== 'made') throw new Error(JSON.stringify(answer))
  return answer.id
}

function gives(stage: Stage, person: Person, ask: FactId): void {
  asks(stage, person, { kind: 'withdraw', topic: 'locks', ask })
}

const held = (person: Person) => [...locksOf(person).held.keys()]

test('S927: who waits for a lock gets all of it once others gave it back, first come first', () => {
  const stage = led(3)
  const [alice, bob, carol] = stage.people as [Person, Person, Person]
  const first = lock(stage, alice, ['src', 'docs'])
  const bobs = lock(stage, bob, ['docs', 'test'], true)
  const carols = lock(stage, carol, ['docs/a.md'], true)
  expect(held(carol)).toEqual([first])
  gives(stage, alice, first)
  for (const person of stage.people) expect(held(person)).toEqual([bobs])
  gives(stage, bob, bobs)
  for (const person of stage.people) expect(held(person)).toEqual([carols])
})

test('S927: what somebody waits for goes to nobody behind, who could be served for ever', () => {
  const stage = led(3)
  const [alice, bob, carol] = stage.people as [Person, Person, Person]
  const first = lock(stage, alice, ['src/a.ts'])
  const bobs = lock(stage, bob, ['src'], true)
  // On its own it is free, and carol would have it before bob; beside it she may.
  lock(stage, carol, ['src/b.ts'])
  const docs = lock(stage, carol, ['docs'])
  expect(held(carol).sort()).toEqual([first, docs].sort())
  gives(stage, alice, first)
  expect(held(carol).sort()).toEqual([bobs, docs].sort())
  const kinds = [...carol.engine.events.values()].map(({ kind }) => kind)
  expect(kinds).toContain('lock-lost')
})

test('S928: nobody waits while it has a lock, nor gets one while it waits', () => {
  const stage = led(2)
  const [alice, bob] = stage.people as [Person, Person]
  const mine = lock(stage, bob, ['src'])
  const more = { kind: 'lock' as const, globs: ['docs'], ...whole }
  expect(asks(stage, bob, { ...more, wait: true })).toMatchObject({
    kind: 'refused', code: 'HOLDS', message: expect.stringContaining('this agent has src locked'),
  })
  gives(stage, bob, mine)
  const his = lock(stage, alice, ['docs'])
  const waits = lock(stage, bob, ['docs'], true)
  for (const request of [more, { ...more, wait: true as const }]) {
    expect(asks(stage, bob, { ...request, globs: ['test'] })).toMatchObject({ code: 'HOLDS' })
  }
  gives(stage, bob, waits)
  lock(stage, bob, ['test'])
  expect(held(alice)).toContain(his)
})

test('S928: the leader lets nobody wait in others’ way who holds something all the same', () => {
  const stage = led(3)
  const [alice, bob, carol] = stage.people as [Person, Person, Person]
  const bobs = lock(stage, bob, ['src'])
  const carols = lock(stage, carol, ['docs'])
  // What their own daemons would refuse: each waits for what the other has.
  for (const [person, globs] of [[bob, ['docs']], [carol, ['src']]] as const) {
    const ask = { at: 1, term: 1, kind: 'ask', globs, ...whole, after: 0, wait: true }
    stage.write(person, [{ topic: 'locks', value: JSON.stringify(ask) }])
  }
  stage.deliver()
  const free = lock(stage, alice, ['test'])
  expect(held(alice).sort()).toEqual([bobs, carols, free].sort())
  gives(stage, bob, bobs)
  gives(stage, carol, carols)
  stage.pass(500)
  // One of them is served, and the other waits for it alone.
  expect(locksOf(alice).held.size).toBe(3)
})

/** The first in the leader's queue that is there, holds nothing, and is passed by what was given. */
function passedBy(leader: Person, queue: readonly LockAsk[], given: FactId): LockAsk | undefined {
  const lock = locksOf(leader).held.get(given)
  const at = queue.findIndex(({ id }) => id === given)
  if (lock === undefined || at < 0) return undefined
  return queue.slice(0, at).find((ask) => {
    const still = locksOf(leader).asks.has(ask.id) && ask.fact.wait === true
    return still && excludes(lock, ask)
  })
}

test('S928: no set of those who wait stands still while all give back what they got', () => {
  const paths = ['a', 'b', 'b/c', 'd', 'e']
  for (let seed = 1; seed <= 6; seed++) {
    const pick = dice(seed)
    const stage = led(4)
    const [leader] = stage.people as [Person]
    for (let turn = 0; turn < 60; turn++) {
      const person = stage.people[pick(4)] as Person
      const own = (ask: { actor: string }) => ask.actor === person.actor
      const queue = [...locksOf(leader).asks.values()]
      const before = new Set(held(leader))
      const has = [...locksOf(person).held.values()].filter(own)
      const waits = [...locksOf(person).asks.values()].filter(own)
      const die = pick(10)
      if (has[0] !== undefined && die < 4) gives(stage, person, has[0].id)
      else if (waits[0] !== undefined && die < 2) gives(stage, person, waits[0].id)
      else {
        const globs = paths.filter(() => pick(3) === 0)
        const mode = pick(3) === 0 ? ('shared' as const) : ('exclusive' as const)
        const wait = die < 8 ? { wait: true as const } : {}
        if (globs.length > 0) asks(stage, person, { kind: 'lock', globs, mode, reason: 'x', ...wait })
      }
      const given = held(leader).filter((id) => !before.has(id))
      expect(given.map((id) => passedBy(leader, queue, id)).filter(Boolean)).toEqual([])
    }
    // An ask that does not wait may stand in the queue as well, and comes in its turn.
    const { asks: queue } = locksOf(leader)
    while ([...queue.values()].some(({ fact }) => fact.wait === true)) {
      const left = queue.size
      for (const { id, actor } of [...locksOf(leader).held.values()]) {
        gives(stage, stage.people.find((each) => each.actor === actor) as Person, id)
      }
      stage.pass(200)
      expect(queue.size).toBeLessThan(left)
    }
  }
})
