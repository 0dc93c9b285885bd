import { expect, test } from 'vitest'
import {
  type JoinAnswer,
  REFUSALS,
  decodeJoinAnswer,
  decodeJoinRequest,
  encodeJoinAnswer,
  encodeJoinRequest,
  isProven,
} from '../../../src/core/auth/join.ts'
import type { RoomId } from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import { bob, carol, name, requestOf, signer, verify } from './ops.ts'

const room = hashOf(utf8('room')) as RoomId
const request = requestOf(room, carol, 'link')

test('S146: a request reads back as it was written', () => {
  expect(decodeJoinRequest(encodeJoinRequest(request))).toEqual({ kind: 'ok', value: request })
})

test('S146: a request is proven by the key of the invite and by the key of the joiner', () => {
  expect(isProven(request, verify)).toBe(true)
  for (const changed of [
    { ...request, member: bob.key },
    { ...request, invite: signer('other').key },
    { ...request, room: hashOf(utf8('other')) as RoomId },
    { ...request, name: name('mallory') },
    { ...request, proof: request.signature },
    { ...request, signature: request.proof },
  ]) {
    expect(isProven(changed, verify)).toBe(false)
  }
})

test('S146: a request that is cut short, longer or of another version is malformed', () => {
  const bytes = encodeJoinRequest(request)
  expect(decodeJoinRequest(bytes.subarray(0, -1)).kind).toBe('malformed')
  expect(decodeJoinRequest(new Uint8Array([...bytes, 0])).kind).toBe('malformed')
  expect(decodeJoinRequest(new Uint8Array([2, ...bytes.subarray(1)])).kind).toBe('malformed')
})

test('S147: every answer reads back as it was written', () => {
  const answers: JoinAnswer[] = [
    { kind: 'admitted', ops: [utf8('one'), utf8('two')] },
    { kind: 'pending', admission: hashOf(utf8('op')), approvers: [name('alice')] },
    ...REFUSALS.map(code => ({ kind: 'refused', code, why: 'Because.' }) as const),
  ]
  for (const answer of answers) {
    expect(decodeJoinAnswer(encodeJoinAnswer(answer))).toEqual({ kind: 'ok', value: answer })
  }
})

test('S147: an answer of an unknown kind or code is malformed', () => {
  for (const bytes of [[2, 1, 0], [1, 4], [1, 3, 0, 0], [1, 3, 11, 0], [1, 1, 1], []]) {
    expect(decodeJoinAnswer(new Uint8Array(bytes)).kind, `${bytes}`).toBe('malformed')
  }
})
