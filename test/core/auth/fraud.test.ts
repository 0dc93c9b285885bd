import { expect, test } from 'vitest'
import type { ProofRun } from '../../../src/core/auth/deed.ts'
import { forkOf, inProofOrder } from '../../../src/core/auth/fraud.ts'
import type { Hash, RoomId } from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import { VOLUME, alice, bob, verify } from './ops.ts'
import { actorAt, branch, proofOf } from './streams.ts'

const room = hashOf(utf8('room')) as RoomId
const shared = { seq: 7, hash: hashOf(utf8('change 7')) }
const one = branch(room, bob, shared, ['plum'])
const other = branch(room, bob, shared, ['pear', 'peach', 'fig'])

test('S138: two signed runs that part at one predecessor prove a fork there', () => {
  expect(forkOf(room, proofOf(bob, one, other), verify)).toEqual({ kind: 'fork', ...shared })
})

test('S138: a proof has one order of its runs', () => {
  const [a, b] = inProofOrder(one, other)
  expect(inProofOrder(other, one)).toEqual([a, b])
  const swapped = { ...proofOf(bob, one, other), runs: [b, a] as const }
  expect(forkOf(room, swapped, verify)).toMatchObject({ kind: 'unproven' })
})

test('S138: what is not a fork, or not signed, proves nothing', () => {
  const later = branch(room, bob, { seq: 8, hash: shared.hash }, ['plum'])
  const elsewhere = branch(room, bob, { seq: 7, hash: VOLUME }, ['plum'])
  const foreign = branch(room, alice, shared, ['plum'])
  const unsigned: ProofRun = { ...one, signature: other.signature }
  const unlinked: ProofRun = { ...other, changes: [other.changes[0], other.changes[2]] as never }
  const empty: ProofRun = { changes: [], signature: one.signature }
  const junk: ProofRun = { changes: [utf8('junk')], signature: one.signature }
  for (const run of [one, later, elsewhere, foreign, unlinked, empty, junk]) {
    expect(forkOf(room, proofOf(bob, one, run), verify).kind).toBe('unproven')
  }
  expect(forkOf(room, proofOf(bob, unsigned, other), verify).kind).toBe('unproven')
})

test('S138: a proof of another room, volume or life proves nothing', () => {
  const proof = proofOf(bob, one, other)
  expect(forkOf(VOLUME as Hash as RoomId, proof, verify).kind).toBe('unproven')
  expect(forkOf(room, { ...proof, volume: shared.hash }, verify).kind).toBe('unproven')
  expect(forkOf(room, { ...proof, actor: actorAt(bob, 2) }, verify).kind).toBe('unproven')
})
