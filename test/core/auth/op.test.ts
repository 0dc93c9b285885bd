import { expect, test } from 'vitest'
import {
  makeAdd,
  makeApprove,
  makeClose,
  makeFraud,
  makeGenesis,
  makeInvite,
  makeRecover,
  makeRemove,
  makeRole,
  makeRotate,
} from '../../../src/core/auth/author.ts'
import { type SignedOp, decodeOp, isSigned } from '../../../src/core/auth/op.ts'
import type { ActorId, Hash, Instant, RoomId } from '../../../src/core/brand.ts'
import { hashOf, tagged } from '../../../src/core/bytes/hash.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import { Writer } from '../../../src/core/bytes/writer.ts'
import { AUTH_OP_MAX_BYTES } from '../../../src/core/limits.ts'
import { GENESIS, NOON, admit, alice, bob, carol, invite, name, seal, verify } from './ops.ts'

const room = hashOf(utf8('room')) as RoomId
const ids = [hashOf(utf8('1')), hashOf(utf8('2'))].sort()
const spot = { room, parents: ids, at: NOON }
const actor = `${bob.key}0000000000000001` as ActorId
const later = { seq: 9, incarnation: 'f'.repeat(16) }
const seals = [seal(room, bob, { seq: 3 }), seal(room, bob, later)]
const runs = [
  { changes: [utf8('b'), utf8('c')], signature: new Uint8Array(64).fill(1) },
  { changes: [utf8('a')], signature: new Uint8Array(64).fill(2) },
] as const

const terms = { key: carol.key, role: 'observer', uses: 3, expires: 99 as Instant } as const
const made = invite(alice, spot, 'link')
const OPS: SignedOp[] = [
  makeGenesis(alice, GENESIS),
  makeGenesis(alice, { ...GENESIS, approve: true }),
  makeInvite(alice, spot, terms),
  makeInvite(alice, spot, { ...terms, expires: undefined }),
  admit(alice, spot, carol, { invite: made, word: 'link' }),
  makeApprove(alice, spot, ids[0] as Hash),
  makeAdd(alice, spot, { member: bob.key, name: name('bob'), role: 'relay' }),
  makeClose(alice, spot, { invite: made.id, why: 'revoked', admissions: ids }),
  makeClose(alice, spot, { invite: made.id, why: 'spent', admissions: [] }),
  makeRole(alice, spot, { member: bob.key, role: 'admin', seals }),
  makeRemove(alice, spot, { member: bob.key, seals: [...seals].reverse() }),
  makeRotate(bob, spot, { next: carol, seals }),
  makeFraud(alice, spot, { actor, volume: ids[0] as Hash, runs }),
  makeRecover(alice, spot, { era: 1, voters: [actor] }),
]

test('S107: every kind of op reads back as it was written', () => {
  for (const made of OPS) {
    const read = decodeOp(made.bytes)
    expect(read, made.op.deed.kind).toEqual({ kind: 'ok', value: made })
    expect(isSigned(made, verify)).toBe(true)
  }
})

test('S107: the id covers the body and not the signature', () => {
  const { bytes, id } = OPS[5] as SignedOp
  expect(id).toBe(hashOf(tagged('knot/auth/1', bytes.slice(2, -64))))
  const otherwise = bytes.slice()
  otherwise[bytes.length - 1] = (otherwise.at(-1) as number) ^ 1
  const read = decodeOp(otherwise)
  expect(read.kind === 'ok' && read.value.id).toBe(id)
  expect(read.kind === 'ok' && isSigned(read.value, verify)).toBe(false)
})

test('S110: a room is the id of its genesis', () => {
  const genesis = OPS[0] as SignedOp
  expect(genesis.op.room).toBe(genesis.id)
})

test('S109: an op that is cut short, or has a byte more, is malformed', () => {
  for (const { bytes, op } of OPS) {
    for (let size = 0; size < bytes.length; size += 7) {
      expect(decodeOp(bytes.subarray(0, size)).kind, op.deed.kind).toBe('malformed')
    }
    expect(decodeOp(new Uint8Array([...bytes, 0])).kind).toBe('malformed')
  }
})

test('S109: an op with any one byte changed is malformed or another op', () => {
  for (const { bytes, id } of OPS.slice(0, 12)) {
    for (let at = 0; at < bytes.length - 64; at += 3) {
      const changed = bytes.slice()
      changed[at] = (changed[at] as number) ^ 0x41
      const read = decodeOp(changed)
      if (read.kind === 'malformed') continue
      expect(read.value.id).not.toBe(id)
      expect(isSigned(read.value, () => true)).toBe(true)
    }
  }
})

test('S109: an op over the limit is malformed before it is read', () => {
  const read = decodeOp(new Uint8Array(AUTH_OP_MAX_BYTES + 1))
  expect(read).toMatchObject({ kind: 'malformed', why: expect.stringContaining('over') })
})

/** The bytes of an op made by hand, with a signature of zeros. */
function raw(write: (writer: Writer) => Writer): Uint8Array {
  return new Writer().bytes(write(new Writer()).done()).raw(new Uint8Array(64)).done()
}

function head(writer: Writer, parents: readonly Hash[] = ids): Writer {
  writer.u8(1).id(room).id(alice.key).list(parents, parent => writer.id(parent))
  return writer.uint(NOON)
}

function why(bytes: Uint8Array): string {
  const read = decodeOp(bytes)
  return read.kind === 'malformed' ? read.why : 'ok'
}

test('S109: one set of ids has one spelling', () => {
  const approve = (parents: readonly Hash[]) => raw(w => head(w, parents).u8(4).id(room))
  expect(why(approve(ids))).toBe('ok')
  expect(why(approve([...ids].reverse()))).toContain('out of order')
  expect(why(approve([ids[0] as Hash, ids[0] as Hash]))).toContain('out of order')
  expect(why(approve([]))).toContain('outside any room')
  const many = Array.from({ length: 17 }, (_, at) => hashOf(utf8(`${at}`))).sort()
  expect(why(approve(many.slice(1)))).toBe('ok')
  expect(why(approve(many))).toContain('out of range')
})

test('S108: numbers that no kind, role, reason or policy has are malformed', () => {
  const inviting = (role: number, uses: number) => {
    return raw(w => head(w).u8(2).id(carol.key).u8(role).uint(uses).uint(0))
  }
  expect(why(inviting(2, 1))).toBe('ok')
  expect(why(inviting(1, 1))).toContain('role 1')
  expect(why(inviting(6, 1))).toContain('role 6')
  expect(why(inviting(2, 0))).toContain('nobody')
  expect(why(inviting(2, 201))).toContain('out of range')
  expect(why(raw(w => head(w).u8(12)))).toContain('op kind 12')
  expect(why(raw(w => head(w).u8(0)))).toContain('op kind 0')
  expect(why(raw(w => head(w).u8(6).id(room).u8(3).uint(0)))).toContain('reason 3')
  expect(why(raw(w => w.u8(2).id(room)))).toContain('version 2')
  expect(why(raw(w => head(w).u8(8).id(bob.key).uint(1).id(actor).id(room).uint(0)))).toContain(
    'seal at 0',
  )
})

test('S102: an op that holds a name which is none is malformed', () => {
  const named = (text: string) => raw(w => head(w).u8(5).id(bob.key).text(text).u8(3))
  expect(why(named('bob'))).toBe('ok')
  expect(why(named('b/b'))).toContain('a name that is none')
})

test('bytes of one purpose are never those of another', () => {
  expect(tagged('knot/auth/1', utf8('x'))).not.toEqual(tagged('knot/auth/', utf8('1x')))
})
