/**
 * What a member can make a peer keep by sending without end: counted in the engine's own state, so
 * that it is the same on every machine. Each flood is sent twice; the second half must add nothing.
 */
import { describe, expect, test } from 'vitest'
import { makeApprove } from '../../../src/core/auth/author.ts'
import { type ActorId, actorOf, type Hash, type Instant } from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import { acceptBytes, standBytes } from '../../../src/core/lease/ballot.ts'
import { encodeMessage, type LeaseMessage } from '../../../src/core/lease/message.ts'
import {
  AUTH_PENDING_MAX_BYTES, AUTH_PENDING_MAX_OPS, HELD_EARLY_MAX, PENDING_MAX_BYTES,
  PENDING_ROOM_MAX_BYTES,
} from '../../../src/core/limits.ts'
import { factId } from '../../../src/core/room/facts.ts'
import { openStream, signingBytes, writeChange } from '../../../src/core/room/stream.ts'
import { encodeBeat } from '../../../src/core/sync/beat.ts'
import type { Frame } from '../../../src/core/sync/wire.ts'
import { frameCutter } from '../../../src/mesh/frames.ts'
import { weigh } from '../../fuzz/weigh.ts'
import { type Person, Stage, START } from './cast.ts'

function met(): { stage: Stage; alice: Person; bob: Person } {
  const stage = new Stage(3)
  const [alice, bob] = stage.people as [Person, Person]
  stage.meetAll()
  stage.pass(2_500)
  return { stage, alice, bob }
}

const hash = (n: number): Hash => hashOf(utf8(`${n}`))
const lifeOf = ({ key }: Person, n: number): ActorId => actorOf(key, n.toString(16).padStart(16, '0'))

/** A run far ahead in some stream of its author: it is signed, and waits for ever. */
function aheadOf(person: Person, n: number, bytes: number): Frame {
  const actor = lifeOf(person, 1_000 + n)
  const { volume, auth } = person.engine
  const stream = { ...openStream(volume, actor), seq: 7, hash: hash(n), maxOp: 99 }
  const value = 'x'.repeat(Math.min(bytes, 60_000))
  const facts = Array.from({ length: Math.ceil(bytes / 60_000) }, () => ({ topic: 'chat' as const, value }))
  const written = writeChange(volume, stream, { facts, time: 1, heads: auth.parents() })
  if (written.kind !== 'ok') throw new Error(written.why)
  const at = { actor, seq: 8, hash: written.hash }
  const signature = person.signer.sign(signingBytes(volume, at))
  return { kind: 'run', volume: 0, actor, seq: 8, changes: [written.bytes], signature }
}

/** An auth op in form whose parents nobody has. */
function orphan(person: Person, n: number): Uint8Array {
  const spot = { room: person.engine.volume.room, parents: [hash(n)], at: START as Instant }
  return makeApprove(person.signer, spot, hash(n)).bytes
}

const lease = (message: LeaseMessage): Frame => ({ kind: 'lease', message: encodeMessage(message) })

type Flood = readonly [name: string, frames: number, frame: (bob: Person, n: number) => Frame]

const floods: readonly Flood[] = [
  ['pushes that nobody knows', 40, (bob, n) => ({
    kind: 'held',
    pushes: Array.from({ length: HELD_EARLY_MAX }, (_, i) =>
      factId({ actor: bob.actor, topic: 'refs', n: n * HELD_EARLY_MAX + i })).sort(),
  })],
  ['auth ops whose parents are missing', 30, (bob, n) => ({
    kind: 'auth', heads: [], ops: Array.from({ length: 50 }, (_, i) => orphan(bob, n * 50 + i)),
  })],
  ['heads that nobody has', 100, (_, n) => ({
    kind: 'auth', ops: [], heads: Array.from({ length: 16 }, (_, i) => hash(n * 16 + i)).sort(),
  })],
  ['wants of streams that are not here', 40, (bob, n) => ({
    kind: 'want', volume: 0,
    streams: Array.from({ length: 500 }, (_, i) => ({ actor: lifeOf(bob, n * 500 + i), seq: 0 })),
  })],
  ['beats of other lives', 100, (bob, n) => {
    const beat = { actor: lifeOf(bob, n), counter: START + n, addresses: [], integrates: 'yes' as const }
    return { kind: 'beat', beat: encodeBeat(bob.engine.volume.room, beat, bob.signer) }
  }],
  ['stands of ever higher terms', 200, (bob, n) => {
    const { era } = bob.engine.lease
    const draft = {
      phase: 'real' as const, term: 2 + n, candidate: bob.actor, last: { term: 1, seq: n }, lastId: hash(n),
    }
    const stand = { ...draft, signature: bob.signer.sign(standBytes(era, draft)) }
    return lease({ kind: 'stand', era: era.number, stand })
  }],
  ['accepts of records that nobody has', 200, (bob, n) => {
    const { era } = bob.engine.lease
    const draft = { term: 1, seq: 100 + n, id: hash(n), voter: bob.actor }
    const accept = { ...draft, signature: bob.signer.sign(acceptBytes(era, draft)) }
    return lease({ kind: 'accept', era: era.number, accept })
  }],
  ['pulses of chains that nobody has', 200, (bob, n) => lease({
    kind: 'pulse', era: bob.engine.lease.era.number, at: { term: 9, seq: n + 9, id: hash(n), confirmed: 0 },
  })],
]

describe('S769: sent without end, what is kept is bounded', () => {
  test.each(floods)('%s', (_name, frames, frame) => {
    const { stage, alice, bob } = met()
    const weight = () => weigh(alice.engine)
    const before = weight()
    const send = (from: number) => {
      for (let n = from; n < from + frames; n++) {
        if (alice.engine.sessions.get(bob.key)?.actor === undefined) stage.meet(alice, bob)
        stage.frame(alice, bob, frame(bob, n))
        if (n % 10 === 0) stage.pass(100, [alice])
      }
    }
    send(0)
    const half = weight()
    send(frames)
    expect(weight() - half).toBeLessThan(8_000)
    expect(weight() - before).toBeLessThan(2 << 20)

    stage.cut(alice, bob)
    stage.pass(500, [alice])
    expect(weight() - before).toBeLessThan(64 << 10)
    expect(stage.ask(alice, { kind: 'say', text: 'still here' }).kind).toBe('made')
  })
})

test('S769: runs that wait are as many as fit, whatever streams they claim to be of', () => {
  const { stage, alice, bob } = met()
  const size = 230_000
  const flood = Math.ceil((PENDING_ROOM_MAX_BYTES / size) * 1.2)
  for (let n = 0; n < flood; n++) stage.frame(alice, bob, aheadOf(bob, n, size))
  const { pending } = alice.engine
  expect(pending.bytes).toBeGreaterThan(PENDING_ROOM_MAX_BYTES - 2 * size)
  expect(pending.bytes).toBeLessThanOrEqual(PENDING_ROOM_MAX_BYTES)
  expect(weigh(pending)).toBeLessThan(PENDING_ROOM_MAX_BYTES * 1.05 + PENDING_MAX_BYTES)

  // Nobody else's words wait for it.
  const carol = stage.people[2] as Person
  stage.ask(carol, { kind: 'say', text: 'hello' })
  stage.deliver()
  expect(alice.engine.held.get(carol.actor)).toHaveLength(1)
})

test('S769: auth ops that wait are told to be too many, and the next right one is taken', () => {
  const { stage, alice, bob } = met()
  const ops = Array.from({ length: AUTH_PENDING_MAX_OPS + 200 }, (_, n) => orphan(bob, n))
  expect(ops.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(AUTH_PENDING_MAX_BYTES)
  for (let at = 0; at < ops.length; at += 400) {
    stage.frame(alice, bob, { kind: 'auth', heads: [], ops: ops.slice(at, at + 400) })
  }
  const notes = alice.did.flatMap((effect) => (effect.kind === 'note' ? [effect.text] : []))
  expect(notes.filter((text) => text.includes('Too many auth ops wait'))).toHaveLength(1)

  const terms = { role: 'member' as const, uses: 1, expires: (START + 1e6) as Instant }
  const invited = stage.ask(bob, { kind: 'invite', key: bob.key, ...terms })
  stage.deliver()
  expect([invited.kind, alice.engine.auth.ops().length]).toEqual(['invited', bob.engine.auth.ops().length])
})

test('S769: a frame that is announced and does not come keeps what came of it, not what it says', () => {
  const before = process.memoryUsage().arrayBuffers
  const header = Uint8Array.of(0, 0x40, 0, 0, 1)
  const cutters = Array.from({ length: 500 }, () => {
    const cutter = frameCutter()
    expect(cutter.push(header)).toEqual({ frames: [], oversize: undefined })
    return cutter
  })
  // Believed, the headers would have cost 2 GB.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(cutters.length * (66 << 10))
})
