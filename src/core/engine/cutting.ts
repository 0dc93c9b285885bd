/**
 * Cutting: the leader ends a volume, at what it holds of each stream, and everybody computes from
 * that what is carried over.
 *
 * Only a leader cuts that has not lapsed and whose term is confirmed, on top of a chain of which
 * nothing waits. What others wrote beyond its frontier they say again in the next volume.
 */
import { writes } from '../auth/roles.ts'
import { keyOf } from '../brand.ts'
import { AUTH_HEADS_MAX, CARRIED_MAX_BYTES, CUT_MAX_BYTES, FRONTIER_MAX } from '../limits.ts'
import { carriedHash, carriedOf, encodeCarried, Facts } from '../room/carried.ts'
import { type Cut, encodeCut } from '../room/cut.ts'
import type { Place } from '../room/facts.ts'
import { idOf, type Origin, originOf } from '../room/origin.ts'
import { emptyBoard, foldFact } from '../room/views/board.ts'
import { frontierOf } from '../sync/session.ts'
import { isSettled, leaders, leads, proposeCut, restoreChain, seenOf } from './chain.ts'
import { aheadOf } from './cuts.ts'
import type { Effect, Now } from './effect.ts'
import { memberOf } from './names.ts'
import { cutFactsOf } from './seals.ts'
import { type Carried, type Engine, liveSessions } from './state.ts'
import { factsWithin } from './streams.ts'

/** What became of the wish to cut. */
export type Cutting =
  | { kind: 'proposed'; volume: number }
  | { kind: 'not-leader' }
  /** Something waits for its confirmation, or for being said again; a moment later it may do. */
  | { kind: 'busy'; why: string }
  /** There is nothing in the volume that a cut could end. */
  | { kind: 'empty' }
  | { kind: 'too-large'; why: string }

/** Cuts once the volume is as large as it may be, or a member wishes it. */
export function cutWhenFull(engine: Engine, now: Now, out: Effect[]): void {
  const { size, bound, wished, volume } = engine
  const isFull = size.changes >= bound.changes || size.bytes >= bound.bytes
  if (!isFull && wished !== volume.number) return
  if (!leads(engine, now) || whyNotYet(engine) !== undefined) return
  const done = cutNow(engine, now, out)
  if (done.kind !== 'too-large') return
  out.push({ kind: 'note', level: 'warn', text: `volume ${engine.volume.number}: ${done.why}` })
  // It grows as much again before it is looked at once more.
  engine.wished = undefined
  Object.assign(bound, { changes: 2 * size.changes, bytes: 2 * size.bytes })
}

/** Cuts at what is held here. */
export function cutNow(engine: Engine, now: Now, out: Effect[]): Cutting {
  if (!leads(engine, now)) return { kind: 'not-leader' }
  const why = whyNotYet(engine)
  if (why !== undefined) return { kind: 'busy', why }
  if (engine.size.changes === 0) return { kind: 'empty' }
  const frontier = frontierOf(engine.held)
  if (frontier.length > FRONTIER_MAX) {
    return { kind: 'too-large', why: `${frontier.length} streams, over ${FRONTIER_MAX}` }
  }
  const carried = carriedAt(engine, { frontier }, seenOf(engine) + 1)
  const { number } = engine.volume
  const size = carried.bytes.length
  if (size > CARRIED_MAX_BYTES) {
    return { kind: 'too-large', why: `${size} bytes of open work, over ${CARRIED_MAX_BYTES}` }
  }
  const heads = engine.auth.heads().slice(0, AUTH_HEADS_MAX).sort()
  const hash = carriedHash(carried.bytes)
  const bytes = encodeCut({ number, frontier, heads, rule: 1, carried: hash, size })
  if (bytes.length > CUT_MAX_BYTES) {
    return { kind: 'too-large', why: `a cut of ${bytes.length} bytes, over ${CUT_MAX_BYTES}` }
  }
  const proposed = proposeCut(engine, now, out, bytes)
  if (proposed !== 'appended') return { kind: 'busy', why: `the term chain is ${proposed}` }
  engine.prepared = carried
  return { kind: 'proposed', volume: number }
}

/** Whether this peer holds all that a cut names, and nothing else at its places. */
export function holdsFrontier({ held }: Engine, { frontier }: Cut): boolean {
  return frontier.every(({ actor, seq, hash }) => held.get(actor)?.[seq - 1]?.hash === hash)
}

/** The carried state of a frontier that is held here, under the chain before a place. */
export function carriedAt(
  engine: Engine,
  { frontier }: Pick<Cut, 'frontier'>,
  before: number,
): Carried {
  const aside = asideOf(engine)
  const facts = new Facts()
  const take = (place: Place, value: string) => {
    facts.add(originOf(place, value))
    foldFact(aside.board, place, value)
  }
  for (const { place, value } of engine.carried.facts) take(place, value)
  for (const { actor, seq } of frontier) {
    for (const { topic, n, value } of factsWithin(engine, actor, seq)) {
      take({ actor, topic, n }, value)
    }
  }
  restoreChain(aside, before)
  const { founder } = engine.membership
  const kept = carriedOf({ board: aside.board, facts, leader: leaders(aside), founder })
  return { bytes: encodeCarried(kept), facts: kept }
}

/** The same room with empty views: what is folded there is seen by nobody. */
function asideOf(engine: Engine): Engine {
  return {
    ...engine,
    board: emptyBoard(),
    cuts: [],
    events: new Map(),
    shown: new Set(),
    led: new Map(),
    unproved: new Map(),
    brought: new Map(),
    due: new Set(),
    desk: undefined,
  }
}

/** Why a cut now could leave something out that is about to come. */
function whyNotYet(engine: Engine): string | undefined {
  if (aheadOf(engine) !== undefined) return 'the cut before it is not behind this peer'
  if (!isSettled(engine)) return 'something waits for its confirmation'
  for (const [key, { volume, ahead }] of liveSessions(engine)) {
    if (volume !== engine.volume.number || ahead.size === 0) continue
    return `${memberOf(engine, key)?.name ?? key.slice(0, 8)} holds more than this peer`
  }
  for (const actor of engine.beyond.keys()) {
    const member = memberOf(engine, keyOf(actor))
    if (member?.status !== 'member' || !writes(member.role)) continue
    if (cutFactsOf(engine, actor).some((fact) => isUnsaid(engine, fact))) {
      return `${member.name} has not said again what a seal cut off`
    }
  }
  return undefined
}

function isUnsaid({ board }: Engine, { place, value }: Origin): boolean {
  const id = idOf(originOf(place, value))
  const { topic } = place
  if (topic === 'chat') return !board.chat.has(id)
  if (topic === 'tasks') return !board.tasks.has(id)
  return topic === 'refs' && value.includes('"kind":"push"') && !board.pushes.has(id)
}
