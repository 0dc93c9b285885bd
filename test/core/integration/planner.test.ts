import { expect, test } from 'vitest'
import { inOrder, nextSteps, others, undoSteps } from '../../../src/core/integration/planner.ts'
import { FILES_NAMED_MAX } from '../../../src/core/limits.ts'
import { dice } from '../room/cast.ts'
import { failed, oid, passed, pushId } from '../room/drafts.ts'
import { desk, head, type Known, lineOf, outcomes, push } from './cast.ts'

/** The steps when so many pushes wait and the desk knows this of each. */
function steps(...known: (Known | undefined)[]): string[] {
  const queue = known.map((_, n) => push(n))
  return nextSteps(desk(...known), queue).map(lineOf)
}

test('S494: the next step of each slot follows from the desk', () => {
  const table: [(Known | undefined)[], string[]][] = [
    [[], []],
    [[undefined], ['merge 0']],
    [[undefined, undefined], ['merge 0']],
    [['merging', undefined], []],
    [['clean'], ['check 0']],
    [['clean', undefined], ['merge 1', 'check 0']],
    [['clean', 'clean'], ['check 0']],
    [['checking', 'clean', undefined], ['merge 2']],
    [['passed'], ['land 0']],
    [['passed', 'clean', undefined], ['merge 2', 'land 0']],
    [['unrelated', 'contained'], ['refuse 0 unrelated', 'refuse 1 contained']],
  ]
  for (const [known, expected] of table) expect(steps(...known), known.join()).toEqual(expected)
})

test('S494: the steps carry what was found out', () => {
  const tree = oid('tree')
  expect(nextSteps(desk('passed'), [push(0)])).toEqual([
    { kind: 'land', item: push(0), tree, commit: oid('landing'), checks: [passed], steers: [] },
  ])
  expect(nextSteps(desk('clean'), [push(0)])).toEqual([{ kind: 'check', item: push(0), tree }])
  const refusal = { kind: 'check', checks: [failed], output: 'not ok 1' }
  expect(nextSteps(desk('failed'), [push(0)])).toEqual([{ kind: 'refuse', item: push(0), refusal }])
  expect(nextSteps(desk('conflict'), [push(0)])).toEqual([
    { kind: 'refuse', item: push(0), refusal: outcomes.conflict },
  ])
})

test('S495: conflicts are told while a check runs, and while a landing waits', () => {
  expect(steps('checking', undefined)).toEqual(['merge 1'])
  expect(steps('checking', 'conflict', undefined)).toEqual(['refuse 1 conflict', 'merge 2'])
  expect(steps('landing', 'conflict', undefined)).toEqual(['refuse 1 conflict', 'merge 2'])
})

test('S495: a push that fails holds nobody up', () => {
  expect(steps('conflict', 'clean')).toEqual(['refuse 0 conflict', 'check 1'])
  expect(steps('failed', 'clean')).toEqual(['refuse 0 check', 'check 1'])
  expect(steps('failed', 'passed')).toEqual(['refuse 0 check', 'land 1'])
  expect(steps('broke', 'check broke', 'clean')).toEqual(['retry 0', 'retry 1', 'check 2'])
})

test('S496: nothing is checked or landed while a landing is not confirmed', () => {
  for (const known of ['clean', 'passed', undefined] as const) {
    expect(steps('landing', known).filter((step) => !step.startsWith('merge'))).toEqual([])
  }
  expect(steps('landing')).toEqual([])
  expect(steps('passed', 'landing')).toEqual([])
})

test('S496: a landing that is not of this queue holds the slot as well', () => {
  const made = desk('passed')
  made.landing = pushId(40)
  expect(nextSteps(made, [push(0)])).toEqual([])
})

test('S496: a landing that was adopted from another leader is not merged anew', () => {
  const made = desk()
  made.landing = push(0).push
  expect(nextSteps(made, [push(0), push(1)]).map(lineOf)).toEqual(['merge 1'])
})

test('S496: a later push does not land before an earlier one that may still pass', () => {
  expect(steps(undefined, 'passed')).toEqual(['merge 0'])
  expect(steps('merging', 'passed')).toEqual([])
  expect(steps('clean', 'passed')).toEqual(['check 0'])
  expect(steps('checking', 'passed')).toEqual([])
  expect(steps('passed', 'passed')).toEqual(['land 0'])
})

test('S497: what broke here is tried again, and is no verdict on the push', () => {
  expect(nextSteps(desk('broke'), [push(0)])).toEqual([
    { kind: 'retry', item: push(0), why: 'the disk is full' },
  ])
  expect(steps('check broke')).toEqual(['retry 0'])
})

test('S494: the queue is in the order of the authors’ clocks, then of the ids', () => {
  const tied = [push(0, 5), push(1, 5), push(2, 1)]
  const [first, second] = [push(0, 5), push(1, 5)].sort((a, b) => (a.push < b.push ? -1 : 1))
  expect(inOrder(tied)).toEqual([push(2, 1), first, second])
  expect(inOrder([...tied].reverse())).toEqual(inOrder(tied))
})

test('S494: the same desk and queue give the same steps, in whatever order they are listed', () => {
  const roll = dice(494)
  const all: (Known | undefined)[] = [
    undefined, 'clean', 'conflict', 'unrelated', 'contained', 'broke',
    'passed', 'failed', 'check broke', 'merging', 'checking', 'landing',
  ]
  for (let round = 0; round < 150; round++) {
    const known = Array.from({ length: roll(7) }, () => all[roll(all.length)])
    const queue = known.map((_, n) => push(n))
    const made = desk(...known)
    const before = structuredClone(made)
    const taken = nextSteps(made, queue)
    const mixed = [...queue].sort(() => roll(3) - 1)
    expect(nextSteps(desk(...known), mixed)).toEqual(taken)
    expect(made).toEqual(before)
    // All may be taken at once: no push twice, and at most one of each slot.
    const items = taken.map(({ item }) => item.push)
    expect(new Set(items).size).toBe(items.length)
    const slots = taken.map(({ kind }) => (kind === 'land' ? 'check' : kind))
    for (const slot of ['merge', 'check']) {
      expect(slots.filter((one) => one === slot).length).toBeLessThan(2)
    }
  }
})

test('S498: a conflict names the landed pushes on its other side, each once', () => {
  const landed = new Map([[oid(1), pushId(1)], [oid(2), pushId(1)], [oid(3), pushId(2)]])
  expect(others([oid(9), oid(2), oid(1), oid(3)], landed)).toEqual([
    { push: pushId(1), commit: oid(2) },
    { push: pushId(2), commit: oid(3) },
  ])
  const many = Array.from({ length: 2 * FILES_NAMED_MAX }, (_, n) => oid(n))
  const all = new Map(many.map((commit, n) => [commit, pushId(n)]))
  expect(others(many, all)).toHaveLength(100)
  expect(others([head], landed)).toEqual([])
})

test('S674: an undo is made, then recorded, once nothing is in the tail any more', () => {
  const [ask, other] = [pushId(1), pushId(2)]
  const none = { ...desk(), undo: undefined }
  expect(undoSteps({ ...none, landing: pushId(3) }, ask)).toEqual([])
  expect(undoSteps(none, ask)).toEqual([{ kind: 'undo', ask }])
  // Another wish for the same, heard while the first one's commit is made, makes no other one.
  expect(undoSteps({ ...none, undo: { ask, outcome: undefined } }, other)).toEqual([])
  const made = { kind: 'made' as const, commit: oid('commit'), tree: oid('tree') }
  expect(undoSteps({ ...none, undo: { ask, outcome: made } }, other)).toEqual([
    { kind: 'take-back', ask, commit: oid('commit'), tree: oid('tree') },
  ])
  const broke = { kind: 'broke' as const, why: 'disk' }
  expect(undoSteps({ ...none, undo: { ask, outcome: broke } }, ask)).toEqual([
    { kind: 'retry-undo', ask, why: 'disk' },
  ])
})
