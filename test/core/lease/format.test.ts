/** The bytes of the chain, against vectors that another implementation could be written from. */
import { createPrivateKey, createPublicKey, sign as edSign } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  actorOf,
  type ActorId,
  type Hash,
  type PublicKey,
  type RoomId,
} from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { fromHex, hex, utf8 } from '../../../src/core/bytes/text.ts'
import { acceptBytes, grantBytes, standBytes, type Era } from '../../../src/core/lease/ballot.ts'
import { decodeEntry, encodeEntry } from '../../../src/core/lease/journal.ts'
import {
  decodeCertificate,
  decodeMessage,
  encodeCertificate,
  encodeMessage,
  type LeaseMessage,
} from '../../../src/core/lease/message.ts'
import { rankOf } from '../../../src/core/lease/ranking.ts'
import {
  decodeRecord,
  encodeRecord,
  hold,
  recordBytes,
  type ChainRecord,
  type Payload,
} from '../../../src/core/lease/record.ts'

const room = hashOf(utf8('vectors')) as RoomId
const era: Era = { room, number: 1 }
const alice = signer(1)
const bob = signer(2)
const [first, second] = [alice.actor, bob.actor].sort() as [ActorId, ActorId]

const grants = [alice, bob]
  .map(({ actor, sign }) => {
    const draft = { term: 3, candidate: alice.actor, voter: actor, last: { term: 0, seq: 0 } }
    return { ...draft, signature: sign(grantBytes(era, draft)) }
  })
  .sort((a, b) => (a.voter < b.voter ? -1 : 1))
const grant = grants[0] as (typeof grants)[number]
const open = record({ seq: 1, prev: room, payload: { kind: 'open', grants } })
const openId = hold(room, open).id
const acceptDraft = { term: 3, seq: 1, id: openId, voter: bob.actor }
const accept = { ...acceptDraft, signature: bob.sign(acceptBytes(era, acceptDraft)) }
const standDraft = {
  phase: 'real',
  term: 4,
  candidate: bob.actor,
  last: { term: 3, seq: 1 },
  lastId: openId,
} as const
const stand = { ...standDraft, signature: bob.sign(standBytes(era, standDraft)) }
const at = { term: 3, seq: 1, id: openId, confirmed: 1 }
const certificate = { era: 1, seq: 1, id: openId, accepts: [accept] }

const records: Record<string, ChainRecord> = {
  open,
  voters: record({ seq: 2, prev: openId, payload: { kind: 'voters', voters: [first, second] } }),
  fact: record({
    seq: 2,
    prev: openId,
    payload: { kind: 'fact', topic: 'claims', actor: bob.actor, n: 300, value: '{"task":"é"}' },
  }),
  cut: record({ seq: 2, prev: openId, payload: { kind: 'cut', bytes: Uint8Array.of(0, 1, 255) } }),
}

const messages: readonly LeaseMessage[] = [
  { kind: 'stand', era: 1, stand },
  { kind: 'grant', era: 1, grant },
  { kind: 'pre-grant', era: 1, term: 4, candidate: bob.actor, voter: alice.actor },
  { kind: 'accept', era: 1, accept },
  { kind: 'pulse', era: 1, at },
  { kind: 'pulse-answer', era: 1, voter: bob.actor, term: 3, seq: 1 },
  { kind: 'refuse', era: 1, term: 5, last: { term: 3, seq: 1 } },
  { kind: 'want', era: 1, at },
  { kind: 'records', era: 1, records: [open] },
  { kind: 'certificate', ...certificate },
  { kind: 'resign', era: 1, term: 3 },
]

/** What the vectors file must hold; a run with `KNOT_VECTORS=write` writes it. */
function vectors(): unknown {
  const keys = [alice.key, bob.key]
  return {
    room,
    era: 1,
    actors: { alice: alice.actor, bob: bob.actor },
    records: Object.fromEntries(
      Object.entries(records).map(([name, one]) => [
        name,
        {
          signed: hex(recordBytes(room, one)),
          id: hold(room, one).id,
          bytes: hex(encodeRecord(one)),
        },
      ]),
    ),
    signed: {
      stand: hex(standBytes(era, stand)),
      grant: hex(grantBytes(era, grant)),
      accept: hex(acceptBytes(era, accept)),
    },
    messages: Object.fromEntries(messages.map((one) => [one.kind, hex(encodeMessage(one))])),
    journal: {
      grant: hex(encodeEntry({ kind: 'grant', era: 1, grant })),
      accept: hex(encodeEntry({ kind: 'accept', era: 1, accept })),
    },
    certificate: hex(encodeCertificate(certificate)),
    ranks: [1, 2, 3, 4].map((term) => rankOf(alice.key, { era, term, among: keys })),
  }
}

test('S201: records, ballots, messages and journal entries are these very bytes', () => {
  const path = new URL('../../vectors/chain.json', import.meta.url)
  const text = `${JSON.stringify(vectors(), undefined, 2)}\n`
  if (process.env['KNOT_VECTORS'] === 'write') writeFileSync(path, text)
  expect(vectors()).toEqual(JSON.parse(readFileSync(path, 'utf8')))
})

test('S202: every kind of record reads back as it was written', () => {
  for (const one of Object.values(records)) {
    expect(decodeRecord(encodeRecord(one))).toEqual({ kind: 'ok', value: one })
  }
})

test('S206: every message reads back as it was written', () => {
  for (const one of messages) {
    expect(decodeMessage(encodeMessage(one))).toEqual({ kind: 'ok', value: one })
  }
  const entry = { kind: 'accept', era: 1, accept } as const
  expect(decodeEntry(encodeEntry(entry))).toEqual({ kind: 'ok', value: entry })
  const kept = decodeCertificate(encodeCertificate(certificate))
  expect(kept).toEqual({ kind: 'ok', value: certificate })
})

test('S207: bytes that were cut, or one too many, are malformed and never an exception', () => {
  for (const one of messages) {
    const bytes = encodeMessage(one)
    expect(decodeMessage(Uint8Array.of(...bytes, 0)).kind).toBe('malformed')
    for (let size = 0; size < bytes.length; size += 7) {
      expect(decodeMessage(bytes.subarray(0, size)).kind).toBe('malformed')
    }
  }
})

test('S207: what decodes after any byte was changed encodes to those same bytes', () => {
  for (const one of messages) {
    const bytes = encodeMessage(one)
    for (let place = 0; place < bytes.length; place++) {
      const changed = bytes.slice()
      changed[place] = (changed[place] as number) ^ (1 << place % 8)
      const decoded = decodeMessage(changed)
      if (decoded.kind === 'ok') expect(hex(encodeMessage(decoded.value))).toBe(hex(changed))
    }
  }
})

test('S203: voters come ascending, one to seven, and no key twice', () => {
  const twice = actorOf(first.slice(0, 64) as PublicKey, 'f'.repeat(16))
  const eight = Array.from({ length: 8 }, (_, at) => signer(10 + at).actor).sort()
  for (const voters of [[], [second, first], [first, first], [first, twice].sort(), eight]) {
    const unfit = record({ seq: 2, prev: openId, payload: { kind: 'voters', voters } })
    expect(decodeRecord(encodeRecord(unfit)).kind).toBe('malformed')
  }
})

test('S204: accepts come ascending by voter, so that a record carries one word of each', () => {
  const draft = { ...acceptDraft, voter: alice.actor }
  const other = { ...draft, signature: alice.sign(acceptBytes(era, draft)) }
  const ordered = [accept, other].sort((a, b) => (a.voter < b.voter ? -1 : 1))
  expect(decodeRecord(encodeRecord({ ...open, accepts: ordered })).kind).toBe('ok')
  for (const accepts of [[...ordered].reverse(), [accept, accept]]) {
    expect(decodeRecord(encodeRecord({ ...open, accepts })).kind).toBe('malformed')
  }
})

test('S205: a ballot of one room, era or purpose is none of another', () => {
  const elsewhere = { room: hashOf(utf8('elsewhere')) as RoomId, number: 1 }
  const words = [
    acceptBytes(era, accept),
    acceptBytes(elsewhere, accept),
    acceptBytes({ room, number: 2 }, accept),
    standBytes(era, stand),
    standBytes(era, { ...stand, phase: 'pre' }),
  ]
  expect(new Set(words.map(hex)).size).toBe(words.length)
})

test('S232: ranks are all different, the same for everybody, and change with the term', () => {
  const keys = Array.from({ length: 5 }, (_, at) => signer(20 + at).key)
  const orders = [1, 2, 3, 4, 5, 6].map((term) =>
    keys.map((key) => rankOf(key, { era, term, among: keys })),
  )
  for (const order of orders) expect([...order].sort()).toEqual([0, 1, 2, 3, 4])
  expect(new Set(orders.map((order) => order.join())).size).toBeGreaterThan(1)
  const [key] = keys as [PublicKey]
  expect(rankOf(key, { era, term: 1, among: [...keys].reverse() })).toBe(orders[0]?.[0])
})

function record(own: { seq: number; prev: Hash; payload: Payload }): ChainRecord {
  const accepts = own.payload.kind === 'fact' ? [accept] : []
  const draft = { era: 1, term: 3, leader: alice.actor, accepts, ...own }
  return { ...draft, signature: alice.sign(recordBytes(room, draft)) }
}

/** A real key from a seed of one repeated byte. */
function signer(seed: number) {
  const prefix = fromHex('302e020100300506032b657004220420') as Uint8Array
  const der = Buffer.concat([prefix, new Uint8Array(32).fill(seed)])
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' })
  const key = hex(new Uint8Array(spki.subarray(-32))) as PublicKey
  const sign = (message: Uint8Array) => new Uint8Array(edSign(null, message, secret))
  return { key, actor: actorOf(key, '0000000000000001'), sign }
}
