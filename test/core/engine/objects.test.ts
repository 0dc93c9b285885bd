import { expect, test } from 'vitest'
import type { Oid } from '../../../src/core/brand.ts'
import type { Job } from '../../../src/core/engine/effect.ts'
import { HELD_EARLY_MAX, RETRY_MS } from '../../../src/core/limits.ts'
import type { FactId } from '../../../src/core/room/facts.ts'
import { type Person, Stage } from './cast.ts'

type Three = [Person, Person, Person]
type Fetch = Extract<Job, { kind: 'fetch' }>

function met(): { stage: Stage; people: Three } {
  const stage = new Stage(3)
  stage.meetAll()
  for (const person of stage.people) person.did.length = 0
  return { stage, people: stage.people as Three }
}

let commits = 0

function push(stage: Stage, person: Person): FactId {
  const commit = (++commits).toString(16).padStart(40, '0') as Oid
  const answer = stage.ask(person, { kind: 'push', commit, files: ['a'], fileCount: 1 })
  if (answer.kind !== 'made') throw new Error(answer.kind)
  return answer.id
}

function fetchesOf(stage: Stage, person: Person): Fetch[] {
  return stage.jobsOf(person).filter((job): job is Fetch => job.kind === 'fetch')
}

function failed(stage: Stage, person: Person, push: FactId) {
  return stage.give(person, { kind: 'worked', result: { kind: 'fetch', push, outcome: 'failed' } })
}

test('S515: everybody fetches a push, pins it and says so', () => {
  const { stage, people: [alice, bob, carol] } = met()
  const id = push(stage, bob)
  stage.deliver()
  const [job] = fetchesOf(stage, alice)
  expect(job).toMatchObject({ push: id, holders: [bob.key] })
  stage.give(alice, { kind: 'worked', result: { kind: 'fetch', push: id, outcome: 'held' } })
  stage.deliver()
  expect([...(bob.engine.holders.get(id) ?? [])]).toEqual([alice.key])
  expect([...(carol.engine.holders.get(id) ?? [])].sort()).toEqual([alice.key, bob.key].sort())
})

test('S515: who holds a push is known even if it said so before the push was known', () => {
  const { stage, people: [alice, bob, carol] } = met()
  stage.cut(alice, bob)
  const id = push(stage, bob)
  stage.frame(alice, carol, { kind: 'held', pushes: [id] })
  expect(alice.engine.holders.get(id)).toBeUndefined()
  stage.deliver()
  stage.pass(1_000)
  expect([...(alice.engine.holders.get(id) ?? [])]).toEqual([carol.key])
})

test('S515: what is said of unknown pushes is remembered within bounds, and for a session', () => {
  const { stage, people: [alice, bob] } = met()
  const ids = Array.from({ length: 900 }, (_, n) => {
    const digits = n.toString(32).padStart(16, 'a').replace(/[0189]/g, '2')
    return digits.replace(/[^a-z2-7]/g, 'z') as FactId
  })
  for (const tail of ['b', 'c', 'd']) {
    const pushes = ids.map((id) => `${tail}${id.slice(1)}` as FactId)
    stage.frame(alice, bob, { kind: 'held', pushes })
  }
  expect(alice.engine.early.get(bob.key)?.size).toBeLessThanOrEqual(HELD_EARLY_MAX)
  expect(alice.engine.holders.size).toBe(0)
  stage.cut(alice, bob)
  expect(alice.engine.early.size).toBe(0)
})

test('S516: a push is fetched from nobody but its author and those who say that they hold it', () => {
  const { stage, people: [alice, bob, carol] } = met()
  stage.cut(alice, bob)
  const id = push(stage, bob)
  stage.deliver()
  stage.pass(1_000)
  expect(alice.engine.board.pushes.has(id)).toBe(true)
  expect(fetchesOf(stage, alice)).toEqual([])
  stage.give(carol, { kind: 'worked', result: { kind: 'fetch', push: id, outcome: 'held' } })
  stage.deliver()
  expect(fetchesOf(stage, alice)).toMatchObject([{ push: id, holders: [carol.key] }])
})

test('S516: a fetch that failed is tried again, later each time, and noted twice', () => {
  const { stage, people: [alice, bob] } = met()
  const id = push(stage, bob)
  stage.deliver()
  const tried: number[] = []
  let notes = 0
  for (let n = 0; n < 600; n++) {
    for (const { push } of fetchesOf(stage, alice)) {
      tried.push(stage.now)
      notes += failed(stage, alice, push).filter(({ kind }) => kind === 'note').length
    }
    stage.now += 100
    stage.give(alice, { kind: 'tick' })
  }
  const waits = tried.slice(1).map((at, n) => at - (tried[n] as number))
  expect(waits.slice(0, 4)).toEqual([1, 2, 4, 8].map((times) => times * RETRY_MS))
  expect(Math.max(...waits)).toBeLessThanOrEqual(30_100)
  expect([id, notes]).toEqual([id, 2])
})

test('S516: pushes that do not exist keep nobody else’s waiting', () => {
  const { stage, people: [alice, bob, carol] } = met()
  for (let n = 0; n < 50; n++) push(stage, bob)
  stage.deliver()
  const real = push(stage, carol)
  stage.deliver()
  let fetches = 0
  for (let n = 0; n < 10; n++) {
    for (const { push: id } of fetchesOf(stage, alice)) {
      fetches++
      if (id === real) return expect(fetches).toBeLessThanOrEqual(4)
      failed(stage, alice, id)
    }
  }
  throw new Error('never fetched')
})

test('S516: saying the same again does not have a push fetched before its time', () => {
  const { stage, people: [alice, bob] } = met()
  const id = push(stage, bob)
  stage.deliver()
  for (const job of fetchesOf(stage, alice)) failed(stage, alice, job.push)
  for (let n = 0; n < 10; n++) stage.frame(alice, bob, { kind: 'held', pushes: [id] })
  expect(fetchesOf(stage, alice)).toEqual([])
})

test('an agent that began a new incarnation has one ref, at its newest push', () => {
  const { stage, people: [alice] } = met()
  push(stage, alice)
  const reborn = { ...alice.engine.me, actor: `${alice.key}eeeeeeeeeeeeeeee` as never }
  Object.assign(alice.engine, { me: reborn })
  stage.now += 1_000
  push(stage, alice)
  const refs = stage.jobsOf(alice).filter((job) => job.kind === 'refs').at(-1)
  expect(refs?.agents).toMatchObject([{ commit: commits.toString(16).padStart(40, '0') }])
})
