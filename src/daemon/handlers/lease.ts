/** The leader lease: what this peer knows of it, and giving the lead up. */
import type { Answers, Output } from '../../api/types.ts'
import { type ActorId, type Instant, keyOf, type Monotonic } from '../../core/brand.ts'
import { leaderNow, modeNow, tenureNow } from '../../core/engine/chain.ts'
import type { Now } from '../../core/engine/effect.ts'
import type { Engine } from '../../core/engine/state.ts'
import { missingText } from '../../core/engine/stepping-down.ts'
import type { Missing, Tenure } from '../../core/lease/lease.ts'
import { STEP_DOWN_WAIT_MS } from '../../core/limits.ts'
import type { RunningRoom } from '../running.ts'
import { whoIs } from '../words.ts'
import { type FindRoom, granted } from './talk.ts'

type Shown = Output<'lease'>

/** The answers about the lease. */
export function leaseCalls(room: FindRoom): Pick<Answers, 'lease' | 'lease.step-down'> {
  return {
    lease: async () => leaseOf(await room()),
    'lease.step-down': async (_input, signal) => stepDown(await room(), signal),
  }
}

function leaseOf({ engine, now: clock }: RunningRoom): Shown {
  const now = clock()
  const tenure = tenureNow(engine, now)
  const { era, term, leader, until, standing, change, missing } = tenure
  return {
    era,
    term,
    ...(leader === undefined ? {} : { leader: leaderRow(engine, leader) }),
    ...(until === undefined ? {} : { until: wallOf(until, now) }),
    confirmed: standing.confirmed,
    tail: { era, term: standing.term, seq: standing.seq },
    ...(change === undefined ? {} : { change }),
    voters: tenure.voters.map((voice) => voterRow(engine, { voice, leader, now })),
    mode: modeNow(engine, now),
    missing: missing.map((one) => missingRow(engine, one)),
  }
}

function leaderRow(engine: Engine, leader: NonNullable<Tenure['leader']>) {
  const { actor, mine, lapsed, term } = leader
  return { ...whoIs(engine, keyOf(actor)), mine, lapsed, term }
}

function voterRow(
  engine: Engine,
  { voice, leader, now }: {
    voice: Tenure['voters'][number]
    leader: Tenure['leader']
    now: Now
  },
): Shown['voters'][number] {
  const { actor, of, online, stands, acknowledged, accepted } = voice
  return {
    ...whoIs(engine, keyOf(actor)),
    incarnation: incarnationOf(actor).slice(0, 8),
    me: actor === engine.me.actor,
    leads: actor === leader?.actor,
    online,
    integrates: stands,
    of,
    ...(acknowledged === undefined ? {} : { acknowledged: wallOf(acknowledged, now) }),
    ...(accepted === undefined ? {} : { accepted }),
  }
}

function missingRow(engine: Engine, missing: Missing): Shown['missing'][number] {
  const of = missing.kind === 'election' ? [] : missing.of
  return {
    kind: missing.kind,
    ...(missing.kind === 'voters' ? { needed: missing.needed } : {}),
    of: of.map((actor) => whoIs(engine, keyOf(actor))),
    text: missingText(engine, missing),
  }
}

/** Gives the lead up, and waits for the next leader as long as an election may take. */
async function stepDown(
  room: RunningRoom,
  signal: AbortSignal,
): Promise<Output<'lease.step-down'>> {
  const { engine } = room
  const start = room.now().mono
  const answer = await granted(room, { kind: 'step-down' })
  if (answer.kind !== 'stepped-down') throw new Error(`bug: step-down answered ${answer.kind}`)
  const { term } = answer
  const next = () => {
    const leader = leaderNow(engine, room.now())
    return leader === undefined || leader.lapsed || leader.term <= term ? undefined : leader
  }
  await room.watch.until(() => next() !== undefined, { ms: STEP_DOWN_WAIT_MS, signal })
  const leader = next()
  const ms = Math.round(room.now().mono - start)
  if (leader === undefined) return { term, ms }
  return { term, next: { ...whoIs(engine, keyOf(leader.actor)), term: leader.term }, ms }
}

/** A moment of this process's clock as the wall would have shown it. */
function wallOf(at: Monotonic, now: Now): Instant {
  return Math.max(0, Math.round(now.wall - now.mono + at)) as Instant
}

function incarnationOf(actor: ActorId): string {
  return actor.slice(keyOf(actor).length)
}
