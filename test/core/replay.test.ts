/**
 * Nothing that was signed can be used for anything else: in another room, volume, place, era, term
 * or phase, as another kind of thing, or under another version of its format. Each signed thing is
 * first shown to hold where it belongs.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  makeAdd, makeApprove, makeClose, makeFraud, makeGenesis, makeRecover, makeRotate,
} from '../../src/core/auth/author.ts'
import { inProofOrder } from '../../src/core/auth/fraud.ts'
import { isProven, type JoinRequest, makeJoinRequest } from '../../src/core/auth/join.ts'
import { AuthLog } from '../../src/core/auth/log.ts'
import { admitMessage, changeMessage, joinMessage, rotateMessage } from '../../src/core/auth/messages.ts'
import { decodeOp, type AuthOp, type SignedOp } from '../../src/core/auth/op.ts'
import { type Hash, type PublicKey, type RoomId, actorOf } from '../../src/core/brand.ts'
import { hashOf, tagged } from '../../src/core/bytes/hash.ts'
import { Reader } from '../../src/core/bytes/reader.ts'
import { fromUtf8, utf8 } from '../../src/core/bytes/text.ts'
import { acceptBytes, grantBytes, standBytes, type Era } from '../../src/core/lease/ballot.ts'
import { type ChainRecord, recordBytes } from '../../src/core/lease/record.ts'
import { openVolume } from '../../src/core/room/genesis.ts'
import { signingBytes } from '../../src/core/room/stream.ts'
import { encodeBeat, readBeat } from '../../src/core/sync/beat.ts'
import { readWord, writeWord } from '../../src/core/sync/word.ts'
import { verifyFast } from '../../src/store/ed25519.ts'
import { founded, type Stage } from './auth/cast.ts'
import {
  admit, alice, bob, carol, dave, GENESIS, invite, isSound, name, NOON, rawOp, remove, seal,
  seedOf, setRole, signer, VOLUME,
} from './auth/ops.ts'
import { branch } from './auth/streams.ts'

const elsewhere = hashOf(utf8('elsewhere')) as RoomId
const actor = actorOf(alice.key, '0000000000000001')
const [one, two] = [hashOf(utf8('one')), hashOf(utf8('two'))] as [Hash, Hash]
const link = signer('link')

/** Every deed that a member signs, one after the other, each accepted where it belongs. */
function deeds(): { stage: Stage; ops: SignedOp[] } {
  const stage = founded()
  const ops: SignedOp[] = []
  const does = (op: SignedOp): SignedOp => {
    ops.push(stage.play(op))
    return op
  }
  const { room } = stage.log
  const made = does(invite(alice, stage.spot(), 'link'))
  const admission = does(admit(alice, stage.spot(), bob, { invite: made, word: 'link' }))
  does(makeApprove(alice, stage.spot(), admission.id))
  does(makeClose(alice, stage.spot(), { invite: made.id, why: 'spent', admissions: [admission.id] }))
  does(makeAdd(alice, stage.spot(), { member: carol.key, name: name('carol'), role: 'member' }))
  does(setRole(alice, stage.spot(), carol, 'observer', seal(room, carol, { seq: 1 })))
  does(makeRotate(bob, stage.spot(), { next: dave, seals: [seal(room, bob, { seq: 2 })] }))
  const fork = { seq: 3, hash: one }
  const runs = inProofOrder(branch(room, carol, fork, ['a']), branch(room, carol, fork, ['b']))
  const liar = actorOf(carol.key, '0000000000000001')
  does(makeFraud(alice, stage.spot(), { actor: liar, volume: VOLUME, runs }))
  does(makeRecover(alice, stage.spot(), { era: 1, voters: [actor] }))
  does(remove(alice, stage.spot(), carol))
  return { stage, ops: [stage.genesis, ...ops] }
}

/** The same room with other members' words in it: founded by the same people, with another nonce. */
function another(): AuthLog {
  const genesis = makeGenesis(alice, { ...GENESIS, secret: seedOf('another secret') })
  const log = new AuthLog(genesis.op.room, isSound)
  expect(log.add(genesis.bytes, verifyFast).kind).toBe('accepted')
  return log
}

describe('auth ops', () => {
  const { stage, ops } = deeds()
  const later = () => {
    const log = new AuthLog(stage.log.room, isSound)
    for (const { bytes } of ops) expect(log.add(bytes, verifyFast).kind).toBe('accepted')
    return log
  }
  const signatureOf = ({ bytes }: SignedOp) => bytes.slice(-64)

  test('every kind of deed is among them', () => {
    expect(new Set(ops.map(({ op }) => op.deed.kind)).size).toBe(11)
    expect(later().heads()).toEqual(stage.log.heads())
  })

  test.each(ops.map((signed) => [signed.op.deed.kind, signed] as const))(
    'S767: a signed %s is nothing in another room, place, author, deed or version',
    (kind, signed) => {
      const foreign = another()
      const heads = foreign.heads()
      const changed = (log: AuthLog, op: Partial<AuthOp>, version?: number) =>
        log.add(rawOp({ ...signed.op, ...op }, signatureOf(signed), version), verifyFast).kind
      expect(rawOp(signed.op, signatureOf(signed))).toEqual(signed.bytes)

      expect(foreign.add(signed.bytes, verifyFast).kind).toBe('invalid')
      const there = { room: foreign.room, parents: kind === 'genesis' ? [] : heads }
      expect(changed(foreign, there)).toBe('invalid')
      const home = later()
      const place = kind === 'genesis' ? [] : [home.heads()[0] as Hash]
      if (kind !== 'genesis') expect(changed(home, { parents: place })).toBe('invalid')
      expect(changed(home, { parents: place, at: (NOON + 1) as never })).toBe('invalid')
      expect(changed(home, { parents: place, author: bob.key })).toBe('invalid')
      expect(changed(home, {}, 2)).toBe('invalid')
      for (const { op: { deed } } of ops) {
        if (deed.kind === kind || deed.kind === 'genesis' || kind === 'genesis') continue
        expect([deed.kind, changed(home, { parents: place, deed })]).toEqual([deed.kind, 'invalid'])
      }
      expect(home.heads()).toEqual(stage.log.heads())
      expect(foreign.heads()).toEqual(heads)
    },
  )

  test('S767: a deed’s bytes under another deed’s number are another op, which nobody signed', () => {
    for (const signed of ops) {
      const body = new Reader(signed.bytes).bytes(1 << 20)
      const start = signed.bytes.length - 64 - body.length
      // version, room, author, count and ids of the parents, the time in 6 bytes, then the number
      const place = start + 1 + 32 + 32 + 1 + 32 * signed.op.parents.length + 6
      for (let number = 1; number <= 12; number++) {
        const bytes = signed.bytes.slice()
        if (bytes[place] === number) continue
        bytes[place] = number
        const added = later().add(bytes, verifyFast)
        expect(added.kind, `${signed.op.deed.kind} as ${number}`).toBe('invalid')
      }
    }
  })

  test('S767: proofs and seals within an op belong to its room, keys and streams', () => {
    const { room } = stage.log
    const base = founded()
    const made = base.play(invite(alice, base.spot(), 'link'))
    const asked = makeJoinRequest({ room, invite: link, member: bob, name: name('bob') })
    const other = makeJoinRequest({ room: elsewhere, invite: link, member: bob, name: name('bob') })
    const admission = (request: JoinRequest, member: PublicKey = bob.key) => {
      const whole = admit(alice, base.spot(), bob, { invite: made, word: 'link' })
      const deed = { ...whole.op.deed, member, proof: request.proof } as AuthOp['deed']
      return resigned({ ...whole.op, deed })
    }
    const verdict = (op: Uint8Array) => base.log.add(op, verifyFast).kind
    expect(verdict(admission(other))).toBe('invalid')
    expect(verdict(admission(asked, carol.key))).toBe('invalid')
    expect(verdict(admission({ ...asked, proof: asked.signature }))).toBe('invalid')
    expect(verdict(admission(asked))).toBe('accepted')

    const right = seal(room, bob, { seq: 3 })
    const removal = (wrong: object) => verdict(remove(alice, base.spot(), bob, { ...right, ...wrong }).bytes)
    expect(removal({ signature: seal(elsewhere, bob, { seq: 3 }).signature })).toBe('invalid')
    expect(removal({ volume: one })).toBe('invalid')
    expect(removal({ seq: 4 })).toBe('invalid')
    expect(removal({ hash: one })).toBe('invalid')
    expect(removal({ actor: actorOf(bob.key, '00000000000000ff') })).toBe('invalid')

    const turned = makeRotate(bob, base.spot(), { next: dave, seals: [right] })
    const rotation = (deed: object, author = bob) =>
      verdict(resigned({ ...turned.op, author: author.key, deed: { ...turned.op.deed, ...deed } as never }, author))
    expect(rotation({ key: carol.key })).toBe('invalid')
    expect(rotation({ seals: [] })).toBe('invalid')
    expect(rotation({}, alice)).toBe('invalid')
    expect(removal({})).toBe('accepted')
  })
})

/** An op signed by its author, whatever it says. */
function resigned(op: AuthOp, author = alice): Uint8Array {
  const unsigned = rawOp(op, new Uint8Array(64))
  const body = new Reader(unsigned).bytes(1 << 20)
  return rawOp(op, author.sign(tagged('knot/auth/1', body)))
}

const record: ChainRecord = {
  era: 0, term: 3, seq: 2, prev: one, leader: actor, accepts: [], signature: new Uint8Array(64),
  payload: { kind: 'fact', topic: 'landings', actor, n: 0, value: '{}' },
}
const era: Era = { room: elsewhere, number: 0 }
const last = { term: 2, seq: 1 }
const stand = { phase: 'real', term: 3, candidate: actor, last, lastId: one } as const
const grant = { term: 3, candidate: actor, voter: actor, last }
const accept = { term: 3, seq: 2, id: one, voter: actor }
const request = { room: elsewhere, invite: link.key, member: alice.key, name: name('alice') }
const turn = { room: elsewhere, from: bob.key, to: alice.key, seals: [] }
const place = { room: elsewhere, volume: one, actor, seq: 2, hash: two }
const again = actorOf(alice.key, '00000000000000ff')

/** What a signature covers, and everything about it that could be taken for something else. */
const THINGS: readonly { purpose: string; own: Uint8Array; others: Record<string, Uint8Array> }[] = [
  {
    purpose: 'knot/op/1',
    own: changeMessage(place),
    others: {
      room: changeMessage({ ...place, room: one as never }),
      volume: changeMessage({ ...place, volume: two }),
      incarnation: changeMessage({ ...place, actor: again }),
      seq: changeMessage({ ...place, seq: 3 }),
      hash: changeMessage({ ...place, hash: one }),
    },
  },
  {
    purpose: 'knot/auth/1',
    own: tagged('knot/auth/1', utf8('a body')),
    others: { body: tagged('knot/auth/1', utf8('another')) },
  },
  {
    purpose: 'knot/admit/1',
    own: admitMessage(request),
    others: {
      room: admitMessage({ ...request, room: one as never }),
      invite: admitMessage({ ...request, invite: bob.key }),
      member: admitMessage({ ...request, member: bob.key }),
    },
  },
  {
    purpose: 'knot/join/1',
    own: joinMessage(request),
    others: {
      room: joinMessage({ ...request, room: one as never }),
      invite: joinMessage({ ...request, invite: bob.key }),
      member: joinMessage({ ...request, member: bob.key }),
      name: joinMessage({ ...request, name: name('mallory') }),
    },
  },
  {
    purpose: 'knot/rotate/1',
    own: rotateMessage(turn),
    others: {
      room: rotateMessage({ ...turn, room: one as never }),
      from: rotateMessage({ ...turn, from: carol.key }),
      to: rotateMessage({ ...turn, to: carol.key }),
      seals: rotateMessage({ ...turn, seals: [seal(elsewhere, bob, { seq: 1 })] }),
    },
  },
  {
    purpose: 'knot/stand/1',
    own: standBytes(era, stand),
    others: {
      room: standBytes({ ...era, room: one as never }, stand),
      era: standBytes({ ...era, number: 1 }, stand),
      phase: standBytes(era, { ...stand, phase: 'pre' }),
      term: standBytes(era, { ...stand, term: 4 }),
      candidate: standBytes(era, { ...stand, candidate: again }),
      tail: standBytes(era, { ...stand, last: { term: 2, seq: 2 } }),
      id: standBytes(era, { ...stand, lastId: two }),
    },
  },
  {
    purpose: 'knot/grant/1',
    own: grantBytes(era, grant),
    others: {
      room: grantBytes({ ...era, room: one as never }, grant),
      era: grantBytes({ ...era, number: 1 }, grant),
      term: grantBytes(era, { ...grant, term: 4 }),
      candidate: grantBytes(era, { ...grant, candidate: again }),
      voter: grantBytes(era, { ...grant, voter: again }),
      tail: grantBytes(era, { ...grant, last: { term: 1, seq: 1 } }),
    },
  },
  {
    purpose: 'knot/accept/1',
    own: acceptBytes(era, accept),
    others: {
      room: acceptBytes({ ...era, room: one as never }, accept),
      era: acceptBytes({ ...era, number: 1 }, accept),
      term: acceptBytes(era, { ...accept, term: 4 }),
      seq: acceptBytes(era, { ...accept, seq: 3 }),
      id: acceptBytes(era, { ...accept, id: two }),
      voter: acceptBytes(era, { ...accept, voter: again }),
    },
  },
  {
    purpose: 'knot/record/1',
    own: recordBytes(elsewhere, record),
    others: {
      room: recordBytes(one as never, record),
      era: recordBytes(elsewhere, { ...record, era: 1 }),
      term: recordBytes(elsewhere, { ...record, term: 4 }),
      seq: recordBytes(elsewhere, { ...record, seq: 3 }),
      prev: recordBytes(elsewhere, { ...record, prev: two }),
      leader: recordBytes(elsewhere, { ...record, leader: again }),
      kind: recordBytes(elsewhere, { ...record, payload: { kind: 'voters', voters: [actor] } }),
      accepts: recordBytes(elsewhere, {
        ...record, accepts: [{ ...accept, signature: new Uint8Array(64) }],
      }),
    },
  },
]

describe('signatures', () => {
  const signatures = THINGS.map(({ own }) => alice.sign(own))
  const holds = (message: Uint8Array, at: number) =>
    verifyFast(alice.key, message, signatures[at] as Uint8Array)

  test('S767: each holds for what it was made for, and for nothing that differs in one field', () => {
    for (const [at, { purpose, own, others }] of THINGS.entries()) {
      expect([purpose, holds(own, at)]).toEqual([purpose, true])
      for (const [field, message] of Object.entries(others)) {
        expect([purpose, field, holds(message, at)]).toEqual([purpose, field, false])
      }
      // Another version of the format has another purpose.
      const next = own.slice()
      next[purpose.length - 1] = '2'.charCodeAt(0)
      expect([purpose, holds(next, at)]).toEqual([purpose, false])
    }
  })

  test('S767: none holds as another kind of thing, even over the same bytes', () => {
    for (const [at, { purpose, own }] of THINGS.entries()) {
      expect(fromUtf8(own.subarray(0, purpose.length))).toBe(purpose)
      for (const { purpose: other } of THINGS) {
        if (other === purpose) continue
        const content = own.subarray(purpose.length + 1)
        expect([purpose, other, holds(tagged(other, content), at)]).toEqual([purpose, other, false])
      }
    }
  })

  test('S767: every purpose of the source is one of these, or only hashed', () => {
    const sources = readdirSync(new URL('../../src', import.meta.url), { recursive: true })
      .map(String).filter((path) => path.endsWith('.ts'))
      .map((path) => readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8')).join('\n')
    const purposes = new Set([...sources.matchAll(/'(knot\/[a-z-]+\/\d+)'/g)].map(([, found]) => found))
    const firsts = ['link', 'rank', 'fact', 'volume', 'carried', 'prologue', 'mdns']
    const hashed = ['knot/fact/2', 'knot/volume/2', 'knot/life/1', ...firsts.map((of) => `knot/${of}/1`)]
    // Beats and words are read below; the streams of the mesh are protocols.
    const read = ['knot/beat/1', 'knot/word/1']
    expect([...purposes].sort()).toEqual(
      [...THINGS.map(({ purpose }) => purpose), ...hashed, ...read].sort(),
    )
  })

  test('S767: what the gate checks of a run is what seals and proofs of fraud check', () => {
    const volume = { ...openVolume(elsewhere, 0), id: one }
    expect(signingBytes(volume, { actor, seq: 2, hash: two })).toEqual(changeMessage(place))
  })
})

describe('readers', () => {
  test('S767: a request to join is nothing with another room, invite, key or name in it', () => {
    const asked = makeJoinRequest({ room: elsewhere, invite: link, member: bob, name: name('bob') })
    expect(isProven(asked, verifyFast)).toBe(true)
    const changes: Partial<JoinRequest>[] = [
      { room: one as never }, { invite: carol.key }, { member: carol.key }, { name: name('eve') },
      { proof: asked.signature }, { signature: asked.proof },
    ]
    for (const change of changes) {
      expect([change, isProven({ ...asked, ...change }, verifyFast)]).toEqual([change, false])
    }
  })

  test('S767: a beat or a word is nothing in another room, or with any bit of it changed', () => {
    const beat = encodeBeat(elsewhere, {
      actor, counter: 5, addresses: ['10.0.0.1:7'], integrates: 'yes',
    }, alice)
    const word = writeWord(elsewhere, { actor, n: 1, commit: '5'.repeat(40) as never, at: 1 as never }, alice)
    const said = Uint8Array.from(Buffer.from(word, 'base64url'))
    const read = {
      beat: (bytes: Uint8Array, room: RoomId) => readBeat(room, bytes, verifyFast),
      word: (bytes: Uint8Array, room: RoomId) =>
        readWord(room, Buffer.from(bytes).toString('base64url'), verifyFast),
    }
    for (const [bytes, reads, other] of [[beat, read.beat, read.word], [said, read.word, read.beat]] as const) {
      expect(reads(bytes, elsewhere)).toBeDefined()
      expect(reads(bytes, one as never)).toBeUndefined()
      expect(other(bytes, elsewhere)).toBeUndefined()
      for (let at = 0; at < bytes.length; at++) {
        const flipped = bytes.slice()
        flipped[at] = (flipped[at] as number) ^ 1
        expect(reads(flipped, elsewhere)).toBeUndefined()
      }
    }
  })
})

test('an op of a later format version says which, so that a person knows what to update', () => {
  const { ops } = deeds()
  const [, signed] = ops as [SignedOp, SignedOp]
  const read = decodeOp(rawOp(signed.op, signed.bytes.slice(-64), 2))
  expect(read).toMatchObject({ kind: 'malformed', why: expect.stringContaining('version 2') })
})
