/** A leader that is asked to give the lead up: whether it may, and what to do where it may not. */
import { type ActorId, keyOf } from '../brand.ts'
import type { Missing } from '../lease/lease.ts'
import type { Answer } from './call.ts'
import { handOver, leaderNow } from './chain.ts'
import type { Effect, Now } from './effect.ts'
import { nameOf } from './names.ts'
import type { Engine } from './state.ts'

/**
 * Gives the lead up. Only to somebody who is there to take it: a leader that nobody replaces would
 * leave the room without anyone who confirms, and nobody asked for that.
 */
export function stepDown(engine: Engine, now: Now, out: Effect[]): Answer {
  const leader = leaderNow(engine, now)
  if (leader?.mine !== true) return notLeading(engine, leader)
  const succession = handOver(engine, now, out)
  if (succession.kind === 'possible') return { kind: 'stepped-down', term: leader.term }
  const message = `nobody else could lead now: ${missingText(engine, succession.missing)}`
  const fix = 'knot lease shows who is reached; knot down stops this agent all the same'
  return { kind: 'refused', code: 'ALONE', message, fix }
}

/** What lacks before anybody could lead and confirm, as one says it. */
export function missingText(engine: Engine, missing: Missing): string {
  switch (missing.kind) {
    case 'voters': {
      const { needed, of } = missing
      const all = needed === of.length
      return `${all ? '' : `${needed} of `}${named(engine, of)} ${isAre(needed)} not reached`
    }
    case 'candidate':
      if (missing.of.length === 0) return 'nobody else votes'
      return `of ${named(engine, missing.of)} nobody is there who may lead`
    case 'election':
      return 'a leader is about to be elected'
  }
}

function notLeading(engine: Engine, leader: ReturnType<typeof leaderNow>): Answer {
  if (leader === undefined || leader.lapsed) {
    const message = 'nobody leads now, so there is no lead to give up'
    return { kind: 'refused', code: 'ABSENT', message, fix: 'knot lease shows what is missing' }
  }
  const name = nameOf(engine, leader.actor)
  const message = `${name} leads, in term ${leader.term}, and only it can give the lead up`
  const fix = `where ${name} runs: knot lease step-down`
  return { kind: 'refused', code: 'NOT_AUTHORISED', message, fix }
}

function named(engine: Engine, actors: readonly ActorId[]): string {
  // Two lives of one agent are one name.
  const names = new Map(actors.map((actor) => [keyOf(actor), nameOf(engine, actor)]))
  return [...names.values()].sort().join(', ')
}

function isAre(count: number): string {
  return count === 1 ? 'is' : 'are'
}
