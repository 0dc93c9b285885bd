import { expect, test } from 'vitest'
import type { ActorId } from '../../../src/core/brand.ts'
import { type FactId, type Refused, writeFact } from '../../../src/core/room/facts.ts'
import { type Board, emptyBoard, foldFact, foldLanding } from '../../../src/core/room/views/board.ts'
import { checkedPushes } from '../../../src/core/room/views/checked.ts'
import { alice, bob } from './cast.ts'
import { at, landed, oid, pushId } from './drafts.ts'

/** Term 1 was led by alice, term 2 by bob. */
const leader = (term: number) => [undefined, alice.actor, bob.actor][term]

function refuse(board: Board, actor: ActorId, n: number, fact: Partial<Refused>): void {
  const whole = { at: at(n), term: 1, push: pushId(0), kind: 'check', checks: [], output: `${n}` }
  const value = writeFact('verdicts', { ...whole, ...fact } as Refused)
  foldFact(board, { actor, topic: 'verdicts', n }, value)
}

function land(board: Board, seq: number, push: FactId): void {
  const fact = { ...landed(push, oid(`landing ${seq}`)), at: at(seq) }
  const place = { actor: bob.actor, topic: 'landings' as const, n: seq }
  foldLanding(board, { seq, term: 2, place, value: writeFact('landings', fact) })
}

const told = (board: Board) =>
  checkedPushes(board, leader).map(({ kind, at, by, term }) =>
    `${at} ${kind} by ${by === alice.actor ? 'alice' : 'bob'} in term ${term}`)

test('S745: landings and refusals by a check are listed newest first, with who checked', () => {
  const board = emptyBoard()
  refuse(board, alice.actor, 3, {})
  refuse(board, bob.actor, 5, { term: 2 })
  land(board, 9, pushId(0))
  expect(told(board)).toEqual([
    '9 landed by bob in term 2', '5 refused by bob in term 2', '3 refused by alice in term 1',
  ])
  expect(checkedPushes(board, leader)[0]).toMatchObject({
    landed: oid('landing 9'), checks: [{ outcome: 'passed' }],
  })
})

test('S745: of a term only its leader’s first word, and only checks, are listed', () => {
  const board = emptyBoard()
  refuse(board, bob.actor, 0, {})
  refuse(board, alice.actor, 1, { kind: 'unrelated' })
  refuse(board, alice.actor, 2, {})
  refuse(board, alice.actor, 3, { term: 7 })
  refuse(board, alice.actor, 4, { push: pushId(1) })
  refuse(board, alice.actor, 5, { push: pushId(1) })
  expect(told(board)).toEqual(['4 refused by alice in term 1'])
})
