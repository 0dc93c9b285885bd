/** The published vectors: every byte in them is made again from the inputs beside it. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isSoundKey, signerFrom, verifyReference } from '../../../src/core/auth/ed25519.ts'
import type { Deed } from '../../../src/core/auth/deed.ts'
import { evaluate } from '../../../src/core/auth/evaluate.ts'
import { agentIdOf, fingerprintOf } from '../../../src/core/auth/identity.ts'
import {
  type JoinAnswer,
  type JoinRequest,
  encodeJoinAnswer,
  encodeJoinRequest,
} from '../../../src/core/auth/join.ts'
import { type InviteLink, formatLink, parseLink } from '../../../src/core/auth/link.ts'
import { AuthLog } from '../../../src/core/auth/log.ts'
import {
  admitMessage,
  changeMessage,
  joinMessage,
  rotateMessage,
} from '../../../src/core/auth/messages.ts'
import { decodeOp, signOp } from '../../../src/core/auth/op.ts'
import type { Hash, Instant, PublicKey, RoomId } from '../../../src/core/brand.ts'
import { fromHex, hex } from '../../../src/core/bytes/text.ts'
import type { Signer } from '../../../src/core/crypto.ts'

type Vectors = {
  keys: Record<string, { seed: string; key: PublicKey; agent: string; fingerprint: string }>
  room: RoomId
  ops: {
    name: string
    author: string
    parents: string[]
    at: Instant
    deed: object
    id: Hash
    bytes: string
  }[]
  signatures: {
    purpose: string
    signer: string
    fields: object
    message: string
    signature: string
  }[]
  members: { agent: string }[]
  link: object & { text: string }
  join: { request: object; bytes: string; answers: { answer: object; bytes: string }[] }
  ed25519: {
    what: string
    key: PublicKey
    message: string
    signature: string
    holds: boolean
    sound: boolean
  }[]
}

const file = new URL('../../vectors/auth.json', import.meta.url)
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors

/** Fields that are bytes in the program and hex in the file. */
const BYTES = new Set(['secret', 'seed', 'proof', 'signature'])
const LISTS = new Set(['changes', 'ops'])

function revive<T>(given: object): T {
  const text = JSON.stringify(given)
  return JSON.parse(text, (name, value: unknown) => {
    if (BYTES.has(name) && typeof value === 'string') return bytes(value)
    return LISTS.has(name) && Array.isArray(value) ? value.map(each => bytes(String(each))) : value
  }) as T
}

function bytes(text: string): Uint8Array {
  return fromHex(text) as Uint8Array
}

function signer(name: string): Signer {
  return signerFrom(bytes(vectors.keys[name]?.seed as string))
}

test('S100: agent ids and fingerprints of the vectors', () => {
  for (const [name, { key, agent, fingerprint }] of Object.entries(vectors.keys)) {
    expect(signer(name).key).toBe(key)
    expect(agentIdOf(key)).toBe(agent)
    expect(fingerprintOf(key)).toBe(fingerprint)
  }
})

test('S108: one op of every kind in the vectors', () => {
  const ids = new Map(vectors.ops.map(({ name, id }) => [name, id]))
  for (const { name, author, parents, at, deed, id, bytes: written } of vectors.ops) {
    const op = {
      room: vectors.room,
      parents: parents.map(parent => ids.get(parent) as Hash).sort(),
      at,
      deed: revive<Deed>(deed),
    }
    const made = signOp(signer(author), op)
    expect(hex(made.bytes), name).toBe(written)
    expect(made.id, name).toBe(id)
    expect(decodeOp(bytes(written)), name).toEqual({ kind: 'ok', value: made })
  }
  expect(new Set(vectors.ops.map(({ name }) => name)).size).toBe(11)
})

test('S108: every other signature of the vectors', () => {
  const makers: Record<string, (fields: never) => Uint8Array> = {
    'knot/admit/1': admitMessage,
    'knot/join/1': joinMessage,
    'knot/rotate/1': rotateMessage,
    'knot/op/1': changeMessage,
  }
  for (const { purpose, signer: name, fields, message, signature } of vectors.signatures) {
    const made = (makers[purpose] as (given: object) => Uint8Array)(revive(fields))
    expect(hex(made), purpose).toBe(message)
    expect(hex(signer(name).sign(made)), purpose).toBe(signature)
  }
})

test('S115: the ops of the vectors give their members', () => {
  const log = new AuthLog(vectors.room)
  for (const { bytes: op } of vectors.ops) {
    expect(log.add(bytes(op), verifyReference).kind).toBe('accepted')
  }
  const members = [...(evaluate(log)?.members.values() ?? [])]
  expect(members).toMatchObject(vectors.members)
  expect(members).toHaveLength(vectors.members.length)
})

test('S144: the link of the vectors', () => {
  const { text, ...fields } = vectors.link
  const link = revive<InviteLink>(fields)
  expect(formatLink(link)).toBe(text)
  expect(parseLink(text)).toEqual({ kind: 'link', link })
})

test('S146: the join messages of the vectors', () => {
  const { request, bytes: asked, answers } = vectors.join
  expect(hex(encodeJoinRequest(revive<JoinRequest>(request)))).toBe(asked)
  for (const { answer, bytes: answered } of answers) {
    expect(hex(encodeJoinAnswer(revive<JoinAnswer>(answer)))).toBe(answered)
  }
})

test('S105: the verdicts of the vectors on odd keys and signatures', () => {
  for (const { what, key, message, signature, holds, sound } of vectors.ed25519) {
    expect(verifyReference(key, bytes(message), bytes(signature)), what).toBe(holds)
    expect(isSoundKey(key), what).toBe(sound)
  }
})
