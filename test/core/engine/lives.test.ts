import { expect, test } from 'vitest'
import type { StoreEntry } from '../../../src/core/engine/effect.ts'
import { lengthOf } from '../../../src/core/engine/state.ts'
import { whyOld } from '../../../src/core/engine/witness.ts'
import type { Hash } from '../../../src/core/brand.ts'
import { votersNow } from '../../../src/core/engine/chain.ts'
import { type Person, Stage } from './cast.ts'

function say(stage: Stage, person: Person, text: string): string {
  const answer = stage.ask(person, { kind: 'say', text })
  if (answer.kind !== 'made') throw new Error(`not said: ${answer.kind}`)
  return answer.id
}

const texts = ({ engine }: Person) =>
  [...engine.board.chat.values()].map(({ fact }) => fact.text).sort()
const ids = ({ engine }: Person) => [...engine.board.chat.keys()].sort()

/** All that people see, to the byte: the same on every peer. */
function views({ engine }: Person): string {
  const { chat, tasks, pushes, newest, bases, landings } = engine.board
  const sorted = (map: ReadonlyMap<string, unknown>) =>
    [...map].sort(([a], [b]) => (a < b ? -1 : 1))
  const events = sorted(engine.events)
  return JSON.stringify([[chat, tasks, pushes, newest, bases].map((map) => sorted(map)), landings, events])
}

function notes(person: Person, kind: RegExp): number {
  return person.did.filter((effect) => effect.kind === 'note' && kind.test(effect.text)).length
}

/** Three people who met, after alice said something to all. */
function room(): { stage: Stage; alice: Person; bob: Person; carol: Person } {
  const stage = new Stage(3)
  const [alice, bob, carol] = stage.people as [Person, Person, Person]
  stage.meetAll()
  for (const person of [alice, bob, carol]) say(stage, person, `${person.name} 0`)
  stage.deliver()
  return { stage, alice, bob, carol }
}

/** Everybody meets, as the mesh would have it, until nothing more changes. */
function heal(stage: Stage, people: readonly Person[], rounds = 12): void {
  for (let round = 0; round < rounds; round++) {
    for (const [n, a] of people.entries()) {
      for (const b of people.slice(n + 1)) {
        for (const [x, y] of [[a, b], [b, a]] as const) stage.cut(x, y)
        // The mesh keeps one session for each key: of two daemons of one, the one that came last.
        for (const other of people) {
          if (other !== a && other.key === a.key) stage.cut(other, b)
          if (other !== b && other.key === b.key) stage.cut(other, a)
        }
        if (a.key === b.key) continue
        stage.meet(a, b)
        stage.pass(700)
      }
    }
  }
}

test('S781: each own change has its witness in the journal before it leaves', () => {
  const { stage, alice } = room()
  alice.did.length = 0
  say(stage, alice, 'more')
  const kinds = alice.did.map((effect) =>
    effect.kind === 'persist' ? effect.entry.kind : effect.kind)
  const [change, signed, sent] = ['change', 'signed', 'send'].map((kind) =>
    kinds.indexOf(kind as never)) as [number, number, number]
  expect([change < signed, signed < sent]).toEqual([true, true])
})

test('S782: whatever prefix of either log survives, no seq is signed twice', () => {
  const { stage, alice } = room()
  const isJournal = ({ kind }: StoreEntry) => ['incarnation', 'signed', 'journal'].includes(kind)
  say(stage, alice, 'one')
  stage.restart(alice)
  alice.engine.ending = 'a test wants a second life'
  stage.give(alice, { kind: 'tick' })
  say(stage, alice, 'two')
  say(stage, alice, 'three')
  const whole = [...alice.disk]
  const places = ({ engine }: Person) => [...engine.held].flatMap(([actor, held]) =>
    held.map(({ hash }, at): [string, string] => [`${actor}/${at}`, hash]))
  const signed = new Map(places(alice))
  for (const torn of ['room', 'journal'] as const) {
    const loses = (entry: StoreEntry) => isJournal(entry) === (torn === 'journal')
    const most = whole.filter(loses).length
    for (let keep = torn === 'room' ? 4 : 1; keep < most; keep++) {
      let left = keep
      const disk = whole.filter((entry) => !loses(entry) || left-- > 0)
      const clone = stage.clone(alice, `${torn} ${keep}`, disk)
      say(stage, clone, `after ${torn} ${keep}`)
      for (const [place, hash] of places(clone)) expect(signed.get(place) ?? hash).toBe(hash)
    }
  }
})

test('S782: the logs tell a lost tail, a lost life and a mixed-up pair apart from a crash', () => {
  const hash = 'ab'.repeat(32) as Hash
  const fine = { incarnation: 'a', life: 'a', signed: undefined, rolledBack: undefined }
  const hashAt = (seq: number) => (seq <= 3 ? hash : undefined)
  expect(whyOld(fine, { volume: 0, hashAt })).toBeUndefined()
  expect(whyOld({ ...fine, signed: { volume: 0, seq: 2, hash } }, { volume: 0, hashAt })).toBeUndefined()
  expect(whyOld({ ...fine, signed: { volume: 0, seq: 4, hash } }, { volume: 0, hashAt })).toContain('change 4')
  expect(whyOld({ ...fine, signed: { volume: 0, seq: 3, hash: 'cd'.repeat(32) as Hash } }, { volume: 0, hashAt })).toBeDefined()
  expect(whyOld({ ...fine, life: 'b' }, { volume: 0, hashAt })).toContain('room.log is of incarnation b')
  expect(whyOld({ ...fine, life: undefined }, { volume: 0, hashAt })).toContain('none')
  expect(whyOld({ ...fine, rolledBack: 'so' }, { volume: 0, hashAt })).toBe('so')
})

test('S783: a disk that was rolled back finds it out from a peer, and loses nothing', () => {
  const { stage, alice, bob, carol } = room()
  const old = [...alice.disk]
  for (let n = 1; n < 5; n++) say(stage, alice, `alice ${n}`)
  stage.deliver()
  const all = texts(bob)
  const before = alice.actor
  alice.disk = old
  stage.restart(alice)
  expect(alice.actor).toBe(before)
  stage.meet(alice, bob)
  stage.deliver()
  expect(alice.actor).not.toBe(before)
  expect(notes(alice, /a new incarnation begins/)).toBe(1)
  say(stage, alice, 'after')
  heal(stage, [alice, bob, carol])
  expect([alice, bob, carol].map(texts)).toEqual(Array(3).fill([...all, 'after'].sort()))
  // The old stream is whole and nobody's: there was no fork.
  expect(bob.engine.membership.sealOf(before, bob.engine.volume.id)).toBeUndefined()
  expect(lengthOf(alice.engine, before)).toBe(lengthOf(bob.engine, before))
})

test('S784: a peer that only says it holds more of a stream ends no life', () => {
  const { stage, alice, bob } = room()
  const before = alice.actor
  const row = { actor: before, seq: 99, hash: 'ee'.repeat(32) as Hash }
  for (let n = 0; n < 5; n++) stage.frame(alice, bob, { kind: 'have', volume: 0, frontier: [row] })
  stage.pass(5_000)
  expect(alice.actor).toBe(before)
})

test('S785: whoever works at once on a rolled-back disk forks, and both branches live on', () => {
  const { stage, alice, bob, carol } = room()
  const old = [...alice.disk]
  const acknowledged = new Map<string, string>()
  for (let n = 1; n < 30; n++) acknowledged.set(say(stage, alice, `lost ${n}`), `lost ${n}`)
  stage.deliver()
  alice.disk = old
  const before = alice.actor
  stage.restart(alice)
  for (let n = 1; n < 4; n++) acknowledged.set(say(stage, alice, `blind ${n}`), `blind ${n}`)
  heal(stage, [alice, bob, carol])
  expect(alice.actor).not.toBe(before)
  expect(views(bob)).toBe(views(alice))
  expect(views(carol)).toBe(views(alice))
  for (const [id, text] of acknowledged) {
    expect(alice.engine.board.chat.get(id as never)?.fact.text).toBe(text)
  }
  expect(ids(carol)).toHaveLength(3 + 29 + 3)
  const seal = carol.engine.membership.sealOf(before, carol.engine.volume.id)
  expect(seal?.seq).toBe(1)
  for (const person of [alice, bob, carol]) {
    const seen = views(person)
    stage.restart(person)
    expect(views(person)).toBe(seen)
    expect(notes(person, /a new incarnation begins/)).toBe(person === alice ? 1 : 0)
  }
})

test('S786: two daemons of one cloned disk go on as one agent in two lives', () => {
  const { stage, alice, bob, carol } = room()
  const twin = stage.clone(bob, 'twin')
  for (const other of [alice, carol]) stage.cut(bob, other)
  const acknowledged = new Map<string, string>()
  const both = (mark: string) => {
    for (const one of [bob, twin]) {
      for (let n = 0; n < 20; n++) {
        const text = `${one.name} ${mark} ${n}`
        acknowledged.set(say(stage, one, text), text)
      }
    }
  }
  both('apart')
  heal(stage, [alice, bob, twin, carol])
  both('together')
  heal(stage, [alice, bob, twin, carol], 4)
  expect(new Set([bob.actor, twin.actor, `${bob.key}0000000000000001`]).size).toBe(3)
  for (const person of [bob, twin, carol]) expect(views(person)).toBe(views(alice))
  for (const [id, text] of acknowledged) {
    expect(carol.engine.board.chat.get(id as never)?.fact.text).toBe(text)
  }
  expect(texts(alice)).toHaveLength(acknowledged.size + 3)
  // Nothing is shown twice, though a seal took it back and another life said it again.
  for (const person of [alice, bob, twin, carol]) {
    const told = person.did.flatMap((effect) => (effect.kind === 'event' ? [effect.event.id] : []))
    expect(new Set(told).size).toBe(told.length)
  }
  for (const person of [alice, bob, twin, carol]) {
    const seen = views(person)
    stage.restart(person)
    expect(views(person)).toBe(seen)
  }
})

test('S787: a new life votes when a record names it, and not before', () => {
  const { stage, alice, bob, carol } = room()
  stage.pass(30_000)
  expect(votersNow(alice.engine)).toHaveLength(3)
  const before = carol.actor
  const old = carol.disk.filter(({ kind }) => kind !== 'signed')
  const last = old.findLastIndex(({ kind }) => kind === 'change')
  say(stage, carol, 'more')
  stage.deliver()
  carol.disk = old.slice(0, last + 1)
  stage.restart(carol)
  heal(stage, [alice, bob, carol], 3)
  stage.pass(30_000)
  expect(carol.actor).not.toBe(before)
  for (const { engine } of [alice, bob, carol]) {
    expect(votersNow(engine)).toContain(carol.actor)
    expect(votersNow(engine)).not.toContain(before)
  }
})
