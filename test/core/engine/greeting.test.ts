import { expect, test } from 'vitest'
import { makeRemove } from '../../../src/core/auth/author.ts'
import type { ActorId, Hash } from '../../../src/core/brand.ts'
import { AUTH_ANSWER_MS, SESSION_STREAMS_MAX } from '../../../src/core/limits.ts'
import { type Frame, SYNC_VERSION } from '../../../src/core/sync/wire.ts'
import { framesIn, kindsTo, type Person, resetIn, Stage } from './cast.ts'

function two(): { stage: Stage; alice: Person; bob: Person } {
  const stage = new Stage(2)
  const [alice, bob] = stage.people as [Person, Person]
  return { stage, alice, bob }
}

function helloOf({ actor, engine }: Person): Extract<Frame, { kind: 'hello' }> {
  return { kind: 'hello', volume: 0, version: SYNC_VERSION, actor, authHeads: engine.auth.heads(), frontier: [] }
}

function up(stage: Stage, person: Person, other: Person) {
  return stage.give(person, { kind: 'up', peer: other.key, path: 'lan', address: 'x' })
}

test('S502: a session begins with one hello, which names everything that is held', () => {
  const { stage, alice, bob } = two()
  stage.ask(alice, { kind: 'say', text: 'hi' })
  const [sent] = framesIn(up(stage, alice, bob))
  expect(sent?.frame).toMatchObject({ kind: 'hello', actor: alice.actor })
  expect((sent?.frame as { frontier: unknown[] }).frontier).toHaveLength(1)
})

test('S502: whatever else comes first ends the session', () => {
  const { stage, alice, bob } = two()
  up(stage, alice, bob)
  expect(resetIn(stage.frame(alice, bob, { kind: 'held', pushes: [] }))).toContain('before hello')
  expect(alice.engine.sessions.size).toBe(0)
})

test('S503: a hello of another version, or in another name, ends the session', () => {
  const { stage, alice, bob } = two()
  up(stage, alice, bob)
  const other = stage.frame(alice, bob, { ...helloOf(bob), version: 1 })
  expect(resetIn(other)).toContain('version 1')
  up(stage, alice, bob)
  expect(resetIn(stage.frame(alice, bob, helloOf(alice)))).toContain('not its key')
})

test('S504: only the first hello is answered; one in another incarnation ends the session', () => {
  const { stage, alice, bob } = two()
  stage.ask(alice, { kind: 'say', text: 'hi' })
  up(stage, alice, bob)
  const behind = { ...helloOf(bob), authHeads: [] }
  expect(kindsTo(bob, stage.frame(alice, bob, behind))).toEqual(['auth', 'run', 'lease'])
  expect(stage.frame(alice, bob, behind)).toEqual([])
  const reborn = `${bob.key}ffffffffffffffff` as ActorId
  expect(resetIn(stage.frame(alice, bob, { ...behind, actor: reborn }))).toBeDefined()
})

test('a session that comes up again without having gone down begins anew', () => {
  const { stage, alice, bob } = two()
  up(stage, alice, bob)
  stage.frame(alice, bob, helloOf(bob))
  expect(kindsTo(bob, up(stage, alice, bob))).toEqual(['hello'])
  expect(alice.engine.sessions.get(bob.key)?.actor).toBeUndefined()
})

test('S506: new auth ops are kept, and told to everybody but whoever sent them', () => {
  const stage = new Stage(3)
  const [alice, bob, carol] = stage.people as [Person, Person, Person]
  stage.meetAll()
  const invited = { kind: 'invite', key: bob.key, role: 'member', uses: 1, expires: 0 } as const
  expect(stage.ask(alice, { ...invited, expires: 5 as never }).kind).toBe('invited')
  const told = stage.people.map((person) => {
    person.did.length = 0
    return person
  })
  stage.deliver()
  const kinds = told.slice(1).flatMap(({ did }) => did.map(({ kind }) => kind))
  expect(kinds.filter((kind) => kind === 'persist')).toHaveLength(2)
  expect(kindsTo(alice, bob.did)).not.toContain('auth')
  expect(bob.engine.auth.heads()).toEqual(carol.engine.auth.heads())
})

test('S506: an op that is none is noted once a session, and the session goes on', () => {
  const { stage, alice, bob } = two()
  stage.meet(alice, bob)
  const junk: Frame = { kind: 'auth', heads: [], ops: [Uint8Array.of(1), Uint8Array.of(2)] }
  const notes = [...stage.frame(alice, bob, junk), ...stage.frame(alice, bob, junk)]
  expect(notes.map(({ kind }) => kind)).toEqual(['note'])
})

test('S507: requests for auth ops are answered once in a while, however many come', () => {
  const { stage, alice, bob } = two()
  stage.meet(alice, bob)
  const request: Frame = { kind: 'auth', heads: [], ops: [] }
  const answers = () => kindsTo(bob, stage.frame(alice, bob, request)).length
  expect([answers(), answers(), answers()]).toEqual([1, 0, 0])
  stage.now += AUTH_ANSWER_MS
  expect(answers()).toBe(1)
})

test('S507: heads that nobody can show are asked for three times, and no more', () => {
  const { stage, alice, bob } = two()
  stage.meet(alice, bob)
  stage.frame(alice, bob, { kind: 'auth', heads: ['a'.repeat(64) as Hash], ops: [] })
  alice.did.length = 0
  stage.pass(30_000, [alice])
  const asked = framesIn(alice.did).filter(({ frame }) => frame.kind === 'auth')
  expect(asked).toHaveLength(3)
})

test('S510: a peer that names streams without end loses its session', () => {
  const { stage, alice, bob } = two()
  stage.meet(alice, bob)
  let why: string | undefined
  for (let n = 0; why === undefined && n < 3; n++) {
    const frontier = Array.from({ length: 10_000 }, (_, i) => ({
      actor: (n * 10_000 + i).toString(16).padStart(80, '0') as ActorId,
      seq: 9,
      hash: '0'.repeat(64) as Hash,
    }))
    why = resetIn(stage.frame(alice, bob, { kind: 'have', volume: 0, frontier }))
  }
  expect(why).toContain(String(SESSION_STREAMS_MAX))
})

test('S512: a member that was removed loses its session at once', () => {
  const { stage, alice, bob } = two()
  stage.meet(alice, bob)
  const spot = { room: stage.room, parents: alice.engine.auth.parents(), at: stage.clock.wall }
  const { bytes } = makeRemove(alice.signer, spot, { member: bob.key, seals: [] })
  const effects = stage.frame(alice, bob, { kind: 'auth', heads: [], ops: [bytes] })
  expect(effects).toContainEqual({ kind: 'forget', peer: bob.key })
  expect(alice.engine.sessions.size).toBe(0)
  expect(stage.frame(alice, bob, { kind: 'held', pushes: [] })).toEqual([])
})
