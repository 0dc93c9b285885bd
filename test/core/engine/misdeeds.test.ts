/** Peers that send what no peer may take: counted, told, left out, and let in again. */
import { expect, test } from 'vitest'
import { type ActorId, actorOf, type Hash } from '../../../src/core/brand.ts'
import type { Effect } from '../../../src/core/engine/effect.ts'
import {
  FRONTIER_MAX,
  INCARNATIONS_MAX,
  MEMBERS_MAX,
  MISDEEDS_MAX,
  MISDEEDS_MS,
  SHUN_MS,
} from '../../../src/core/limits.ts'
import { openStream, signingBytes, writeChange } from '../../../src/core/room/stream.ts'
import type { Frame } from '../../../src/core/sync/wire.ts'
import { build, hashOfChunk, parse, uint } from '../room/raw.ts'
import { framesIn, type Person, resetIn, Stage } from './cast.ts'

function met(size = 3): { stage: Stage; alice: Person; bob: Person; carol: Person } {
  const stage = new Stage(size)
  const [alice, bob, carol] = stage.people as [Person, Person, Person]
  stage.meetAll()
  stage.pass(2_500)
  return { stage, alice, bob, carol }
}

/** A run that its author signed, of a stream of its own, right or with an op number too high. */
function runOf(
  person: Person,
  { life, spoilt }: { life: number; spoilt: 'right' | 'spoilt' },
): Frame {
  const actor: ActorId = actorOf(person.key, life.toString(16).padStart(16, 'f'))
  const { volume, auth } = person.engine
  const facts = [{ topic: 'chat' as const, value: JSON.stringify({ at: 1, term: 0, text: 'x' }) }]
  const written = writeChange(volume, openStream(volume, actor), {
    facts, time: 1_700_000_000, heads: auth.parents(),
  })
  if (written.kind !== 'ok') throw new Error(written.why)
  let bytes = written.bytes
  if (spoilt === 'spoilt') {
    const raw = parse(bytes)
    raw.startOp = uint(99)
    bytes = build(raw)
  }
  const hash: Hash = hashOfChunk(bytes)
  const signature = person.signer.sign(signingBytes(volume, { actor, seq: 1, hash }))
  return { kind: 'run', volume: 0, actor, seq: 1, changes: [bytes], signature }
}

const spoilt = (person: Person, life = 1): Frame => runOf(person, { life, spoilt: 'spoilt' })
const kinds = (effects: readonly Effect[]) => effects.map(({ kind }) => kind)
const notes = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'note' ? [effect.text] : []))

test('S762: who goes on sending changes that nobody may take is left out, and told by name', () => {
  const { stage, alice, bob } = met()
  for (let n = 1; n < MISDEEDS_MAX; n++) {
    expect(kinds(stage.frame(alice, bob, spoilt(bob)))).not.toContain('forget')
  }
  const last = stage.frame(alice, bob, spoilt(bob))
  expect(last).toContainEqual({ kind: 'forget', peer: bob.key })
  expect(notes(last).join()).toMatch(/bob is left out for 60 s: .*10 times .*starts at op 99, not/)
  expect(alice.engine.sessions.has(bob.key)).toBe(false)
  const { why, until } = alice.engine.misdeeds.get(bob.key)!
  expect(why).toMatch(/change 1 of/)
  expect(until).toBe(stage.now + SHUN_MS)
})

test('S762: meanwhile nothing wants it, and after a minute it is wanted again', () => {
  const { stage, alice, bob, carol } = met()
  for (let n = 0; n < MISDEEDS_MAX; n++) stage.frame(alice, bob, spoilt(bob))
  alice.did.length = 0

  // Its beats still come by carol, discovery still sees it, and it dials.
  stage.pass(SHUN_MS - 200)
  stage.give(alice, { kind: 'found', peer: bob.key, addresses: ['10.0.0.2:1'] })
  const wants = () =>
    alice.did.filter((effect) => effect.kind === 'want' && effect.peer === bob.key)
  expect(alice.engine.presence.get(bob.key)?.heard).toBeGreaterThan(stage.now - 3_000)
  expect(wants()).toEqual([])
  const up = stage.give(alice, { kind: 'up', peer: bob.key, path: 'lan', address: 'stage' })
  expect(up).toEqual([{ kind: 'forget', peer: bob.key }])

  stage.pass(400)
  expect(wants()).not.toEqual([])
  stage.meet(alice, bob)
  expect(alice.engine.sessions.get(bob.key)?.actor).toBe(bob.actor)
  expect(alice.engine.sessions.has(carol.key)).toBe(true)
})

test('S762: what others send between the bad ones counts, and what the bad one sent before', () => {
  const { stage, alice, bob, carol } = met()
  stage.ask(bob, { kind: 'say', text: 'before' })
  for (let n = 0; n < MISDEEDS_MAX; n++) {
    stage.frame(alice, bob, spoilt(bob))
    stage.ask(carol, { kind: 'say', text: `${n}` })
    stage.deliver()
  }
  expect(alice.engine.sessions.has(bob.key)).toBe(false)
  stage.ask(bob, { kind: 'say', text: 'after' })
  stage.deliver()
  stage.pass(2_000)
  const chats = (actor: ActorId) => alice.engine.held.get(actor)?.length
  expect(chats(carol.actor)).toBe(MISDEEDS_MAX)
  // Carol, who was sent nothing bad, passes bob's next words on.
  expect(chats(bob.actor)).toBe(2)
})

test('S761: bad changes with good ones between them cost the good ones nothing', () => {
  const { stage, alice, bob } = met()
  for (let n = 0; n < MISDEEDS_MAX - 1; n++) {
    stage.frame(alice, bob, spoilt(bob))
    stage.ask(bob, { kind: 'say', text: `${n}` })
    stage.deliver()
  }
  expect(alice.engine.held.get(bob.actor)).toHaveLength(MISDEEDS_MAX - 1)
  expect(alice.engine.sessions.has(bob.key)).toBe(true)
})

test('S761: frames that end the session count, in however many sessions they come', () => {
  const { stage, alice, bob } = met()
  for (let n = 1; n <= MISDEEDS_MAX; n++) {
    if (n > 1) stage.meet(alice, bob)
    const effects = stage.give(alice, { kind: 'frame', peer: bob.key, bytes: Uint8Array.of(99) })
    expect(resetIn(effects)).toMatch(/unknown kind/)
    expect(kinds(effects).includes('forget')).toBe(n === MISDEEDS_MAX)
  }
})

test('S761: a frame with ops that are invalid is one misdeed, however many they are', () => {
  const { stage, alice, bob } = met()
  const ops = Array.from({ length: 100 }, (_, n) => Uint8Array.of(n))
  stage.frame(alice, bob, { kind: 'auth', heads: [], ops })
  expect(alice.engine.misdeeds.get(bob.key)?.total).toBe(1)
  for (let n = 1; n < MISDEEDS_MAX; n++) stage.frame(alice, bob, { kind: 'auth', heads: [], ops })
  expect(alice.engine.sessions.has(bob.key)).toBe(false)
})

test('S761: misdeeds that are far apart never add up', () => {
  const { stage, alice, bob } = met()
  for (let n = 0; n < 3 * MISDEEDS_MAX; n++) {
    stage.frame(alice, bob, spoilt(bob))
    if (n % 5 === 0) stage.pass(MISDEEDS_MS)
  }
  expect(alice.engine.misdeeds.get(bob.key)?.total).toBe(3 * MISDEEDS_MAX)
  expect(alice.engine.sessions.has(bob.key)).toBe(true)
})

test('S761: an honest peer that passes on a fork, or what waits, is not to blame', () => {
  const { stage, alice, bob, carol } = met()
  const one = runOf(bob, { life: 7, spoilt: 'right' })
  if (one.kind !== 'run') throw new Error('no run')
  stage.frame(alice, carol, one)
  for (let n = 0; n < 2 * MISDEEDS_MAX; n++) {
    const raw = parse(one.changes[0]!)
    raw.time = uint(1_000_000 + n)
    const bytes = build(raw)
    const at = { actor: one.actor, seq: 1, hash: hashOfChunk(bytes) }
    const signature = bob.signer.sign(signingBytes(bob.engine.volume, at))
    stage.frame(alice, carol, { ...one, changes: [bytes], signature })
  }
  // The first of them proves it: the stream ends before both branches, which are kept.
  expect(alice.engine.held.has(one.actor)).toBe(false)
  expect(alice.engine.beyond.get(one.actor)?.changes.size).toBe(2 * MISDEEDS_MAX)
  expect(alice.engine.misdeeds.size).toBe(0)
})

test('S763: one member cannot begin streams until no two peers can name theirs', () => {
  expect(INCARNATIONS_MAX * MEMBERS_MAX).toBeLessThanOrEqual(FRONTIER_MAX)
  const { stage, alice, bob, carol } = met()
  for (let life = 0; life < 3 * INCARNATIONS_MAX; life++) {
    stage.frame(alice, bob, runOf(bob, { life, spoilt: 'right' }))
  }
  expect(alice.engine.streams.size).toBe(INCARNATIONS_MAX)
  expect(alice.engine.held.size).toBe(INCARNATIONS_MAX)
  // It is told once, and nobody is blamed: whoever passes one on may have taken another fifty.
  expect(notes(alice.did).filter((text) => text.includes('no more are taken'))).toHaveLength(1)
  expect(alice.engine.misdeeds.size).toBe(0)
  stage.ask(carol, { kind: 'say', text: 'still here' })
  stage.deliver()
  expect(alice.engine.held.has(carol.actor)).toBe(true)
  stage.restart(alice)
  expect(alice.engine.streams.size).toBe(INCARNATIONS_MAX + 1)
  expect(stage.ask(bob, { kind: 'say', text: 'a new life' }).kind).toBe('made')
  stage.meet(alice, bob)
  expect(framesIn(alice.did).some(({ frame }) => frame.kind === 'hello')).toBe(true)
})
