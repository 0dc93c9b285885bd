import { expect, test } from 'vitest'
import { whyLost } from '../../../src/core/engine/alive.ts'
import type { Answer, Call } from '../../../src/core/engine/call.ts'
import { HOLDER_SILENCE_MS, LOCKS_PER_AGENT_MAX } from '../../../src/core/limits.ts'
import type { FactId } from '../../../src/core/room/facts.ts'
import { foremost, lifeOf, type TaskLife } from '../../../src/core/room/views/claims.ts'
import { signerFrom } from '../../../src/store/ed25519.ts'
import { type Person, Stage } from './cast.ts'

type Three = [Person, Person, Person]

/** A room in which alice leads and all vote, with one task. */
function led(): { stage: Stage; people: Three; task: FactId } {
  const stage = new Stage(3)
  stage.meetAll()
  stage.pass(3_000)
  const task = made(stage.ask(stage.people[0] as Person, { kind: 'task', title: 'mend' }))
  stage.deliver()
  return { stage, people: stage.people as Three, task }
}

function made(answer: Answer): FactId {
  if (answer.kind !== 'made') throw new Error(answer.kind)
  return answer.id
}

function does(stage: Stage, person: Person, request: Call): FactId {
  const id = made(stage.ask(person, request))
  stage.deliver()
  return id
}

function lives(people: readonly Person[], task: FactId): TaskLife[] {
  return people.map(({ engine }) => lifeOf(engine.board.claims, task))
}

/** The kinds of what somebody was told, without what is beside the point. */
function told({ engine }: Person): string[] {
  const kinds = [...engine.events.values()].map(({ kind }) => kind)
  return kinds.filter((kind) => !['founded', 'joined', 'task'].includes(kind))
}

test('S640: the leader confirms the first claim, and the second is told that it is lost', () => {
  const { stage, people, task } = led()
  const [alice, bob, carol] = people
  stage.ask(carol, { kind: 'ask', want: 'claim', task })
  stage.ask(bob, { kind: 'ask', want: 'claim', task })
  stage.deliver()
  for (const life of lives(people, task)) {
    expect([life.status, life.holder?.actor, life.asks.size]).toEqual(['claimed', carol.actor, 0])
  }
  for (const person of [alice, bob, carol]) expect(told(person).sort()).toEqual(['ask-lost', 'ruled'])
})

test('S640: what an owner says under its claim is ruled on, and all have the same end', () => {
  const { stage, people, task } = led()
  const [, bob] = people
  const claim = does(stage, bob, { kind: 'ask', want: 'claim', task })
  does(stage, bob, { kind: 'ask', want: 'done', task, claim })
  for (const life of lives(people, task)) {
    expect([life.status, life.holder, life.ended.has(claim)]).toEqual(['done', undefined, true])
  }
})

test('S641: nobody ends the claim of another, but who decides about members', () => {
  const { stage, people, task } = led()
  const [alice, bob, carol] = people
  const claim = does(stage, bob, { kind: 'ask', want: 'claim', task })
  does(stage, carol, { kind: 'ask', want: 'drop', task, claim })
  does(stage, alice, { kind: 'ask', want: 'done', task, claim })
  expect(lives([alice], task)[0]?.holder?.actor).toBe(bob.actor)
  does(stage, alice, { kind: 'ask', want: 'reopen', task, claim })
  expect(lives(people, task).map(({ status }) => status)).toEqual(['open', 'open', 'open'])
})

test('S642: a claim without a leader waits, and is ruled on when there is one', () => {
  const { stage, people, task } = led()
  const [alice, bob, carol] = people
  stage.cut(carol, alice)
  stage.cut(carol, bob)
  does(stage, carol, { kind: 'ask', want: 'claim', task })
  does(stage, bob, { kind: 'ask', want: 'claim', task })
  expect(lives([carol], task)[0]?.asks.size).toBe(1)
  expect(lives([bob], task)[0]?.holder?.actor).toBe(bob.actor)
  stage.meet(carol, alice)
  stage.pass(1_000)
  expect(lives(people, task).map(({ holder }) => holder?.actor)).toEqual(Array(3).fill(bob.actor))
  expect(told(carol)).toContain('ask-lost')
})

test('S922: nobody gets a task that waits, and who asked for it gets it once it does not', () => {
  const { stage, people, task } = led()
  const [alice, bob] = people
  const later = does(stage, alice, { kind: 'task', title: 'paint', after: [task] })
  does(stage, bob, { kind: 'ask', want: 'claim', task: later })
  expect(lives(people, later).map(({ status, asks }) => [status, asks.size])).toEqual(
    Array(3).fill(['open', 1]),
  )
  does(stage, alice, { kind: 'ask', want: 'done', task })
  for (const { holder } of lives(people, later)) expect(holder?.actor).toBe(bob.actor)
})

test('S924: those who wait are served in the order in which the leader heard of them', () => {
  const { stage, people, task } = led()
  const [alice, bob, carol] = people
  const wants = (person: Person, wait?: true) =>
    does(stage, person, { kind: 'ask', want: 'claim', task, ...(wait && { wait }) })
  const gives = (person: Person, claim: FactId) =>
    does(stage, person, { kind: 'ask', want: 'reopen', task, claim })
  const first = wants(alice)
  let bobs = wants(bob, true)
  const carols = wants(carol, true)
  // Whoever asks again stands behind all who wait.
  does(stage, bob, { kind: 'withdraw', topic: 'claims', ask: bobs })
  bobs = wants(bob, true)
  gives(alice, first)
  for (const { holder } of lives(people, task)) expect(holder?.ask).toBe(carols)
  const again = wants(alice, true)
  gives(carol, carols)
  for (const { holder } of lives(people, task)) expect(holder?.ask).toBe(bobs)
  gives(bob, bobs)
  for (const { holder } of lives(people, task)) expect(holder?.ask).toBe(again)
  expect(told(bob)).not.toContain('ask-lost')
})

test('S924: who is not there keeps its place, and is passed over', () => {
  const { stage, people, task } = led()
  const [alice, bob, carol] = people
  const first = does(stage, alice, { kind: 'ask', want: 'claim', task })
  const bobs = does(stage, bob, { kind: 'ask', want: 'claim', task, wait: true })
  const carols = does(stage, carol, { kind: 'ask', want: 'claim', task, wait: true })
  for (const other of [alice, carol]) stage.cut(bob, other)
  stage.pass(10_000, [alice, carol])
  does(stage, alice, { kind: 'ask', want: 'reopen', task, claim: first })
  for (const { holder } of lives([alice, carol], task)) expect(holder?.ask).toBe(carols)
  does(stage, alice, { kind: 'ask', want: 'claim', task, wait: true })
  for (const other of [alice, carol]) stage.meet(bob, other)
  stage.pass(1_000)
  does(stage, carol, { kind: 'ask', want: 'reopen', task, claim: carols })
  for (const { holder } of lives(people, task)) expect(holder?.ask).toBe(bobs)
})

test('S643: whoever is not heard for long loses its claims and locks, and not before', () => {
  const { stage, people, task } = led()
  const [alice, bob, carol] = people
  does(stage, carol, { kind: 'ask', want: 'claim', task })
  const terms = { globs: ['src'], mode: 'exclusive' as const, reason: 'moving' }
  does(stage, carol, { kind: 'lock', ...terms })
  for (const other of [alice, bob]) stage.cut(carol, other)
  stage.pass(HOLDER_SILENCE_MS - 5_000, [alice, bob])
  expect(lives([alice], task)[0]?.status).toBe('claimed')
  stage.pass(10_000, [alice, bob])
  expect(lives([alice, bob], task).map(({ status }) => status)).toEqual(['open', 'open'])
  expect(alice.engine.board.locks.held.size).toBe(0)
  expect(told(bob).filter((kind) => kind === 'released' || kind === 'unlocked')).toHaveLength(2)
})

test('S644: a claim that is taken back is not granted, and a granted one is given back', () => {
  const { stage, people, task } = led()
  const [alice, bob, carol] = people
  for (const other of [alice, bob]) stage.cut(carol, other)
  const ask = does(stage, carol, { kind: 'ask', want: 'claim', task })
  does(stage, carol, { kind: 'withdraw', topic: 'claims', ask })
  stage.meet(carol, alice)
  stage.meet(carol, bob)
  stage.pass(1_000)
  expect(lives(people, task).map(({ status }) => status)).toEqual(['open', 'open', 'open'])
  const claim = does(stage, bob, { kind: 'ask', want: 'claim', task })
  does(stage, carol, { kind: 'withdraw', topic: 'claims', ask: claim })
  expect(lives([carol], task)[0]?.status).toBe('claimed')
  does(stage, bob, { kind: 'withdraw', topic: 'claims', ask: claim })
  expect(lives(people, task).map(({ status }) => status)).toEqual(['open', 'open', 'open'])
})

test('S645: of two locks that exclude each other one is granted, and the other is told why', () => {
  const { stage, people } = led()
  const [, bob, carol] = people
  const terms = { mode: 'exclusive' as const, reason: 'moving' }
  const first = made(stage.ask(bob, { kind: 'lock', globs: ['src', 'docs'], ...terms }))
  stage.ask(carol, { kind: 'lock', globs: ['test', 'docs/*.md'], ...terms })
  stage.deliver()
  for (const { engine } of people) {
    expect([[...engine.board.locks.held.keys()], engine.board.locks.asks.size]).toEqual([[first], 0])
  }
  expect(told(carol).sort()).toEqual(['lock-lost', 'locked'])
  does(stage, carol, { kind: 'withdraw', topic: 'locks', ask: first })
  expect(carol.engine.board.locks.held.size).toBe(1)
  does(stage, bob, { kind: 'withdraw', topic: 'locks', ask: first })
  expect(carol.engine.board.locks.held.size).toBe(0)
})

test('S646: doing something and its lock are one change', () => {
  const { stage, people } = led()
  const [alice, bob] = people
  const lock = { globs: ['src'], mode: 'exclusive' as const, reason: 'mend' }
  const answer = stage.ask(bob, { kind: 'doing', text: 'mend', lock })
  if (answer.kind !== 'made' || answer.with === undefined) throw new Error('no lock')
  stage.deliver()
  const said = [...alice.engine.board.doing.values()].map(({ fact }) => [fact.text, fact.lock])
  expect(said).toEqual([['mend', answer.with]])
  expect([...alice.engine.board.locks.held.keys()]).toEqual([answer.with])
  const refused = stage.ask(bob, { kind: 'doing', text: 'mend', lock: { ...lock, globs: ['/etc'] } })
  expect(refused).toMatchObject({ kind: 'refused', code: 'USAGE' })
})

test('S646: what one does next can keep the lock of what one did', () => {
  const { stage, people } = led()
  const [alice, bob] = people
  const lock = { globs: ['src'], mode: 'exclusive' as const, reason: 'mend' }
  const answer = stage.ask(bob, { kind: 'doing', text: 'mend', lock })
  if (answer.kind !== 'made' || answer.with === undefined) throw new Error('no lock')
  does(stage, bob, { kind: 'doing', text: 'mend more', keeps: answer.with })
  const said = [...alice.engine.board.doing.values()].map(({ fact }) => [fact.text, fact.lock])
  expect(said).toEqual([['mend more', answer.with]])
})

test('S645: a lock more than anybody gets is refused, and not asked for in vain', () => {
  const { stage, people } = led()
  const [, bob] = people
  const lock = (n: number) => {
    return { globs: [`f${n}`], mode: 'exclusive' as const, reason: 'many' }
  }
  for (let n = 0; n < LOCKS_PER_AGENT_MAX; n++) does(stage, bob, { kind: 'lock', ...lock(n) })
  const last = lock(LOCKS_PER_AGENT_MAX)
  for (const more of [{ kind: 'lock', ...last }, { kind: 'doing', text: 'x', lock: last }] as const) {
    expect(stage.ask(bob, more)).toMatchObject({ kind: 'refused', code: 'TOO_LARGE' })
  }
  expect(bob.engine.board.locks.asks.size).toBe(0)
})

test('S647: a record about a task or a lock that its leader did not write holds for nobody', () => {
  const { stage, people, task } = led()
  const [, bob, carol] = people
  const ruling = { at: 1, term: 1, kind: 'rule', want: 'claim', task, ask: { actor: bob.actor, n: 0 } }
  stage.write(bob, [{ topic: 'claims', value: JSON.stringify(ruling) }])
  stage.deliver()
  expect(lives([bob, carol], task).map(({ status }) => status)).toEqual(['open', 'open'])
})

test('S648: after a restart the same tasks and locks are held by the same members', () => {
  const { stage, people, task } = led()
  const [alice, bob] = people
  does(stage, bob, { kind: 'ask', want: 'claim', task })
  does(stage, bob, { kind: 'lock', globs: ['src'], mode: 'shared', reason: 'reading' })
  const before = structuredClone(alice.engine.board.claims.tasks)
  const held = structuredClone(alice.engine.board.locks.held)
  const events = [...alice.engine.events.keys()].sort()
  stage.restart(alice)
  expect(alice.engine.board.claims.tasks).toEqual(before)
  expect(alice.engine.board.locks.held).toEqual(held)
  expect([...alice.engine.events.keys()].sort()).toEqual(events)
})

/** Bob and carol each have a lock, and carol the task. */
function held() {
  const { stage, people, task } = led()
  const [alice, bob, carol] = people
  stage.pass(8_000)
  const terms = { mode: 'exclusive' as const, reason: 'moving' }
  const of = does(stage, bob, { kind: 'lock', globs: ['docs'], ...terms })
  does(stage, carol, { kind: 'lock', globs: ['src'], ...terms })
  does(stage, carol, { kind: 'ask', want: 'claim', task })
  return { stage, alice, bob, carol, task, of }
}

test('S643: whoever is removed loses what it held at once, and nobody else anything', () => {
  const { stage, alice, bob, carol, task, of } = held()
  stage.ask(alice, { kind: 'remove', agent: carol.engine.me.agent })
  stage.deliver()
  stage.pass(500, [alice, bob])
  for (const { engine } of [alice, bob]) {
    expect(lifeOf(engine.board.claims, task).status).toBe('open')
    expect([...engine.board.locks.held.keys()]).toEqual([of])
  }
})

test('S643: an agent that goes on with another key keeps what it holds', () => {
  const { stage, alice, bob, carol, task } = held()
  stage.ask(carol, { kind: 'rotate', next: signerFrom(new Uint8Array(32).fill(42)) })
  stage.deliver()
  stage.pass(5_000, [alice, bob])
  expect(lifeOf(alice.engine.board.claims, task).holder?.actor).toBe(carol.actor)
  expect(alice.engine.board.locks.held.size).toBe(2)
})

test('S624: what somebody asked who is no member any more is nobody’s claim', () => {
  const { stage, people, task } = led()
  const [alice, , carol] = people
  for (const other of people) if (other !== carol) stage.cut(carol, other)
  does(stage, carol, { kind: 'ask', want: 'claim', task })
  const life = lives([carol], task)[0] as TaskLife
  const mayHave = (person: Person) => (actor: typeof carol.actor) =>
    whyLost(person.engine, stage.clock, actor) !== 'removed'
  expect(foremost(life, mayHave(carol))?.place.actor).toBe(carol.actor)
  stage.ask(alice, { kind: 'remove', agent: carol.engine.me.agent })
  expect(foremost(life, mayHave(alice))).toBeUndefined()
})
