import { expect, test } from 'vitest'
import { CATCH_UP_BYTES, MESSAGE_MAX_BYTES, WANT_DELAY_MS } from '../../../src/core/limits.ts'
import type { Frame } from '../../../src/core/sync/wire.ts'
import { framesIn, kindsTo, type Person, resetIn, Stage } from './cast.ts'

type Three = { stage: Stage; alice: Person; bob: Person; carol: Person }

function three(): Three {
  const stage = new Stage(3)
  const [alice, bob, carol] = stage.people as [Person, Person, Person]
  return { stage, alice, bob, carol }
}

function say(stage: Stage, person: Person, text: string) {
  return stage.ask(person, { kind: 'say', text })
}

function texts({ engine }: Person): string[] {
  return [...engine.board.chat.values()].map(({ fact }) => fact.text).sort()
}

/** The frames with which somebody tells what it writes. */
function runsOf(stage: Stage, person: Person, count: number): Extract<Frame, { kind: 'run' }>[] {
  person.did.length = 0
  for (let n = 0; n < count; n++) say(stage, person, `${n}`)
  return framesIn(person.did).flatMap(({ frame }) => (frame.kind === 'run' ? [frame] : []))
}

test('S500: what is written is on disk before it is sent, shown or answered', () => {
  const { stage, alice, bob } = three()
  stage.meet(alice, bob)
  alice.did.length = 0
  say(stage, alice, 'hi')
  const kinds = alice.did.map(({ kind }) => kind)
  expect(kinds).toEqual(['persist', 'event', 'document', 'persist', 'send', 'answer'])
})

test('S508: a change reaches everybody connected, and is on disk there', () => {
  const { stage, bob, carol, alice } = three()
  stage.meetAll()
  say(stage, alice, 'hi')
  stage.deliver()
  expect([bob, carol].map(texts)).toEqual([['hi'], ['hi']])
  expect(bob.disk.filter(({ kind }) => kind === 'change')).toHaveLength(1)
})

test('S508: a run that its author did not sign ends the session of whoever sent it', () => {
  const { stage, alice, bob } = three()
  stage.meet(alice, bob)
  const [run] = runsOf(stage, bob, 1) as [Extract<Frame, { kind: 'run' }>]
  const forged = { ...run, signature: run.signature.map((byte) => byte ^ 1) }
  expect(resetIn(stage.frame(alice, bob, forged))).toContain('did not sign')
  expect(alice.engine.held.size).toBe(0)
})

test('S509: runs that came too early wait, and count once the ones before are here', () => {
  const { stage, alice, bob } = three()
  stage.meet(alice, bob)
  const [a, b, c] = runsOf(stage, bob, 3) as [Frame, Frame, Frame]
  stage.frame(alice, bob, c)
  stage.frame(alice, bob, b)
  expect(texts(alice)).toEqual([])
  stage.frame(alice, bob, a)
  expect(texts(alice)).toEqual(['0', '1', '2'])
})

test('S509: what is missing before a run is asked for, if it does not come by itself', () => {
  const { stage, alice, bob } = three()
  stage.meet(alice, bob)
  const [, late] = runsOf(stage, bob, 2) as [Frame, Frame]
  stage.frame(alice, bob, late)
  alice.did.length = 0
  stage.pass(WANT_DELAY_MS + 200, [alice])
  expect(texts(alice)).toEqual(['0', '1'])
})

test('S509: a run written under auth ops that are not here counts once they are', () => {
  const { stage, alice, bob, carol } = three()
  stage.meet(alice, bob)
  const late = stage.people.length
  expect(late).toBe(3)
  const invited = { kind: 'invite', key: bob.key, role: 'member', uses: 1 } as const
  stage.ask(carol, { ...invited, expires: 5 as never })
  say(stage, carol, 'under new ops')
  const run = carol.disk.findLast(({ kind }) => kind === 'change') as { bytes: Uint8Array; signature: Uint8Array }
  stage.frame(alice, bob, {
    kind: 'run', volume: 0, actor: carol.actor, seq: 1, changes: [run.bytes], signature: run.signature,
  })
  expect(texts(alice)).toEqual([])
  const ops = carol.engine.auth.lacking(alice.engine.auth.heads())
  stage.frame(alice, bob, { kind: 'auth', heads: [], ops })
  expect(texts(alice)).toEqual(['under new ops'])
})

test('what somebody else wrote is passed on by those who have it', () => {
  const { stage, alice, bob, carol } = three()
  stage.meet(alice, bob)
  stage.meet(bob, carol)
  say(stage, alice, 'through bob')
  stage.deliver()
  stage.pass(WANT_DELAY_MS + 300)
  expect(texts(carol)).toEqual(['through bob'])
})

test('S513: a want is served from where it says, of streams that are held and no others', () => {
  const { stage, alice, bob } = three()
  stage.meet(alice, bob)
  for (const text of ['a', 'b', 'c']) say(stage, alice, text)
  stage.deliver()
  const streams = [{ actor: alice.actor, seq: 1 }, { actor: bob.actor, seq: 0 }]
  streams.sort((a, b) => (a.actor < b.actor ? -1 : 1))
  const sent = framesIn(stage.frame(alice, bob, { kind: 'want', volume: 0, streams }))
  expect(sent.map(({ frame }) => (frame.kind === 'run' ? frame.changes.length : frame.kind))).toEqual([2])
  expect(alice.engine.sessions.get(bob.key)?.reach.has(bob.actor)).toBe(false)
})

test('S514: an outbox is filled once, and again when it drained', () => {
  const { stage, alice, bob } = three()
  const long = 'x'.repeat(MESSAGE_MAX_BYTES)
  const count = Math.ceil((1.5 * CATCH_UP_BYTES) / MESSAGE_MAX_BYTES)
  for (let n = 0; n < count; n++) say(stage, alice, long)
  stage.meet(alice, bob)
  const sent = () => kindsTo(bob, alice.did).filter((kind) => kind === 'run').length
  const first = sent()
  expect(alice.did.filter(({ kind }) => kind === 'pace')).toHaveLength(1)
  expect(bob.engine.board.chat.size).toBeLessThan(count)
  stage.pass(1_000)
  expect(sent()).toBe(first)
  for (let n = 0; n < 5; n++) {
    stage.give(alice, { kind: 'drained', peer: bob.key })
    stage.deliver()
  }
  expect(bob.engine.board.chat.size).toBe(count)
})

test('S521: what is too large, or could not be read back, is refused, and nothing is written', () => {
  const { stage, alice } = three()
  const long = 'x'.repeat(MESSAGE_MAX_BYTES + 1)
  expect(say(stage, alice, long)).toMatchObject({ kind: 'refused', code: 'TOO_LARGE' })
  expect(stage.ask(alice, { kind: 'task', title: '' })).toMatchObject({ code: 'USAGE' })
  const files = Array.from({ length: 1_000 }, (_, n) => `${n}`)
  const push = { kind: 'push', commit: 'a'.repeat(40) as never, files, fileCount: 1_000 } as const
  expect(stage.ask(alice, push)).toMatchObject({ code: 'USAGE' })
  expect(alice.disk.filter(({ kind }) => kind === 'change')).toEqual([])
})

test('S521: who is no member may not write', () => {
  const stage = new Stage(2)
  const [alice] = stage.people as [Person]
  const dave = stage.enter(3, alice.disk.map(({ bytes }) => bytes))
  expect(say(stage, dave, 'let me in')).toMatchObject({ kind: 'refused', code: 'NOT_AUTHORISED' })
})

test('a change that is never valid is noted once a session, and blocks nobody else', () => {
  const { stage, alice, bob, carol } = three()
  const dave = stage.enter(3, alice.disk.map(({ bytes }) => bytes))
  stage.meet(alice, bob)
  dave.engine.membership = { ...dave.engine.membership, mayWrite: () => 'may', byKey: () =>
    dave.engine.membership.members.values().next().value }
  stage.ask(dave, { kind: 'say', text: 'sneaky' })
  const change = dave.disk.findLast(({ kind }) => kind === 'change') as {
    bytes: Uint8Array
    signature: Uint8Array
  }
  const run: Frame = {
    kind: 'run', volume: 0, actor: dave.actor, seq: 1, changes: [change.bytes], signature: change.signature,
  }
  const effects = [...stage.frame(alice, bob, run), ...stage.frame(alice, bob, run)]
  expect(effects.map(({ kind }) => kind)).toEqual(['note'])
  expect(alice.engine.held.has(dave.actor)).toBe(false)
  expect(carol.engine.held.size).toBe(0)
})

test('S821: bytes that are held are compared and nothing else, whoever sends them', () => {
  const { stage, alice, bob, carol } = three()
  stage.meetAll()
  const last = runsOf(stage, bob, 3).at(-1) as Extract<Frame, { kind: 'run' }>
  stage.deliver()
  const held = (bob.engine.held.get(bob.actor) ?? []).map(({ bytes }) => bytes)
  const all = { ...last, seq: 1, changes: held }
  const unread = { ...all, signature: new Uint8Array(64) }
  expect(stage.frame(alice, carol, unread)).toEqual([])
  const [first, ...rest] = all.changes.map((change) => change.slice()) as [Uint8Array, ...Uint8Array[]]
  first[20] = (first[20] as number) ^ 1
  const other = { ...all, changes: [first, ...rest] }
  expect(resetIn(stage.frame(alice, carol, other))).toContain('did not sign')
})
