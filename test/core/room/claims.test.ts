import { expect, test } from 'vitest'
import type { ActorId } from '../../../src/core/brand.ts'
import type { TaskAsked, TaskReleased, TaskRuled, Want } from '../../../src/core/room/claim-facts.ts'
import { type FactId, factId } from '../../../src/core/room/facts.ts'
import type { LockAsked, LockFreed, LockGranted } from '../../../src/core/room/lock-facts.ts'
import type { AskPlace, Stamp } from '../../../src/core/room/place.ts'
import {
  type Claims,
  foldAsk,
  foldRuling,
  foldWithdrawal,
  lifeOf,
  noClaims,
} from '../../../src/core/room/views/claims.ts'
import {
  foldFreed,
  foldGrant,
  foldLockAsk,
  foldUnlock,
  type Locks,
  noLocks,
} from '../../../src/core/room/views/locks.ts'
import { alice, bob, dice, person } from './cast.ts'
import { askId, at, taskId } from './drafts.ts'

const carol = person('carol')
const task = taskId(0)
const stamp: Stamp = { at: at(1), term: 1 }
const fence = (seq: number) => ({ era: 0, term: 1, seq })

type Asking = { want?: Want; after?: number; claim?: FactId; wait?: true; task?: FactId }

/** Takes somebody's n-th ask in. */
function ask(claims: Claims, actor: ActorId, n: number, asking: Asking = {}) {
  const fact: TaskAsked = { ...stamp, kind: 'ask', want: 'claim', task, after: 0, ...asking }
  return foldAsk(claims, { id: askId(n, actor), place: { actor, topic: 'claims', n }, fact })
}

type Ruling = { want?: Want; claim?: FactId; task?: FactId }

function rule(claims: Claims, seq: number, asked: AskPlace, ruling: Ruling = {}) {
  const fact: TaskRuled = { ...stamp, kind: 'rule', want: 'claim', task, ask: asked, ...ruling }
  return foldRuling(claims, fence(seq), fact)
}

function release(claims: Claims, seq: number, claim: FactId) {
  const fact: TaskReleased = { ...stamp, kind: 'release', task, claim, why: 'silent' }
  return foldRuling(claims, fence(seq), fact)
}

function withdraw(claims: Claims, actor: ActorId, n: number, of: FactId) {
  const place = { actor, topic: 'claims' as const, n }
  foldWithdrawal(claims, { id: askId(n, actor), place, fact: { ...stamp, kind: 'withdraw', ask: of } })
}

const by = (actor: ActorId, n: number): AskPlace => ({ actor, n })

test('S620: a task has one owner: a second claim of it holds for nobody', () => {
  const claims = noClaims()
  expect(rule(claims, 3, by(alice.actor, 0))).toMatchObject({ before: 'open', had: undefined })
  expect(rule(claims, 4, by(bob.actor, 0))).toBeUndefined()
  expect(lifeOf(claims, task)).toMatchObject({
    status: 'claimed',
    holder: { actor: alice.actor, ask: askId(0), fence: fence(3) },
  })
})

test('S621: what is said under a claim counts only while that claim stands', () => {
  const claims = noClaims()
  rule(claims, 3, by(alice.actor, 0))
  const claim = askId(0)
  expect(release(claims, 4, claim)).toMatchObject({ before: 'claimed', had: alice.actor })
  expect(release(claims, 5, claim)).toBeUndefined()
  rule(claims, 6, by(bob.actor, 0))
  expect(rule(claims, 7, by(alice.actor, 1), { want: 'done', claim })).toBeUndefined()
  expect(rule(claims, 8, by(alice.actor, 1), { want: 'done' })).toBeUndefined()
  const own = askId(0, bob.actor)
  expect(rule(claims, 9, by(bob.actor, 1), { want: 'done', claim: own })).toBeDefined()
  expect(lifeOf(claims, task)).toMatchObject({ status: 'done', holder: undefined })
  // The ask comes late: under a claim that is over it is over as well.
  expect(ask(claims, alice.actor, 1, { want: 'done', claim, after: 9 })).toBe('lost')
})

test('S622: an ask is over once the task changed by another hand since its author looked', () => {
  const claims = noClaims()
  expect(ask(claims, bob.actor, 0, { after: 2 })).toBe('waits')
  const ruled = rule(claims, 3, by(alice.actor, 0))
  expect(ruled?.lost.map(({ place }) => place.actor)).toEqual([bob.actor])
  release(claims, 4, askId(0))
  expect(ask(claims, carol.actor, 0, { after: 3 })).toBe('lost')
  expect(ask(claims, carol.actor, 1, { after: 4 })).toBe('waits')
  expect([...lifeOf(claims, task).asks.keys()]).toEqual([askId(1, carol.actor)])
})

test('S622: an author’s own asks follow each other, though none was answered when it asked', () => {
  const claims = noClaims()
  ask(claims, alice.actor, 0)
  ask(claims, alice.actor, 1, { want: 'done', claim: askId(0) })
  ask(claims, alice.actor, 2, { want: 'reopen' })
  for (const [n, ruling] of [{}, { want: 'done', claim: askId(0) }, { want: 'reopen' }].entries()) {
    expect(rule(claims, 3 + n, by(alice.actor, n), ruling as Ruling)).toMatchObject({ lost: [] })
  }
  expect(lifeOf(claims, task).status).toBe('open')
})

test('S623: an ask that waits outlives other owners, and ends when the task is closed', () => {
  const claims = noClaims()
  ask(claims, bob.actor, 0, { wait: true })
  expect(rule(claims, 3, by(alice.actor, 0))?.lost).toEqual([])
  const over = rule(claims, 4, by(alice.actor, 1), { want: 'done', claim: askId(0) })
  expect(over?.lost.map(({ place }) => place.actor)).toEqual([bob.actor])
  rule(claims, 5, by(alice.actor, 2), { want: 'reopen' })
  expect(ask(claims, bob.actor, 1, { wait: true, after: 3 })).toBe('lost')
  expect(ask(claims, bob.actor, 2, { wait: true, after: 4 })).toBe('waits')
})

test('S624: only its author takes an ask back, whichever is heard first', () => {
  for (const order of ['ask first', 'withdrawal first']) {
    const claims = noClaims()
    if (order === 'ask first') ask(claims, alice.actor, 0)
    withdraw(claims, bob.actor, 0, askId(0))
    expect(ask(claims, alice.actor, 0)).toBe(order === 'ask first' ? 'nothing' : 'waits')
    withdraw(claims, alice.actor, 1, askId(0))
    expect([lifeOf(claims, task).asks.size, claims.live.size]).toEqual([0, 0])
    expect(ask(claims, alice.actor, 0)).toBe('nothing')
  }
})

test('S625: every order of the same asks and rulings gives the same tasks', () => {
  const roll = dice(625)
  const people = [alice.actor, bob.actor, carol.actor]
  const wants: Want[] = ['claim', 'done', 'drop', 'reopen']
  const pick = <T>(items: readonly T[]): T => items[roll(items.length)] as T
  const someAsk = () => askId(roll(6), pick(people))
  const lives = (claims: Claims) => ({
    ...claims,
    // In which order asks came is the leader's own business.
    tasks: [0, 1].map((n) => lifeOf(claims, taskId(n))),
  })
  for (let round = 0; round < 200; round++) {
    const facts = people.map((actor) =>
      Array.from({ length: roll(8) }, (_, n) => {
        const under = roll(2) === 0 ? {} : { claim: someAsk() }
        const waits = roll(4) === 0 ? { wait: true as const } : {}
        const of = taskId(roll(2))
        const asking = { want: pick(wants), task: of, after: roll(6), ...under, ...waits }
        const [takesBack, other] = [roll(5) === 0, someAsk()]
        return (claims: Claims) => {
          if (takesBack) withdraw(claims, actor, n, other)
          else ask(claims, actor, n, asking)
        }
      }),
    )
    const chain = Array.from({ length: roll(8) }, (_, index) => {
      const seq = index + 1
      const under = roll(2) === 0 ? {} : { claim: someAsk() }
      const ruling = { want: pick(wants), task: taskId(roll(2)), ...under }
      const [frees, asked] = [roll(4) === 0 ? someAsk() : undefined, by(pick(people), roll(6))]
      return (claims: Claims) => {
        if (frees !== undefined) release(claims, seq, frees)
        else rule(claims, seq, asked, ruling)
      }
    })
    const results = [0, 1, 2].map(() => {
      const claims = noClaims()
      const left = [...facts, chain].map((lane) => [...lane])
      for (let lanes = left; lanes.length > 0; lanes = left.filter(({ length }) => length > 0)) {
        pick(lanes).shift()?.(claims)
        if (left.every(({ length }) => length === 0)) break
      }
      return lives(claims)
    })
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
  }
})

const terms = (globs: string[], mode: 'shared' | 'exclusive' = 'exclusive') => ({
  globs,
  mode,
  reason: 'moving',
})
const lockId = (n: number, actor: ActorId) => factId({ actor, topic: 'locks', n })

function askLock(locks: Locks, actor: ActorId, n: number, fact: Partial<LockAsked> = {}) {
  const asked: LockAsked = { ...stamp, kind: 'ask', ...terms(['src']), after: 0, ...fact }
  return foldLockAsk(locks, {
    id: lockId(n, actor),
    place: { actor, topic: 'locks', n },
    fact: asked,
  })
}

function grant(locks: Locks, seq: number, asked: AskPlace, given = terms(['src'])) {
  const fact: LockGranted = { ...stamp, kind: 'grant', ask: asked, ...given }
  return foldGrant(locks, fence(seq), fact)
}

function free(locks: Locks, lock: FactId) {
  const fact: LockFreed = { ...stamp, kind: 'free', lock, why: 'unlocked' }
  return foldFreed(locks, fact)
}

test('S630: two locks of different members stand together unless one is exclusive', () => {
  const locks = noLocks()
  expect(grant(locks, 3, by(alice.actor, 0), terms(['src'], 'shared'))).toBeDefined()
  expect(grant(locks, 4, by(bob.actor, 0), terms(['src/a.ts'], 'shared'))).toBeDefined()
  expect(grant(locks, 5, by(carol.actor, 0), terms(['docs', 'src/*.ts']))).toBeUndefined()
  expect(grant(locks, 6, by(carol.actor, 1), terms(['docs']))).toBeDefined()
  expect(grant(locks, 7, by(alice.actor, 1), terms(['src/gate']))).toBeDefined()
  expect(grant(locks, 8, by(alice.actor, 2), terms(['src/a.ts']))).toBeUndefined()
  expect([...locks.held.values()].map(({ fence: at }) => at.seq)).toEqual([3, 4, 6, 7])
})

test('S631: a grant, and its end, count once', () => {
  const locks = noLocks()
  expect(grant(locks, 3, by(alice.actor, 0))).toBeDefined()
  expect(grant(locks, 4, by(alice.actor, 0))).toBeUndefined()
  expect(free(locks, lockId(0, alice.actor))).toBeDefined()
  expect(free(locks, lockId(0, alice.actor))).toBeUndefined()
  expect(grant(locks, 7, by(alice.actor, 0))).toBeUndefined()
  expect(askLock(locks, alice.actor, 0)).toEqual({ kind: 'nothing' })
})

test('S632: an ask is over once a lock that excludes it was granted since its author looked', () => {
  const locks = noLocks()
  expect(askLock(locks, bob.actor, 0)).toEqual({ kind: 'waits' })
  expect(askLock(locks, bob.actor, 1, { globs: ['docs'] })).toEqual({ kind: 'waits' })
  const first = grant(locks, 3, by(alice.actor, 0))
  expect(first?.lost.map(({ id }) => id)).toEqual([lockId(0, bob.actor)])
  expect(askLock(locks, carol.actor, 0, { after: 2 }).kind).toBe('lost')
  free(locks, lockId(0, alice.actor))
  expect(askLock(locks, carol.actor, 1, { after: 2 }).kind).toBe('lost')
  expect(askLock(locks, carol.actor, 2, { after: 3 }).kind).toBe('waits')
})

test('S633: a lock on what is no path is nobody’s', () => {
  const locks = noLocks()
  expect(grant(locks, 3, by(alice.actor, 0), terms(['src', '../other']))).toBeUndefined()
  expect(askLock(locks, alice.actor, 0, { globs: ['/etc'] })).toEqual({ kind: 'nothing' })
  const [place, ask] = [{ actor: bob.actor, topic: 'locks' as const, n: 0 }, lockId(1, alice.actor)]
  foldUnlock(locks, { id: askId(9), place, fact: { ...stamp, kind: 'withdraw', ask } })
  expect(askLock(locks, alice.actor, 1)).toEqual({ kind: 'waits' })
})
