import { expect, test } from 'vitest'
import type { Hash, Oid } from '../../../src/core/brand.ts'
import type { Call } from '../../../src/core/engine/call.ts'
import { cutNow, type Cutting } from '../../../src/core/engine/cutting.ts'
import type { Effect } from '../../../src/core/engine/effect.ts'
import { decodeSigned, encodeSigned, whyOld } from '../../../src/core/engine/witness.ts'
import type { FactId } from '../../../src/core/room/facts.ts'
import { framesIn, openEngine, type Person, Stage } from './cast.ts'

type Three = [Person, Person, Person]

const base = 'b'.repeat(40) as Oid

/** A room in which alice leads and all vote. */
function led(): { stage: Stage; people: Three } {
  const stage = new Stage(3)
  stage.ask(stage.people[0] as Person, { kind: 'base', commit: base })
  stage.meetAll()
  stage.pass(3_000)
  return { stage, people: stage.people as Three }
}

function cut(stage: Stage, person: Person): Cutting {
  const effects: Effect[] = []
  const done = cutNow(person.engine, stage.clock, effects)
  stage.perform(person, effects)
  stage.deliver()
  return done
}

function does(stage: Stage, person: Person, request: Call): FactId {
  const answer = stage.ask(person, request)
  if (answer.kind !== 'made') throw new Error(JSON.stringify(answer))
  return answer.id
}

const say = (stage: Stage, person: Person, text: string) =>
  does(stage, person, { kind: 'say', text })

/** All that a person sees of a room, in a form that can be compared. */
export function view({ engine }: Person): unknown {
  const { board } = engine
  const sorted = (map: ReadonlyMap<unknown, unknown>) => [...map].sort()
  return {
    volume: [engine.volume.number, engine.volume.id],
    chat: sorted(board.chat),
    tasks: sorted(board.tasks),
    claims: [...board.claims.tasks].sort().map(([id, life]) => [id, life.status, life.holder, [...life.asks.keys()]]),
    locks: [[...board.locks.held.keys()].sort(), [...board.locks.asks.keys()].sort()],
    pushes: sorted(board.pushes),
    newest: sorted(board.newest),
    bases: sorted(board.bases),
    doing: sorted(board.doing),
    line: board.line,
    events: [...engine.events.keys()].sort(),
  }
}

function allEqual(people: readonly Person[]): void {
  const [first, ...others] = people.map(view)
  for (const other of others) expect(other).toEqual(first)
}

test('S870: everybody goes on in the next volume, with what was carried over', () => {
  const { stage, people } = led()
  const [alice, bob, carol] = people
  const said = say(stage, bob, 'hello')
  const task = does(stage, carol, { kind: 'task', title: 'mend' })
  stage.pass(300)
  does(stage, bob, { kind: 'ask', want: 'claim', task })
  const lock = does(stage, carol, { kind: 'lock', globs: ['src'], mode: 'exclusive', reason: 'r' })
  does(stage, alice, { kind: 'doing', text: 'this' })
  stage.pass(300)
  expect(cut(stage, alice)).toEqual({ kind: 'proposed', volume: 0 })
  stage.pass(300)
  for (const { engine } of people) {
    expect(engine.volume.number).toBe(1)
    expect(engine.held.size).toBe(0)
    expect(engine.board.chat.get(said)?.fact.text).toBe('hello')
    expect(engine.board.claims.tasks.get(task)?.holder?.actor).toBe(bob.actor)
    expect(engine.board.locks.held.has(lock)).toBe(true)
    expect(engine.differs).toEqual([])
  }
  allEqual(people)
  say(stage, carol, 'on we go')
  const claim = alice.engine.board.claims.tasks.get(task)?.holder?.ask as FactId
  does(stage, bob, { kind: 'ask', want: 'done', task, claim })
  stage.pass(300)
  expect(alice.engine.board.chat.size).toBe(2)
  expect(alice.engine.board.claims.tasks.get(task)?.status).toBe('done')
  allEqual(people)
  for (const person of people) {
    const before = view(person)
    stage.restart(person)
    expect(view(person)).toEqual(before)
  }
  stage.meetAll()
  stage.pass(12_000)
  expect(cut(stage, alice)).toEqual({ kind: 'proposed', volume: 1 })
  stage.pass(500)
  for (const { engine } of people) expect(engine.volume.number).toBe(2)
  allEqual(people)
})

test('S870: that a claim came to nothing is known behind a cut, also to a newcomer', () => {
  const { stage, people } = led()
  const [alice, bob, carol] = people
  const task = does(stage, carol, { kind: 'task', title: 'mend' })
  stage.pass(300)
  const won = does(stage, alice, { kind: 'ask', want: 'claim', task })
  const lost = does(stage, bob, { kind: 'ask', want: 'claim', task })
  stage.pass(300)
  expect(alice.engine.board.claims.tasks.get(task)?.holder?.ask).toBe(won)
  expect(cut(stage, alice)).toEqual({ kind: 'proposed', volume: 0 })
  stage.pass(300)
  stage.restart(carol)
  for (const { engine } of people) {
    const { over } = engine.board.claims
    expect([engine.volume.number, over.get(lost)?.actor]).toEqual([1, bob.actor])
  }
})

test('S871: one who was away says again what lies beyond the cut, under the same ids, once', () => {
  const { stage, people } = led()
  const [alice, bob, carol] = people
  const early = say(stage, carol, 'early')
  const task = does(stage, bob, { kind: 'task', title: 'mend' })
  stage.pass(300)
  for (const other of [alice, bob]) stage.cut(carol, other)
  const late = Array.from({ length: 450 }, (_, n) => say(stage, carol, `late ${n}`))
  const ask = does(stage, carol, { kind: 'ask', want: 'claim', task })
  does(stage, carol, { kind: 'doing', text: 'alone' })
  say(stage, bob, 'meanwhile')
  stage.pass(300)
  expect(cut(stage, alice).kind).toBe('proposed')
  stage.pass(300)
  say(stage, bob, 'in the next')
  stage.pass(300)
  expect(carol.engine.volume.number).toBe(0)
  for (const other of [alice, bob]) stage.meet(carol, other)
  stage.pass(3_000)
  for (const { engine } of people) {
    expect(engine.volume.number).toBe(1)
    expect([early, ...late].every((id) => engine.board.chat.has(id))).toBe(true)
    expect(engine.board.chat.size).toBe(453)
    expect(engine.board.claims.tasks.get(task)?.holder?.ask).toBe(ask)
  }
  allEqual(people)
  expect(carol.engine.owed).toEqual([])
  expect(carol.engine.lives).toEqual([])
  for (const person of people) {
    const before = view(person)
    stage.restart(person)
    expect(view(person)).toEqual(before)
  }
})

test('S872: a newcomer is given the carried state, and sees what all see', () => {
  const { stage, people } = led()
  const [alice, bob] = people
  for (let n = 0; n < 5; n++) {
    say(stage, bob, `message ${n}`)
    stage.pass(200)
    expect(cut(stage, alice).kind).toBe('proposed')
    stage.pass(300)
  }
  expect(alice.engine.volume.number).toBe(5)
  const answer = stage.give(alice, { kind: 'ask', call: 99, peer: stage.request(3).member, question: stage.question(3) })
  expect(answer.length).toBeGreaterThan(0)
  const dave = stage.enter(3, alice.engine.auth.ops().map(({ bytes }) => bytes))
  for (const other of people) stage.meet(dave, other)
  stage.pass(1_000)
  expect(dave.engine.volume.number).toBe(5)
  allEqual([...people, dave])
  const said = say(stage, dave, 'new here')
  stage.pass(500)
  expect(people.every(({ engine }) => engine.board.chat.has(said))).toBe(true)
  allEqual([...people, dave])
})

test('S873: a start from any prefix of the disk gives the room that goes on', () => {
  const { stage, people } = led()
  const [alice, bob, carol] = people
  for (const other of [alice, bob]) stage.cut(carol, other)
  const late = Array.from({ length: 20 }, (_, n) => say(stage, carol, `late ${n}`))
  say(stage, alice, 'here')
  stage.pass(300)
  cut(stage, alice)
  stage.pass(300)
  for (const other of [alice, bob]) stage.meet(carol, other)
  const disk = [...carol.disk]
  const begun = disk.findIndex(({ kind }) => kind === 'carried')
  expect(begun).toBeGreaterThan(0)
  for (let end = begun - 1; end <= disk.length; end++) {
    const cutShort = { ...carol, disk: disk.slice(0, end) }
    const { engine } = openEngine(stage.room, cutShort)
    const whole = disk.slice(0, end).some(({ kind }) => kind === 'volume')
    expect(engine.volume.number).toBe(whole ? 1 : 0)
    const known = [...engine.board.chat.keys(), ...engine.owed.map(({ place }) => place.n)]
    expect(known.length).toBeGreaterThanOrEqual(late.length)
  }
})

test('S874: a leader that lapsed, or that is not confirmed, does not cut', () => {
  const { stage, people } = led()
  const [alice, bob, carol] = people
  expect(cut(stage, bob)).toEqual({ kind: 'not-leader' })
  stage.cut(alice, bob)
  stage.cut(alice, carol)
  stage.pass(15_000, [alice])
  say(stage, alice, 'alone')
  expect(cut(stage, alice)).toEqual({ kind: 'not-leader' })
  expect(alice.engine.volume.number).toBe(0)
})

test('S875: a volume that is full is cut by itself', () => {
  const { stage, people } = led()
  const [alice] = people
  alice.engine.bound.changes = 10
  for (let n = 0; n < 30; n++) {
    say(stage, people[n % 3] as Person, `message ${n}`)
    stage.pass(200)
  }
  stage.pass(1_000)
  expect(alice.engine.volume.number).toBeGreaterThan(1)
  expect(alice.engine.board.chat.size).toBe(30)
  allEqual(people)
})

test('S876: what is said of the streams of another volume changes nothing, and blames nobody', () => {
  const { stage, people } = led()
  const [alice, bob, carol] = people
  say(stage, bob, 'old')
  stage.pass(300)
  const [run] = framesIn(bob.did.filter(({ kind }) => kind === 'send')).flatMap(({ frame }) =>
    frame.kind === 'run' ? [frame] : [])
  if (run === undefined) throw new Error('no run')
  cut(stage, alice)
  stage.pass(300)
  const before = view(alice)
  for (const frame of [
    run,
    { ...run, volume: 1 + 7 },
    { kind: 'have' as const, volume: 0, frontier: [{ actor: bob.actor, seq: 99, hash: 'b'.repeat(64) as Hash }] },
    { kind: 'want' as const, volume: 2, streams: [{ actor: bob.actor, seq: 0 }] },
  ]) expect(stage.frame(alice, carol, frame)).toEqual([])
  expect(view(alice)).toEqual(before)
  expect(alice.engine.misdeeds.size).toBe(0)
  // A run of the volume before, said to be of this one, is not signed for it.
  const forged = stage.frame(alice, carol, { ...run, volume: 1 })
  expect(forged.some(({ kind }) => kind === 'reset')).toBe(true)
})

test('S877: a witness of an earlier volume is kept, one of a later volume tells an old disk', () => {
  const hash = 'ab'.repeat(32) as Hash
  for (const volume of [0, 7]) {
    const signed = { volume, seq: 3, hash }
    expect(decodeSigned(encodeSigned(signed))).toEqual({ kind: 'ok', value: signed })
    const witness = { incarnation: 'a', life: 'a', signed, rolledBack: undefined }
    const none = () => undefined
    expect(whyOld(witness, { volume: volume + 1, hashAt: none })).toBeUndefined()
    expect(whyOld(witness, { volume, hashAt: none })).toContain('change 3')
    expect(whyOld(witness, { volume: volume - 1, hashAt: () => hash })).toContain('change 3')
    expect(whyOld(witness, { volume, hashAt: () => hash })).toBeUndefined()
  }
})

test('S878: a member’s wish ends the volume that it is about, and no other', () => {
  const { stage, people } = led()
  const [alice, bob] = people
  does(stage, bob, { kind: 'cut' })
  stage.pass(1_000)
  for (const { engine } of people) expect(engine.volume.number).toBe(1)
  const late = { at: 5, term: 0, kind: 'cut', volume: 0 }
  stage.write(bob, [{ topic: 'agents', value: JSON.stringify(late) }])
  stage.pass(1_000)
  expect(alice.engine.volume.number).toBe(1)
  allEqual(people)
})
