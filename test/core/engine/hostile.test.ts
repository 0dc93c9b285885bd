/** What a member that lies can do to a peer: nothing that grows, loops or throws. */
import { expect, test } from 'vitest'
import type { ActorId, Hash, Oid } from '../../../src/core/brand.ts'
import { proposeFact } from '../../../src/core/engine/chain.ts'
import type { Effect } from '../../../src/core/engine/effect.ts'
import { encodeMessage } from '../../../src/core/lease/message.ts'
import {
  CHAIN_ANSWER_MAX_BYTES,
  CHAIN_ANSWER_MS,
  RECORDS_MAX_BYTES,
} from '../../../src/core/limits.ts'
import { encodeFrame, type Frame, SYNC_VERSION } from '../../../src/core/sync/wire.ts'
import { framesIn, type Person, Stage } from './cast.ts'

function met(): { stage: Stage; alice: Person; bob: Person } {
  const stage = new Stage(3)
  const [alice, bob] = stage.people as [Person, Person]
  stage.meetAll()
  for (let n = 0; n < 5; n++) stage.ask(bob, { kind: 'say', text: `${n}` })
  const commit = '5'.repeat(40) as Oid
  stage.ask(bob, { kind: 'push', commit, files: ['a'], fileCount: 1 })
  stage.deliver()
  stage.pass(2_500)
  return { stage, alice, bob }
}

/** Small whole numbers from a seed. */
function dice(seed: number): (end: number) => number {
  let state = seed
  return (end) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * end)
  }
}

test('S505: no frame, whole, changed or cut, makes the engine throw', () => {
  const { stage, alice, bob } = met()
  const told = bob.did.flatMap((effect) => (effect.kind === 'send' ? [effect.frame] : []))
  const kinds = new Set(told.map((frame) => frame[0]))
  expect(kinds.size).toBeGreaterThanOrEqual(5)
  const roll = dice(7)
  for (let n = 0; n < 1_000; n++) {
    const frame = (told[roll(told.length)] as Uint8Array).slice(0, roll(5) === 0 ? roll(200) : undefined)
    const changes = roll(3)
    for (let i = 0; i < changes && frame.length > 0; i++) frame[roll(frame.length)] = roll(256)
    if (alice.engine.sessions.get(bob.key)?.actor === undefined) stage.meet(alice, bob)
    stage.give(alice, { kind: 'frame', peer: bob.key, bytes: frame })
    if (n % 100 === 0) stage.pass(100, [alice])
  }
  expect(stage.ask(alice, { kind: 'say', text: 'still here' }).kind).toBe('made')
})

test('S505: what was heard before leads to nothing when it comes again', () => {
  const { stage, alice, bob } = met()
  const told = bob.did.flatMap((effect) =>
    effect.kind === 'send' && effect.to === alice.key ? [effect.frame] : [])
  const effects = told.flatMap((bytes) => stage.give(alice, { kind: 'frame', peer: bob.key, bytes }))
  expect(effects.filter(({ kind }) => kind === 'persist' || kind === 'event')).toEqual([])
  const back = framesIn(effects).map(({ frame }) => frame.kind)
  expect(back.filter((kind) => kind !== 'lease' && kind !== 'run' && kind !== 'auth')).toEqual([])
})

test('S505: a stream of the same requests is answered with little more than they are', () => {
  const { stage, alice, bob } = met()
  const requests: Frame[] = [
    { kind: 'hello', volume: 0, version: SYNC_VERSION, actor: bob.actor, authHeads: [], frontier: [] },
    { kind: 'auth', heads: [], ops: [] },
    { kind: 'held', pushes: [] },
    { kind: 'have', volume: 0, frontier: [] },
  ]
  for (const request of requests) {
    const asked = encodeFrame(request).length * 100
    const effects = Array.from({ length: 100 }, () => stage.frame(alice, bob, request)).flat()
    const sent = effects.reduce((sum, effect) => sum + (effect.kind === 'send' ? effect.frame.length : 0), 0)
    expect([request.kind, sent < 2_000 + asked]).toEqual([request.kind, true])
  }
})

test('S772: wants for records of the chain are answered up to 4 MiB a second', () => {
  const { stage, alice, bob } = met()
  for (let n = 0; n < 40; n++) {
    const out: Effect[] = []
    const fact = { place: { actor: alice.actor, topic: 'chat', n } as const, value: 'x'.repeat(20_000) }
    expect(proposeFact(alice.engine, stage.clock, out, fact)).toBe('appended')
    stage.perform(alice, out)
    stage.deliver()
    stage.pass(300)
  }
  const { era } = alice.engine.lease
  const at = { term: 0, seq: 0, id: stage.room as string as Hash, confirmed: 0 }
  const message = encodeMessage({ kind: 'want', era: era.number, at })
  const answered = () => {
    let bytes = 0
    for (let n = 0; n < 100; n++) {
      for (const effect of stage.frame(alice, bob, { kind: 'lease', message })) {
        if (effect.kind === 'send') bytes += effect.frame.length
      }
    }
    return bytes
  }
  // Without a bound these 3,800 bytes were answered with 82 MB.
  expect(answered()).toBeGreaterThan(1 << 20)
  expect(answered()).toBe(0)
  stage.pass(CHAIN_ANSWER_MS, [alice])
  const next = answered()
  expect(next).toBeGreaterThan(1 << 20)
  expect(next).toBeLessThan(CHAIN_ANSWER_MAX_BYTES + RECORDS_MAX_BYTES)
})

test('S505: verdicts of terms that nobody led wait, and cost nothing while they do', () => {
  const { stage, alice, bob } = met()
  const [id] = [...bob.engine.board.pushes.keys()]
  let filtered = 0
  const { filter } = Array.prototype
  for (let n = 0; n < 200; n++) {
    const term = 1_000 + n
    const text = JSON.stringify({ at: 1, term, push: id, kind: 'unrelated' })
    stage.write(bob, [{ topic: 'verdicts', value: text }])
  }
  stage.deliver()
  const spy = function (this: unknown[], ...rest: Parameters<typeof filter>) {
    filtered = Math.max(filtered, this.length)
    return filter.apply(this, rest)
  }
  Array.prototype.filter = spy as typeof filter
  try {
    stage.ask(alice, { kind: 'say', text: 'x' })
  } finally {
    Array.prototype.filter = filter
  }
  expect(alice.engine.unproved.size).toBe(200)
  expect(filtered).toBeLessThan(50)
})

test('S505: what a peer says that it holds, and never sends, is forgotten after some asks', () => {
  const { stage, alice, bob } = met()
  const frontier = Array.from({ length: 100 }, (_, n) => ({
    actor: n.toString(16).padStart(80, '0') as ActorId,
    seq: 9,
    hash: '0'.repeat(64) as Hash,
  }))
  stage.frame(alice, bob, { kind: 'have', volume: 0, frontier })
  expect(alice.engine.sessions.get(bob.key)?.ahead.size).toBe(100)
  alice.did.length = 0
  stage.pass(10_000, [alice])
  expect(alice.engine.sessions.get(bob.key)?.ahead.size).toBe(0)
  expect(framesIn(alice.did).filter(({ frame }) => frame.kind === 'want')).toHaveLength(3)
})

test('a lease message that is none ends the session, and one of another era is ignored', () => {
  const { stage, alice, bob } = met()
  const other = encodeMessage({ kind: 'resign', era: 9, term: 1 })
  expect(framesIn(stage.frame(alice, bob, { kind: 'lease', message: other }))).toEqual([])
  const junk: Frame = { kind: 'lease', message: Uint8Array.of(255) }
  expect(stage.frame(alice, bob, junk).some(({ kind }) => kind === 'reset')).toBe(true)
})
