import { expect, test } from 'vitest'
import { type Facts, writeFact } from '../../../src/core/room/facts.ts'
import {
  emptyBoard,
  foldFact,
  foldLanding,
  type Landing,
} from '../../../src/core/room/views/board.ts'
import {
  type Event,
  eventOf,
  inLogOrder,
  landedEvent,
} from '../../../src/core/room/views/events.ts'
import { alice } from './cast.ts'
import type { Pushed } from '../../../src/core/room/facts.ts'
import { at, landed, oid, passed, pushId, samples } from './drafts.ts'

function told<T extends keyof Facts>(topic: T, fact: Facts[T]): Event | undefined {
  const place = { actor: alice.actor, topic, n: 0 }
  return eventOf(foldFact(emptyBoard(), place, writeFact(topic, fact)))
}

test('S492: what an author says is an event with the id of its fact', () => {
  expect(told('chat', samples.chat[0] as Facts['chat'])).toMatchObject({
    kind: 'said',
    by: alice.actor,
    text: 'hé 👋\n',
  })
  expect(told('tasks', samples.tasks[0] as Facts['tasks'])).toMatchObject({ title: 'log in' })
  const pushed = told('refs', samples.refs[1] as Facts['refs'])
  const id = pushId(0, alice.actor, samples.refs[1] as Pushed)
  expect(pushed).toMatchObject({ id, kind: 'pushed', intent: 'say hello', fileCount: 1 })
  expect(told('refs', samples.refs[2] as Facts['refs'])).not.toHaveProperty('intent')
  expect(told('refs', samples.refs[0] as Facts['refs'])).toBeUndefined()
})

test('S492: a verdict is an event of its kind', () => {
  const kinds = samples.verdicts.map((fact) => told('verdicts', fact)?.kind)
  const conflicts = ['conflict', 'conflict']
  expect(kinds).toEqual(
    ['unrelated', 'contained', 'stale', ...conflicts, 'check-failed', 'check-failed'],
  )
})

test('S492: a landing is an event when the chain confirmed it, and not before', () => {
  const fact = landed(pushId(0), oid('landing'))
  expect(told('landings', fact)).toBeUndefined()
  const place = { actor: alice.actor, topic: 'landings', n: 0 } as const
  const value = writeFact('landings', fact)
  const landing = foldLanding(emptyBoard(), { seq: 3, term: 2, place, value }) as Landing
  const { commit, push, at: when } = fact
  const event = { id: landing.id, at: when, kind: 'landed', push, commit, term: 2 }
  expect(landedEvent(landing)).toEqual({ ...event, checks: [passed] })
})

test('S493: the log is in the order of the authors’ clocks, then of the ids', () => {
  const said = (id: string, ms: number): Event => {
    return { kind: 'unrelated', id, at: at(ms), push: pushId(0) }
  }
  const log = [said('c', 1), said('a', 2), said('b', 1), said('z', 0)]
  expect(inLogOrder(log).map(({ id }) => id)).toEqual(['z', 'b', 'c', 'a'])
  expect(inLogOrder([...log].reverse())).toEqual(inLogOrder(log))
})
