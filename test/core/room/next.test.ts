import { expect, test } from 'vitest'
import { type FactId, factId, readFact, writeFact } from '../../../src/core/room/facts.ts'
import type { TaskAdded } from '../../../src/core/room/task-facts.ts'
import { type Board, emptyBoard, foldFact } from '../../../src/core/room/views/board.ts'
import { foldRuling } from '../../../src/core/room/views/claims.ts'
import { foldGrant } from '../../../src/core/room/views/locks.ts'
import { candidates, type Passed, waitsFor } from '../../../src/core/room/views/next.ts'
import { alice, bob } from './cast.ts'
import { askId, at, taskId } from './drafts.ts'

const stamp = { at: at(1), term: 1 }
const me = {
  capabilities: ['rust', 'web'],
  isMine: (actor: string) => actor === alice.actor,
  mayHave: () => true,
}

function board(...tasks: Partial<TaskAdded>[]): Board {
  const made = emptyBoard()
  for (const [n, task] of tasks.entries()) {
    const fact: TaskAdded = { ...stamp, kind: 'add', title: `task ${n}`, ...task }
    // By its place alone, so that tasks can name each other in a circle.
    const place = { actor: alice.actor, topic: 'tasks' as const, n }
    made.tasks.set(taskId(n), { id: taskId(n), place, fact })
  }
  return made
}

let seq = 0
function rule(here: Board, n: number, want: 'claim' | 'done' | 'drop', claim?: FactId): void {
  const ask = { actor: bob.actor, n: ++seq }
  const told = claim === undefined ? {} : { claim }
  const fact = { ...stamp, kind: 'rule' as const, want, task: taskId(n), ask, ...told }
  foldRuling(here.claims, { era: 0, term: 1, seq }, fact)
}

function lock(here: Board, actor: typeof bob.actor, globs: string[], mode: 'shared' | 'exclusive') {
  const fact = { ...stamp, kind: 'grant' as const, globs, mode, reason: 'x', ask: { actor, n: ++seq } }
  foldGrant(here.locks, { era: 0, term: 1, seq }, fact)
}

/** Which tasks can be begun, in order. */
const free = (here: Board) =>
  [...candidates(here, me)].filter(({ passed }) => passed === undefined).map(({ entry }) => entry.id)
const why = (here: Board): (Passed['kind'] | undefined)[] =>
  [...candidates(here, me)].map(({ passed }) => passed?.kind)

test('S920: what a task says of itself reads back, and what is no such thing is no task', () => {
  const after = [taskId(3)]
  const fact: TaskAdded = {
    ...stamp, kind: 'add', title: 't', priority: 5, after, needs: ['rust'], paths: ['src/**'],
  }
  expect(readFact('tasks', writeFact('tasks', fact))).toEqual(fact)
  const wrong = [
    { priority: -1 }, { priority: 101 }, { priority: 1.5 }, { after: ['x'] }, { after: 'x' },
    { after: Array(17).fill(taskId(3)) }, { needs: ['Rust'] }, { needs: ['a', 'a'] },
    { needs: [''] }, { paths: [1] }, { paths: Array(65).fill('src') },
  ]
  for (const one of wrong) {
    expect(readFact('tasks', JSON.stringify({ ...fact, ...one }))).toBeUndefined()
  }
})

test('S921: a task waits for those it comes after until each is done or dropped', () => {
  const here = board({}, {}, { after: [taskId(0), taskId(1)] })
  expect(waitsFor(here, taskId(2))).toEqual([taskId(0), taskId(1)])
  rule(here, 0, 'done')
  expect(waitsFor(here, taskId(2))).toEqual([taskId(1)])
  rule(here, 1, 'drop')
  expect(waitsFor(here, taskId(2))).toEqual([])
})

test('S921: one that is not here, and one that comes after itself, are waited for', () => {
  const unknown = factId({ actor: bob.actor, topic: 'tasks', n: 9 })
  const here = board({ after: [unknown] }, { after: [taskId(2)] }, { after: [taskId(1)] })
  expect(waitsFor(here, taskId(0))).toEqual([unknown])
  expect([waitsFor(here, taskId(1)), waitsFor(here, taskId(2))]).toEqual([[taskId(2)], [taskId(1)]])
  expect(free(here)).toEqual([])
  // Whoever ends one of them by its word alone lets the other go.
  rule(here, 1, 'drop')
  expect(free(here)).toEqual([taskId(2)])
})

test('S923: the highest priority comes first, of those the oldest, and the id settles ties', () => {
  const here = board({ at: at(9) }, { at: at(2) }, { at: at(8), priority: 3 }, { at: at(2) })
  const old = [taskId(1), taskId(3)].sort()
  expect(free(here)).toEqual([taskId(2), ...old, taskId(0)])
})

test('S923: what somebody has or asked for, or what waits, is passed over with the reason', () => {
  const here = board({ priority: 3 }, { after: [taskId(0)], priority: 2 }, { priority: 1 }, {})
  rule(here, 0, 'claim')
  const asked = { ...stamp, kind: 'ask' as const, want: 'claim' as const, task: taskId(2), after: 0 }
  const place = { actor: bob.actor, topic: 'claims' as const, n: 50 }
  foldFact(here, place, writeFact('claims', asked))
  expect(why(here)).toEqual(['claimed', 'blocked', 'asked', undefined])
  rule(here, 3, 'done')
  expect(why(here)).toEqual(['claimed', 'blocked', 'asked'])
  rule(here, 0, 'done', askId(1, bob.actor))
})

test('S923: a task is for those who have all that it needs', () => {
  const here = board({ needs: ['rust', 'gpu'], priority: 2 }, { needs: ['web', 'rust'] })
  expect([...candidates(here, me)].map(({ passed }) => passed)).toEqual([
    { kind: 'needs', missing: ['gpu'] },
    undefined,
  ])
})

test('S923: a lock of somebody else on its paths passes it over, one of one’s own does not', () => {
  const here = board({ paths: ['src/core'], priority: 1 }, { paths: ['docs/*.md'] }, {})
  lock(here, bob.actor, ['src/**/*.ts'], 'shared')
  lock(here, alice.actor, ['docs'], 'exclusive')
  expect(why(here)).toEqual(['locked', undefined, undefined])
})
