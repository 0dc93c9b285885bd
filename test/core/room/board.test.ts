import { expect, test } from 'vitest'
import type { ActorId } from '../../../src/core/brand.ts'
import {
  type FactId,
  type Facts,
  type Landed,
  type Place,
  type Pushed,
  writeFact,
} from '../../../src/core/room/facts.ts'
import { type Topic, TOPICS } from '../../../src/core/room/topics.ts'
import {
  baseOf,
  type Board,
  emptyBoard,
  foldFact,
  foldLanding,
  integrationOf,
  type LeaderOf,
  newestPushes,
  queueOf,
  refusalOf,
  type Shown,
  sorted,
  standingOf,
} from '../../../src/core/room/views/board.ts'
import { workUnder } from '../../../src/core/room/views/under.ts'
import { alice, bob, dice, person } from './cast.ts'
import { asked, at, landed, oid, pushed, pushId, refused, samples } from './drafts.ts'

const carol = person('carol')
const people = [alice, bob, carol]
/** Term 1 was led by alice, term 2 by bob; of the others nothing is proved. */
const leader: LeaderOf = (term) => [undefined, alice.actor, bob.actor][term]

function fold<T extends keyof Facts>(
  board: Board,
  topic: T,
  actor: ActorId,
  n: number,
  fact: Facts[T],
): Shown {
  return foldFact(board, { actor, topic, n }, writeFact(topic, fact))
}

/** The first push of alice. */
const WORK = pushId(0, alice.actor, pushed('work'))

test('S931: work under a claim is in review while it is queued, and landed once it is', () => {
  const board = emptyBoard()
  const claim = 'abcdefghijklmnop' as FactId
  const own = { claim, actor: alice.actor }
  const work = () => workUnder(board, own, leader)
  fold(board, 'refs', bob.actor, 0, pushed('not hers', { claim }))
  expect(work()).toBeUndefined()
  const first = pushed('first', { claim })
  fold(board, 'refs', alice.actor, 0, first)
  expect(work()).toBe('review')
  confirm(board, 1, landed(pushId(0, alice.actor, first), oid('landing')))
  expect(work()).toBe('landed')
  const second = pushed('second', { claim })
  fold(board, 'refs', alice.actor, 1, second)
  expect(work()).toBe('review')
  fold(board, 'verdicts', alice.actor, 0, refused(pushId(1, alice.actor, second)))
  expect(work()).toBe('landed')
})

/** A board with one push of alice, and its id. */
function withPush(): { board: Board; push: FactId } {
  const board = emptyBoard()
  fold(board, 'refs', alice.actor, 0, pushed('work'))
  return { board, push: WORK }
}

const waiting = (board: Board) => queueOf(board, leader).map(({ push }) => push)
const confirm = (board: Board, seq: number, fact: Facts['landings']) => {
  const place: Place = { actor: alice.actor, topic: 'landings', n: seq }
  return foldLanding(board, { seq, term: 1, place, value: writeFact('landings', fact) })
}

test('S484: a push waits until it lands or is refused', () => {
  const { board, push } = withPush()
  expect(queueOf(board, leader)).toEqual([{ push, commit: oid('work'), at: 1_000 }])
  expect(standingOf(board, push, leader)).toEqual({ kind: 'queued' })
  const landing = confirm(board, 4, landed(push, oid('landing')))
  expect(standingOf(board, push, leader)).toEqual({ kind: 'landed', landing })
  expect([waiting(board), integrationOf(board)]).toEqual([[], oid('landing')])
})

test('S484: a landing that arrives before its push counts when the push is there', () => {
  const board = emptyBoard()
  confirm(board, 4, landed(WORK, oid('landing')))
  fold(board, 'refs', alice.actor, 0, pushed('work'))
  expect(waiting(board)).toEqual([])
  expect([...board.unlanded]).toEqual([])
  expect(standingOf(board, WORK, leader).kind).toBe('landed')
})

test('S485: a landing in the document alone changes nothing', () => {
  const { board, push } = withPush()
  const before = structuredClone(board)
  const shown = fold(board, 'landings', alice.actor, 0, landed(push, oid('landing')))
  expect([shown, board]).toEqual([{ kind: 'nothing' }, before])
})

test('S486: a landing that does not start where the one before it ended is none', () => {
  const { board, push } = withPush()
  const next = (n: number) => pushId(n, bob.actor)
  expect(confirm(board, 4, landed(push, oid(1), oid('base')))).toBeDefined()
  const before = structuredClone(board)
  expect(confirm(board, 5, landed(next(1), oid(2), oid('base')))).toBeUndefined()
  expect(confirm(board, 5, landed(next(1), oid(2)))).toBeUndefined()
  expect(confirm(board, 4, landed(next(1), oid(2), oid(1)))).toBeUndefined()
  expect(board).toEqual(before)
  expect(confirm(board, 5, landed(next(1), oid(2), oid(1)))).toBeDefined()
  expect(confirm(board, 9, landed(next(2), oid(3), oid(2)))).toBeDefined()
  expect(confirm(board, 10, landed(push, oid(4), oid(3)))).toBeDefined()
  expect(board.landings.map(({ seq }) => seq)).toEqual([4, 5, 9, 10])
  expect(standingOf(board, push, leader)).toMatchObject({ landing: { seq: 4 } })
})

test('S486: what is confirmed of another topic, or does not read, is no landing', () => {
  const { board, push } = withPush()
  const value = writeFact('landings', landed(push, oid('landing')))
  const confirmed = { seq: 1, term: 1, value }
  const place = (topic: Topic): Place => ({ actor: alice.actor, topic, n: 0 })
  expect(foldLanding(board, { ...confirmed, place: place('claims') })).toBeUndefined()
  const garbled = { ...confirmed, value: '{}', place: place('landings') }
  expect(foldLanding(board, garbled)).toBeUndefined()
  expect(waiting(board)).toEqual([push])
})

test('S487: a verdict counts only from the leader of the term that it names', () => {
  const { board, push } = withPush()
  fold(board, 'verdicts', bob.actor, 0, refused(push, { term: 1 }))
  fold(board, 'verdicts', alice.actor, 0, refused(push, { term: 2 }))
  fold(board, 'verdicts', carol.actor, 0, refused(push, { term: 3 }))
  expect(waiting(board)).toEqual([push])
  fold(board, 'verdicts', alice.actor, 1, refused(push, { term: 1 }))
  expect(waiting(board)).toEqual([])
  expect(standingOf(board, push, leader)).toMatchObject({
    kind: 'refused',
    entry: { place: { actor: alice.actor, n: 1 } },
  })
})

test('S487: a verdict counts once its leader is proved', () => {
  const { board, push } = withPush()
  fold(board, 'verdicts', carol.actor, 0, refused(push, { term: 3 }))
  expect(waiting(board)).toEqual([push])
  const proved: LeaderOf = (term) => (term === 3 ? carol.actor : leader(term))
  expect(queueOf(board, proved)).toEqual([])
  expect(refusalOf(board, push, proved)?.place.actor).toBe(carol.actor)
})

test('S488: of several verdicts the first word of the lowest term counts', () => {
  const { board, push } = withPush()
  fold(board, 'verdicts', bob.actor, 0, refused(push, { term: 2 }))
  fold(board, 'verdicts', alice.actor, 7, refused(push, { term: 1 }))
  fold(board, 'verdicts', alice.actor, 8, refused(push, { term: 1, at: at(1) }))
  fold(board, 'verdicts', alice.actor, 0, refused(push, { term: 9 }))
  expect(refusalOf(board, push, leader)?.place).toMatchObject({ actor: alice.actor, n: 7 })
})

test('S488: a confirmed landing outweighs every verdict, whichever was known first', () => {
  for (const order of [0, 1]) {
    const { board, push } = withPush()
    const say = () => fold(board, 'verdicts', alice.actor, 0, refused(push))
    if (order === 0) say()
    if (order === 0) expect(waiting(board)).toEqual([])
    confirm(board, 1, landed(push, oid('landing')))
    if (order === 1) say()
    expect(standingOf(board, push, leader).kind).toBe('landed')
    expect(board.unlanded.size).toBe(0)
  }
})

test('S489: the same commit pushed again waits like any other push, and is told contained', () => {
  const { board, push } = withPush()
  confirm(board, 1, landed(push, oid('landing')))
  fold(board, 'refs', alice.actor, 1, pushed('work'))
  const again = pushId(1, alice.actor, pushed('work'))
  expect(waiting(board)).toEqual([again])
  const contained = { at: at(1), term: 1, push: again, kind: 'contained' as const }
  fold(board, 'verdicts', alice.actor, 0, contained)
  expect(waiting(board)).toEqual([])
  expect([...board.unlanded.keys()]).toEqual([again])
})

test('S484: a fact that is folded again changes nothing and is not shown again', () => {
  const board = emptyBoard()
  for (const again of [false, true]) {
    const before = structuredClone(board)
    for (const topic of Object.keys(samples) as (keyof Facts)[]) {
      // The second time backwards: the newest push is not the one that was heard last.
      const facts = [...samples[topic].entries()]
      for (const [n, fact] of again ? facts.reverse() : facts) {
        const { kind } = fold(board, topic, alice.actor, n, fact)
        expect(kind === 'nothing', `${topic} ${n}`).toBe(again || isClaim(topic, fact))
      }
    }
    if (again) expect(board).toEqual(before)
  }
})

/** What a leader says of a landing counts only where the chain confirms it. */
function isClaim(topic: Topic, fact: Facts[keyof Facts]): boolean {
  if (topic === 'claims' || topic === 'locks' || topic === 'agents') return true
  return topic === 'landings' && !('kind' in fact && fact.kind === 'undo')
}

test('S490: the base is the one that the founder named first, whichever is heard first', () => {
  for (const order of [[3, 1, 2], [1, 2, 3], [2, 3, 1]]) {
    const board = emptyBoard()
    for (const n of order) {
      fold(board, 'refs', alice.actor, n, { at: at(9 - n), term: 0, kind: 'base', commit: oid(n) })
    }
    fold(board, 'refs', bob.actor, 0, { at: at(0), term: 0, kind: 'base', commit: oid('bob') })
    expect(baseOf(board, alice.actor)).toBe(oid(1))
    expect(baseOf(board, carol.actor)).toBeUndefined()
  }
})

type Told = { place: Place; value: string }

/** What somebody's n-th push is, where it is one, and its id. */
const nthPush = (n: number): Pushed => {
  const again = n % 3 === 2 ? { again: people.map(({ actor }) => aPush(n - 1, actor)) } : {}
  return pushed(n % 6, { at: at((n * 7) % 50), ...again })
}
const aPush = (n: number, actor: ActorId) => pushId(n, actor, nthPush(n))

/** What three authors say, in their own orders: sound facts, and nonsense. */
function stories(roll: (below: number) => number): Told[][] {
  const pick = <T>(items: readonly T[]): T => items[roll(items.length)] as T
  const somePush = () => aPush(roll(8), pick(people).actor)
  const garbage = ['{}', 'x', '{"at":1,"term":0}', '{"at":1,"term":0,"kind":"push"}']
  const facts: { [T in keyof Facts]: (n: number) => Facts[T] } = {
    chat: () => ({ at: at(roll(50)), term: 0, text: `line ${roll(9)}` }),
    tasks: () => ({ at: at(roll(50)), term: 0, kind: 'add', title: `task ${roll(9)}` }),
    refs: (n) =>
      roll(5) === 0
        ? { at: at(roll(50)), term: 0, kind: 'base', commit: oid(roll(4)) }
        : nthPush(n),
    verdicts: () => refused(somePush(), { at: at(roll(50)), term: roll(4) }),
    landings: () =>
      roll(2) === 0 ? landed(somePush(), oid(roll(9))) : asked(somePush(), oid(roll(3))),
    claims: () => pick(samples.claims),
    locks: () => pick(samples.locks),
    plans: () => ({ at: at(roll(50)), term: 0, kind: 'doing', text: `plan ${roll(3)}` }),
    agents: () => ({ at: at(roll(50)), term: 0, kind: 'cut', volume: roll(2) }),
  }
  return people.map(({ actor }) => {
    const counts = new Map<Topic, number>()
    return Array.from({ length: roll(40) }, () => {
      const topic = roll(3) === 0 ? pick(TOPICS) : pick(Object.keys(facts) as (keyof Facts)[])
      const n = counts.get(topic) ?? 0
      counts.set(topic, n + 1)
      const make = facts[topic as keyof Facts]
      const sound = make !== undefined && roll(5) > 0
      return { place: { actor, topic, n }, value: sound ? JSON.stringify(make(n)) : pick(garbage) }
    })
  })
}

/** One order that keeps each author's own, and that of the term chain. */
function foldMixed(
  roll: (below: number) => number,
  authors: readonly Told[][],
  chain: readonly Facts['landings'][],
  between: (board: Board) => void,
): Board {
  const board = emptyBoard()
  const left = authors.map((story) => [...story])
  let seq = 0
  for (;;) {
    between(board)
    const ready = left.filter((story) => story.length > 0)
    const lane = roll(ready.length + (seq < chain.length ? 1 : 0))
    if (ready.length === 0 && seq === chain.length) return board
    const story = ready[lane]
    if (story === undefined) confirm(board, seq, chain[seq++] as Facts['landings'])
    else {
      const { place, value } = story.shift() as Told
      foldFact(board, place, value)
    }
  }
}

/** All that anybody asks of a board. */
function answers(board: Board) {
  const ids = [...board.pushes.keys()].sort()
  return {
    queue: waiting(board).sort(),
    standings: ids.map((id) => standingOf(board, id, leader)),
    base: people.map(({ actor }) => baseOf(board, actor)),
    head: integrationOf(board),
    chat: sorted(board.chat),
    tasks: sorted(board.tasks),
    newest: people.map(({ actor }) => newestPushes(board).get(actor)),
  }
}

test('S484: a board is the same in every order that keeps each author’s own', () => {
  const roll = dice(484)
  for (let round = 0; round < 15; round++) {
    const authors = stories(roll)
    const chain = Array.from({ length: roll(6) }, (_, i) =>
      landed(aPush(roll(8), bob.actor), oid(`c${i}`), roll(4) === 0 ? oid('x') : oid(`c${i - 1}`)),
    )
    const nothing = () => {}
    const one = foldMixed(roll, authors, chain, nothing)
    const other = foldMixed(roll, authors, chain, nothing)
    expect(other).toEqual(one)
    // Asking in between, of a board that knows half, changes no later answer.
    const asked = foldMixed(roll, authors, chain, waiting)
    const first = answers(one)
    expect([answers(other), answers(asked)]).toEqual([first, first])
    expect(first.queue).toEqual(unsaid(one))
  }
})

/** The queue as the rule says it, from everything on the board. */
function unsaid(board: Board): FactId[] {
  const ids = [...board.pushes.keys()].sort()
  return ids.filter((id) => standingOf(board, id, leader).kind === 'queued')
}

test('S491: the queue costs what waits, not what ever was pushed', () => {
  const board = emptyBoard()
  const id = (n: number) => pushId(n, alice.actor, pushed(n))
  let prev: Landed['prev']
  for (let n = 0; n < 1_000; n++) {
    fold(board, 'refs', alice.actor, n, pushed(n))
    if (n % 3 === 0) {
      confirm(board, n, landed(id(n), oid(`l${n}`), prev))
      prev = oid(`l${n}`)
    } else if (n < 990) fold(board, 'verdicts', alice.actor, n, refused(id(n)))
  }
  const asked: number[] = []
  const counting: LeaderOf = (term) => {
    asked.push(term)
    return leader(term)
  }
  expect(queueOf(board, counting)).toHaveLength(6)
  expect(asked).toHaveLength(660)
  expect(queueOf(board, counting)).toHaveLength(6)
  expect([asked.length, board.open.size, board.unlanded.size]).toEqual([660, 6, 666])
})
