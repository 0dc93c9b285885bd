import { expect, test } from 'vitest'
import type { ActorId, Oid } from '../../../src/core/brand.ts'
import { type FactId, type Facts, writeFact } from '../../../src/core/room/facts.ts'
import { idOf } from '../../../src/core/room/origin.ts'
import { type Board, emptyBoard, foldFact, standingOf } from '../../../src/core/room/views/board.ts'
import { foldStep, openAsk, undoneOf } from '../../../src/core/room/views/undo.ts'
import { alice, bob } from './cast.ts'
import { asked, landed, oid, pushed, pushId, undone } from './drafts.ts'

const everybody = () => true
const isAlice = (actor: ActorId) => actor === alice.actor
const landingId = ({ landings }: Board, seq: number) =>
  landings.find((landing) => landing.seq === seq)?.id as FactId
const aPush = (n: number, actor: ActorId = alice.actor) => pushId(n, actor, pushed(n))
/** A push that brings the third of alice's back. */
const bringing = (n: number) => pushed(n, { again: [aPush(3)] })
const broughtBy = (n: number, actor: ActorId) => pushId(n, actor, bringing(n))
const treeOf = (commit: Oid) => oid(`tree ${commit}`)

function confirm(board: Board, seq: number, fact: Facts['landings']) {
  const place = { actor: alice.actor, topic: 'landings' as const, n: seq }
  return foldStep(board, { seq, term: 1, place, value: writeFact('landings', fact) })
}

function say(board: Board, n: number, fact: Facts['landings'], actor: ActorId = bob.actor): FactId {
  const place = { actor, topic: 'landings' as const, n }
  const value = writeFact('landings', fact)
  foldFact(board, place, value)
  return idOf({ place, value })
}

/** A board on which three pushes of alice landed, one on the other, at 1, 2 and 3. */
function three(): Board {
  const board = emptyBoard()
  for (const n of [1, 2, 3]) {
    foldFact(board, { actor: alice.actor, topic: 'refs', n }, writeFact('refs', pushed(n)))
    confirm(board, n, landed(aPush(n), oid(n), n === 1 ? oid('base') : oid(n - 1)))
  }
  return board
}

const stands = (board: Board) => board.stack.map(({ seq }) => seq)
const head = (board: Board) => board.line.at(-1)?.fact.commit

test('S670: undos take the landings back one by one, and the head only goes forward', () => {
  const board = three()
  const first = undone(landingId(board, 3), oid(3), { tree: treeOf(oid(2)) })
  expect(confirm(board, 4, first)).toMatchObject({ undoes: { seq: 3 } })
  expect([stands(board), head(board)]).toEqual([[1, 2], first.commit])
  const second = undone(landingId(board, 2), first.commit, { tree: treeOf(oid(1)) })
  expect(confirm(board, 5, second)).toBeDefined()
  expect(confirm(board, 6, landed(aPush(9), oid(9), second.commit))).toBeDefined()
  expect([stands(board), head(board)]).toEqual([[1, 6], oid(9)])
  const third = undone(landingId(board, 6), oid(9), { tree: treeOf(oid(1)) })
  expect(confirm(board, 7, third)).toBeDefined()
  const last = undone(landingId(board, 1), third.commit, { tree: oid('tree of the base') })
  expect(confirm(board, 8, last)).toBeDefined()
  expect([stands(board), head(board), board.line.length]).toEqual([[], last.commit, 8])
})

test('S671: an undo of another landing, from another head or to another tree is none', () => {
  const board = three()
  const right = { tree: treeOf(oid(2)) }
  const before = structuredClone(board)
  for (const wrong of [
    undone(landingId(board, 2), oid(3), right),
    undone(landingId(board, 3), oid(2), right),
    undone(landingId(board, 3), oid(3), { tree: treeOf(oid(1)) }),
    asked(landingId(board, 3), oid(3)),
  ]) expect(confirm(board, 4, wrong)).toBeUndefined()
  expect(confirm(board, 3, undone(landingId(board, 3), oid(3), right))).toBeUndefined()
  expect(board).toEqual(before)
  expect(confirm(board, 4, undone(landingId(board, 3), oid(3), right))).toBeDefined()
  expect(confirm(board, 5, undone(landingId(board, 3), oid(3), right))).toBeUndefined()
})

test('S671: the first landing of a room without a base is not undone: nothing is before it', () => {
  const board = emptyBoard()
  confirm(board, 1, landed(aPush(1), oid(1)))
  say(board, 0, asked(landingId(board, 1), oid(1)))
  expect(openAsk(board, everybody)).toBeUndefined()
  expect(confirm(board, 2, undone(landingId(board, 1), oid(1)))).toBeUndefined()
})

test('S673: a wish counts while the head is what its author saw, and never again', () => {
  const board = three()
  const id = say(board, 0, asked(landingId(board, 3), oid(3)))
  say(board, 1, asked(landingId(board, 2), oid(3)))
  say(board, 2, asked(landingId(board, 2), oid(2)))
  expect(openAsk(board, everybody)?.id).toBe(id)
  expect(openAsk(board, isAlice)).toBeUndefined()
  confirm(board, 4, landed(aPush(4), oid(4), oid(3)))
  expect(openAsk(board, everybody)).toBeUndefined()
  // Landing 3 is the last again, but this is another head.
  confirm(board, 5, undone(landingId(board, 4), oid(4), { tree: treeOf(oid(3)) }))
  expect([stands(board), openAsk(board, everybody)]).toEqual([[1, 2, 3], undefined])
})

test('S673: of two wishes for one landing the older is answered, in any order, and one undo made', () => {
  for (const order of [[0, 1], [1, 0]]) {
    const board = three()
    for (const n of order) say(board, n, asked(landingId(board, 3), oid(3), { at: (9 - n) as never }))
    expect(openAsk(board, everybody)?.place.n).toBe(1)
    confirm(board, 4, undone(landingId(board, 3), oid(3), { tree: treeOf(oid(2)) }))
    expect(openAsk(board, everybody)).toBeUndefined()
  }
})

test('S676: an undone push is neither landed nor queued, and never lands again by itself', () => {
  const board = three()
  const fact = undone(landingId(board, 3), oid(3), { tree: treeOf(oid(2)) })
  confirm(board, 4, fact)
  expect(standingOf(board, aPush(3), () => undefined)).toMatchObject({ kind: 'undone' })
  expect([board.open.size, board.unlanded.size]).toEqual([0, 0])
  expect(confirm(board, 5, landed(aPush(3), oid(5), fact.commit))).toBeUndefined()
  expect(stands(board)).toEqual([1, 2])
})

test('S677: a push that was brought back is not brought back twice, until it is undone again', () => {
  const board = three()
  const fact = undone(landingId(board, 3), oid(3), { tree: treeOf(oid(2)) })
  confirm(board, 4, fact)
  const pushes = () => undoneOf(board, isAlice).map(({ undoes }) => undoes.fact.push)
  expect([pushes(), undoneOf(board, (actor) => actor === bob.actor)]).toEqual([[aPush(3)], []])
  const push = (n: number, actor: ActorId) => {
    const value = writeFact('refs', bringing(n))
    foldFact(board, { actor, topic: 'refs', n }, value)
  }
  // Another agent may say so and brings nothing back.
  push(7, bob.actor)
  confirm(board, 5, landed(broughtBy(7, bob.actor), oid(7), fact.commit))
  expect(pushes()).toEqual([aPush(3)])
  push(8, alice.actor)
  expect(pushes()).toEqual([aPush(3)])
  confirm(board, 6, landed(broughtBy(8, alice.actor), oid(8), oid(7)))
  expect(pushes()).toEqual([])
  confirm(board, 7, undone(landingId(board, 6), oid(8), { tree: treeOf(oid(7)) }))
  expect(pushes()).toEqual([broughtBy(8, alice.actor)])
})
