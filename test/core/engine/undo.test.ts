import { expect, test } from 'vitest'
import type { Oid } from '../../../src/core/brand.ts'
import type { Answer } from '../../../src/core/engine/call.ts'
import type { Job } from '../../../src/core/engine/effect.ts'
import type { Worked } from '../../../src/core/engine/input.ts'
import type { FactId } from '../../../src/core/room/facts.ts'
import { integrationOf } from '../../../src/core/room/views/board.ts'
import { type Person, Stage } from './cast.ts'

type Three = [Person, Person, Person]

const base = 'b'.repeat(40) as Oid
let commits = 0

function fresh(): Oid {
  return (++commits).toString(16).padStart(40, '0') as Oid
}

/** A room in which the founder leads, all vote, and two pushes of bob landed. */
function landed(): { stage: Stage; people: Three; pushes: FactId[] } {
  const stage = new Stage(3)
  stage.ask(stage.people[0] as Person, { kind: 'base', commit: base })
  stage.meetAll()
  stage.pass(3_000)
  const [alice, bob] = stage.people as Three
  const pushes = [land(stage, alice, bob), land(stage, alice, bob)]
  return { stage, people: stage.people as Three, pushes }
}

function push(stage: Stage, person: Person, again?: FactId[]): FactId {
  const more = again === undefined ? {} : { again }
  const request = { kind: 'push' as const, commit: fresh(), files: [], fileCount: 0, ...more }
  const answer = stage.ask(person, request)
  if (answer.kind !== 'made') throw new Error(answer.kind)
  return answer.id
}

/** Has somebody's push fetched, merged, checked and confirmed. */
function land(stage: Stage, leader: Person, author: Person, again?: FactId[]): FactId {
  const id = push(stage, author, again)
  stage.deliver()
  work(stage, leader)
  work(stage, leader)
  work(stage, leader)
  expect(author.engine.board.landed.has(id)).toBe(true)
  return id
}

/** Does whatever a person was asked to do with git, as if all went well. */
function work(stage: Stage, person: Person): Job[] {
  const jobs = stage.jobsOf(person)
  for (const job of jobs) {
    const result = resultOf(job)
    if (result !== undefined) stage.give(person, { kind: 'worked', result })
  }
  stage.deliver()
  return jobs
}

function resultOf(job: Job): Worked | undefined {
  switch (job.kind) {
    case 'fetch':
      return { kind: 'fetch', push: job.push, outcome: 'held' }
    case 'merge':
      return { ...job, outcome: { kind: 'clean', tree: treeOf(job.commit) } }
    case 'check': {
      const commit = `c${job.tree.slice(1)}` as Oid
      return { ...job, outcome: { kind: 'passed', checks: [], commit, steers: [] } }
    }
    case 'undo': {
      const tree = job.before === base ? treeOf(base) : (`e${job.before.slice(1)}` as Oid)
      const commit = `d${job.head.slice(1)}` as Oid
      return { ...job, outcome: { kind: 'made', commit, tree } }
    }
    default:
      return undefined
  }
}

function treeOf(commit: Oid): Oid {
  return `e${commit.slice(1)}` as Oid
}

function undo(stage: Stage, person: Person, reason?: string): Answer {
  const { board } = person.engine
  const landing = board.stack.at(-1)?.id as FactId
  const head = integrationOf(board) as Oid
  return stage.ask(person, { kind: 'undo', landing, head, ...(reason === undefined ? {} : { reason }) })
}

test('S670: two undos in a row go back two landings, on every peer', () => {
  const { stage, people: [alice, bob, carol], pushes } = landed()
  const [first, second] = carol.engine.board.landings.map(({ fact }) => fact)
  for (const asker of [carol, bob]) {
    expect(undo(stage, asker, 'slow').kind).toBe('made')
    stage.deliver()
    work(stage, alice)
  }
  for (const { engine: { board, events } } of [alice, bob, carol]) {
    expect(board.stack).toEqual([])
    expect([...board.undone.keys()].sort()).toEqual([...pushes].sort())
    const trees = board.line.map(({ fact }) => fact.tree)
    expect(trees).toEqual([first?.tree, second?.tree, first?.tree, treeOf(base)])
    const told = [...events.values()].filter(({ kind }) => kind === 'undone')
    expect(told).toMatchObject([
      { push: pushes[1], asker: carol.actor, reason: 'slow' },
      { push: pushes[0], asker: bob.actor },
    ])
  }
  expect(undo(stage, bob)).toMatchObject({ kind: 'refused', code: 'STALE' })
})

test('S673: two members who undo one landing at once undo it once', () => {
  const { stage, people: [alice, bob, carol] } = landed()
  undo(stage, bob)
  undo(stage, carol)
  stage.deliver()
  for (let n = 0; n < 4; n++) work(stage, alice)
  stage.pass(2_000)
  expect(alice.engine.board.line.map((step) => 'undoes' in step)).toEqual([false, false, true])
  expect(alice.engine.desk?.undo).toBeUndefined()
})

test('S673: who may not write any more asks in vain', () => {
  const { stage, people: [alice, bob] } = landed()
  const member = alice.engine.membership.byKey(bob.key)
  undo(stage, bob)
  Object.assign(member as object, { role: 'observer' })
  stage.jobsOf(alice)
  stage.deliver()
  stage.pass(1_000)
  expect(stage.jobsOf(alice).map(({ kind }) => kind)).not.toContain('undo')
})

test('S674: a wish waits for a landing in the tail, and comes before every other', () => {
  const { stage, people: [alice, bob] } = landed()
  const waiting = push(stage, alice)
  undo(stage, bob)
  stage.deliver()
  const jobs = stage.jobsOf(alice)
  expect(jobs.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['merge', 'undo']))
  // The merge ends first, and leads to nothing while the wish counts.
  for (const job of [...jobs].sort((a) => (a.kind === 'merge' ? -1 : 1))) {
    const result = resultOf(job)
    if (job.kind !== 'undo' && result !== undefined) stage.give(alice, { kind: 'worked', result })
  }
  expect(stage.jobsOf(alice).map(({ kind }) => kind)).not.toContain('check')
  const made = jobs.find((job) => job.kind === 'undo')
  stage.give(alice, { kind: 'worked', result: resultOf(made as Job) as Worked })
  stage.deliver()
  expect(alice.engine.board.line.at(-1)).toHaveProperty('undoes')
  for (let n = 0; n < 3; n++) work(stage, alice)
  expect(alice.engine.board.landed.has(waiting)).toBe(true)
})

test('S675: whoever leads after a crash makes the same commit, whose words name all', () => {
  const { stage, people: [alice, bob] } = landed()
  undo(stage, bob, 'breaks the import')
  stage.deliver()
  const job = () => stage.jobsOf(alice).find(({ kind }) => kind === 'undo')
  const before = job()
  stage.restart(alice)
  stage.meetAll()
  stage.pass(30_000)
  const top = alice.engine.board.stack.at(-1)
  const pushed = alice.engine.board.pushes.get(top?.fact.push as FactId)
  expect(before).toMatchObject({
    before: top?.fact.prev,
    by: { name: 'bob' },
    message: `Undo bob@${pushed?.fact.commit.slice(0, 8)}\n\nbreaks the import\n\nKnot-Undo: ${top?.id}`,
  })
  const { holders: _, ...same } = before as Extract<Job, { kind: 'undo' }>
  expect(job()).toMatchObject(same)
})

test('S675: a commit that could not be made is made later, and nothing lands before it', () => {
  const { stage, people: [alice, bob] } = landed()
  undo(stage, bob)
  stage.deliver()
  const job = stage.jobsOf(alice).find((one) => one.kind === 'undo')
  const outcome = { kind: 'broke' as const, why: 'no space' }
  stage.give(alice, { kind: 'worked', result: { ...(job as Job & { kind: 'undo' }), outcome } })
  push(stage, alice)
  expect(stage.jobsOf(alice).map(({ kind }) => kind)).not.toContain('merge')
  stage.pass(1_000)
  work(stage, alice)
  expect(alice.engine.board.line.at(-1)).toHaveProperty('undoes')
})

test('S677: a push brings back what its own agent names, and nobody else’s', () => {
  const { stage, people: [alice, bob, carol], pushes } = landed()
  undo(stage, carol)
  stage.deliver()
  work(stage, alice)
  const merges = (id: FactId) => {
    stage.deliver()
    const all = [...work(stage, alice), ...work(stage, alice), ...work(stage, alice)]
    return all.flatMap((job) => (job.kind === 'merge' && job.push === id ? [job.again] : []))
  }
  const named = [pushes[1] as FactId, pushes[0] as FactId]
  expect(merges(push(stage, carol, named))).toEqual([[]])
  const { fact } = alice.engine.board.landings[1] ?? {}
  const returning = { before: fact?.prev, landing: fact?.commit }
  expect(merges(push(stage, bob, named))).toEqual([[returning]])
  expect(merges(push(stage, bob, named))).toEqual([[]])
})
