/** What a voter says, and what that proves. */
import { describe, expect, test } from 'vitest'
import type { Hash } from '../../../src/core/brand.ts'
import { confirmedSeq, votersOf } from '../../../src/core/lease/lease.ts'
import { enoughOf, majorityOf } from '../../../src/core/lease/voters.ts'
import { TERM_JUMP_MAX } from '../../../src/core/limits.ts'
import { actorNamed, actors, keyNamed, Lab, ROOM } from './cast.ts'
import { answer, follow, next, stand, unfit } from './forge.ts'

test('S210: majorities and what meets each of them', () => {
  expect([1, 2, 3, 4, 5, 6, 7].map(majorityOf)).toEqual([1, 2, 2, 3, 3, 4, 4])
  expect([1, 2, 3, 4, 5, 6, 7].map(enoughOf)).toEqual([1, 1, 2, 2, 3, 3, 4])
})

describe('grants', () => {
  test('S211: one candidate gets the grant of a term, however often it asks, and no other', () => {
    const lab = new Lab({ names: 'ABC' })
    expect(answer(lab, 'C', stand('A', { term: 1 }))).toBe('grant')
    expect(answer(lab, 'C', stand('A', { term: 1 }))).toBe('grant')
    expect(answer(lab, 'C', stand('B', { term: 1 }))).toBe('refuse')
    expect(lab.disks.get('C')?.journal.length).toBe(1)
  })

  test('S211: a grant promises nothing lower, across a restart', () => {
    const lab = new Lab({ names: 'ABC' })
    answer(lab, 'C', stand('A', { term: 5 }))
    lab.restart('C')
    expect(answer(lab, 'C', stand('B', { term: 4 }))).toBe('refuse')
    expect(answer(lab, 'C', stand('B', { term: 6 }))).toBe('grant')
  })

  test('S212: no grant for a chain that ranks below: the last term first, then the length', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.settle('ABC')
    const { id } = lab.lease('C').chain.held[0] as { id: Hash }
    const none = stand('B', { term: 2 })
    const long = stand('B', { term: 2, last: { term: 0, seq: 9 } })
    const other = stand('B', { term: 2, last: { term: 1, seq: 1 }, lastId: ROOM })
    const same = stand('B', { term: 2, last: { term: 1, seq: 1 }, lastId: id })
    const asked = [none, long, other, same].map((one) => answer(lab, 'C', one))
    expect(asked).toEqual(['refuse', 'refuse', 'refuse', 'grant'])
  })

  test('S213: no grant for a term that leaps', () => {
    const lab = new Lab({ names: 'ABC' })
    expect(answer(lab, 'C', stand('A', { term: TERM_JUMP_MAX + 1 }))).toBe('nothing')
    expect(answer(lab, 'C', stand('A', { term: TERM_JUMP_MAX }))).toBe('grant')
  })

  test('S213: a refusal that names a huge term does not lift the candidate out of reach', () => {
    const lab = new Lab({ names: 'ABC' })
    const refusal = { kind: 'refuse', era: 0, term: 2 ** 50, last: { term: 0, seq: 0 } } as const
    lab.step('A', { kind: 'heard', from: keyNamed('B'), message: refusal })
    expect(lab.elect('A', 'BC')).toBe(true)
  })

  test('S214: whoever hears the leader would not grant, except to that leader', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.pass('ABC', 2_000)
    const { id } = lab.lease('C').chain.held[0] as { id: Hash }
    const at = { term: 2, last: { term: 1, seq: 1 }, lastId: id, phase: 'pre' } as const
    expect(answer(lab, 'C', stand('B', at))).toBe('nothing')
    expect(answer(lab, 'C', stand('A', at))).toBe('pre-grant')
    lab.doubt('C')
    expect(answer(lab, 'C', stand('B', at))).toBe('pre-grant')
    expect(lab.lease('C').journal.promised).toBe(1)
  })

  test('S214: a forged stand, or one of a stranger, is not answered', () => {
    const lab = new Lab({ names: 'ABC' })
    const forged = { ...stand('A', { term: 1 }), signature: new Uint8Array(64) }
    expect(answer(lab, 'C', forged)).toBe('nothing')
    expect(answer(lab, 'C', stand('X', { term: 1 }))).toBe('nothing')
  })
})

describe('accepts', () => {
  test('S215: an accept is for the whole tail, in its term, and promises that term', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'B')
    lab.deliver({ from: 'A', to: 'C', kind: 'records' })
    const { accepted, promised } = lab.lease('C').journal
    expect([accepted?.term, accepted?.seq, promised]).toEqual([1, 1, 1])
    expect(answer(lab, 'C', stand('B', { term: 1 }))).toBe('refuse')
  })

  test('S215: a tail below the promise is held and not accepted', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'B')
    const late = lab.take({ from: 'A', to: 'C', kind: 'records' })
    answer(lab, 'C', stand('B', { term: 7 }))
    for (const letter of late) lab.hand(letter)
    expect(lab.lease('C').chain.held.length).toBe(1)
    expect(lab.lease('C').journal.accepted).toBeUndefined()
  })

  test('S216: a tail is replaced by one that ranks higher, and never by a lower one', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'B')
    lab.propose('A', 'more')
    const late = lab.take({ from: 'A', to: 'C', kind: 'records' })
    lab.elect('B', 'C')
    lab.deliver({ from: 'B', to: 'C', kind: 'records' })
    for (const letter of late) lab.hand(letter)
    expect(lab.lease('C').chain.held.map(({ record }) => record.term)).toEqual([2])
    lab.settle('ABC')
    expect(lab.lease('A').chain.held.map(({ record }) => record.term)).toEqual([2])
  })

  test('S217: what an older term wrote is confirmed by a record of the new one, not alone', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'B')
    lab.propose('A', 'old')
    lab.lose({})
    lab.elect('A', 'C')
    expect(confirmedSeq(lab.lease('A'))).toBe(0)
    lab.settle('AC')
    expect(confirmedSeq(lab.lease('A'))).toBe(3)
  })

  test('S218: two of three confirm; one of two does', () => {
    const three = new Lab({ names: 'ABC' })
    three.elect('A', 'B')
    expect(confirmedSeq(three.lease('A'))).toBe(0)
    three.settle('AC')
    expect(confirmedSeq(three.lease('A'))).toBe(1)
    const two = new Lab({ names: 'AB' })
    two.elect('A', 'B')
    expect(confirmedSeq(two.lease('A'))).toBe(1)
  })
})

describe('changes of voters', () => {
  test('S219: until a change counts it takes enough of both sets', () => {
    const lab = threeOfTwo()
    lab.propose('A', 'one of two, one of three')
    expect(confirmedSeq(lab.lease('A'))).toBe(1)
    lab.settle('AC')
    expect(confirmedSeq(lab.lease('A'))).toBe(3)
  })

  test('S220: a change counts by enough of both sets and a majority of the new one', () => {
    const lab = new Lab({ names: 'AB', first: 'A' })
    for (const name of 'AB') lab.members(name, 'AB')
    lab.elect('A', '')
    lab.deliver({ from: 'A', to: 'B' })
    lab.deliver({ from: 'B', to: 'A', kind: 'accept' })
    // The leader alone is enough of both, and no majority of two.
    expect(confirmedSeq(lab.lease('A'))).toBe(2)
    expect(votersOf(lab.lease('A'))).toEqual({ voters: actors('AB'), counts: false })
    lab.settle('AB')
    expect(votersOf(lab.lease('A')).counts).toBe(true)
  })

  test('S221: the next change waits until the last one counts, whoever leads', () => {
    const lab = threeOfTwo()
    lab.members('A', 'AC')
    expect(lab.lease('A').chain.changes.length).toBe(1)
    lab.settle('AC')
    expect(lab.lease('A').chain.changes.length).toBe(2)
  })

  test('S221: a record that changes two voters at once, or too early, is refused', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.settle('ABC')
    const two = follow(lab, 'A', { kind: 'voters', voters: actors('A') })
    expect(unfit(lab, 'B', [two])).toBe('bad-change')
    const one = follow(lab, 'A', { kind: 'voters', voters: actors('AB') })
    const again = next(one, { kind: 'voters', voters: actors('A') })
    expect(unfit(lab, 'B', [one, again])).toBe('bad-change')
  })

  test('S222: that a change counts helps only in the term that proves it and later', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.settle('ABC')
    lab.members('A', 'AB')
    lab.lose({})
    lab.elect('A', 'BC')
    lab.settle('AB')
    // The change is of term 1, and what proves that it counts is of term 2.
    const [change] = lab.lease('A').chain.changes
    expect(change).toMatchObject({ term: 1, counted: 2 })
  })

  test('S228: a new incarnation is no voter until a record names it', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.settle('ABC')
    const reborn = [
      { actor: actorNamed('A'), stands: true, online: true },
      { actor: actorNamed('B'), stands: true, online: true },
      { actor: actorNamed('C', 2), stands: true, online: true },
    ]
    lab.reborn('C', 2)
    for (const name of 'ABC') lab.step(name, { kind: 'eligible', members: reborn })
    expect(lab.elect('A', 'C')).toBe(false)
    expect(lab.elect('A', 'B')).toBe(true)
    lab.connect('C', 'A')
    lab.settle('ABC')
    lab.settle('ABC')
    const { voters, counts } = votersOf(lab.lease('A'))
    expect(voters).toContain(actorNamed('C', 2))
    expect(voters).not.toContain(actorNamed('C', 1))
    expect(counts).toBe(true)
  })
})

/** A leads AB with the change to ABC appended, accepted by nobody else. */
function threeOfTwo(): Lab {
  const lab = new Lab({ names: 'ABC', first: 'AB' })
  for (const name of 'ABC') lab.members(name, 'ABC')
  lab.elect('A', 'B')
  lab.deliver({ from: 'A', to: 'C', kind: 'records' })
  lab.deliver({ from: 'C', to: 'A', kind: 'accept' })
  expect(votersOf(lab.lease('A'))).toEqual({ voters: actors('ABC'), counts: false })
  return lab
}
