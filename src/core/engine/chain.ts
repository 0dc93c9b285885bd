/**
 * The term chain in the engine: hands it what concerns it, performs what it asks for, and folds
 * what it confirms.
 */
import { type ActorId, keyOf, type PublicKey } from '../brand.ts'
import {
  confirmedSeq,
  type Leader,
  leaderOf,
  position,
  type ProposeOutcome,
  records,
  stepLease,
  type Succession,
  successionOf,
  type Tenure,
  tenureOf,
  votersOf,
} from '../lease/lease.ts'
import type { Member } from '../lease/members.ts'
import { decodeMessage, encodeMessage } from '../lease/message.ts'
import type { ChainRecord, CutPayload, FactPayload } from '../lease/record.ts'
import type { LeaseEffect, LeaseInput } from '../lease/state.ts'
import {
  CHAIN_ANSWER_MAX_BYTES,
  CHAIN_ANSWER_MS,
  DEAD_PEER_MS,
  UNCONFIRMED_MAX_RECORDS,
} from '../limits.ts'
import { type FactId, type Place, readFact } from '../room/facts.ts'
import { integrationOf, type LeaderOf } from '../room/views/board.ts'
import { landedEvent, undoneEvent } from '../room/views/events.ts'
import { foldStep } from '../room/views/undo.ts'
import type { Effect, Now } from './effect.ts'
import { send, sendAll } from './sending.ts'
import { noteCut } from './cuts.ts'
import { foldDecision } from './decided.ts'
import { bring, proveReign, tellEvent } from './showing.ts'
import type { Engine } from './state.ts'

/** What is confirmed here and how: by a majority, or not at all for now. */
export type Mode = 'quorum' | 'provisional'

/** Time passed. */
export function chainTick(engine: Engine, now: Now, out: Effect[]): void {
  refreshEligible(engine, now, out)
  turn(engine, now, out, { kind: 'tick' })
}

/** A peer said hello. */
export function chainConnected(engine: Engine, now: Now, out: Effect[], key: PublicKey): void {
  refreshEligible(engine, now, out)
  turn(engine, now, out, { kind: 'connected', key })
}

/** A peer's session ended. */
export function chainDisconnected(engine: Engine, now: Now, out: Effect[], key: PublicKey): void {
  turn(engine, now, out, { kind: 'disconnected', key })
  refreshEligible(engine, now, out)
}

/** A peer speaks of the chain; answers why its session must end, or undefined. */
export function chainHeard(
  engine: Engine,
  now: Now,
  out: Effect[],
  from: { key: PublicKey; message: Uint8Array },
): string | undefined {
  const read = decodeMessage(from.message)
  if (read.kind === 'malformed') return `a lease message: ${read.why}`
  const heard: LeaseInput = { kind: 'heard', from: from.key, message: read.value }
  if (read.value.kind !== 'want') turn(engine, now, out, heard)
  else answerWant(engine, now, out, { key: from.key, heard })
  return undefined
}

/** A want is 40 bytes and its answer up to 2 MiB: so many of them a second, and no more. */
function answerWant(
  engine: Engine,
  now: Now,
  out: Effect[],
  { key, heard }: { key: PublicKey; heard: LeaseInput },
): void {
  const talk = engine.talks.get(key)
  if (talk === undefined) return
  if (now.mono >= talk.chain.since + CHAIN_ANSWER_MS) talk.chain = { since: now.mono, bytes: 0 }
  if (talk.chain.bytes >= CHAIN_ANSWER_MAX_BYTES) return
  const before = out.length
  turn(engine, now, out, heard)
  for (const effect of out.slice(before)) {
    if (effect.kind === 'send' && effect.to === key) talk.chain.bytes += effect.frame.length
  }
}

/** Tells the chain who may vote and lead by now. */
export function refreshEligible(engine: Engine, now: Now, out: Effect[]): void {
  turn(engine, now, out, { kind: 'eligible', members: eligible(engine, now) })
}

/**
 * Members whose present incarnation is known, most senior first. A voter is known by the chain as
 * long as it was not heard: whoever is not among these loses its vote, and silence is no reason.
 */
function eligible(engine: Engine, now: Now): Member[] {
  const members: Member[] = []
  const voters = new Map(votersNow(engine).map((actor) => [keyOf(actor), actor]))
  for (const { key, role, status } of engine.membership.members.values()) {
    const actor = engine.actors.get(key) ?? voters.get(key)
    const votes = role === 'founder' || role === 'admin' || role === 'member' || role === 'relay'
    if (status !== 'member' || actor === undefined || !votes) continue
    const beat = engine.presence.get(key)
    const fresh = beat !== undefined && now.mono - beat.heard < DEAD_PEER_MS
    const me = actor === engine.me.actor
    const stands = me ? engine.me.integrates === 'yes' : beat?.beat.integrates !== 'no'
    const online = me || fresh || engine.sessions.get(key)?.actor !== undefined
    members.push({ actor, stands: stands && role !== 'relay', online })
  }
  return members
}

/** Proposes a fact of ours for confirmation, which follows from the chain's own effects. */
export function proposeFact(
  engine: Engine,
  now: Now,
  out: Effect[],
  { place, value }: { place: Place; value: string },
): ProposeOutcome['kind'] {
  const payload: FactPayload = { kind: 'fact', ...place, value }
  return propose(engine, now, out, payload)
}

/** Proposes the end of the volume. */
export function proposeCut(
  engine: Engine,
  now: Now,
  out: Effect[],
  bytes: Uint8Array,
): ProposeOutcome['kind'] {
  return propose(engine, now, out, { kind: 'cut', bytes })
}

function propose(
  engine: Engine,
  now: Now,
  out: Effect[],
  payload: FactPayload | CutPayload,
): ProposeOutcome['kind'] {
  const effects = turn(engine, now, out, { kind: 'propose', payload })
  const proposed = effects.find((effect) => effect.kind === 'proposed')
  return proposed?.outcome.kind ?? 'not-leader'
}

/**
 * Whether this peer leads, its lease has not lapsed, and the first record of its term is confirmed.
 * Until then all of it may still be undone: a verdict given now would be of a term that nobody led.
 */
export function leads(engine: Engine, now: Now): boolean {
  const leader = leaderNow(engine, now)
  return leader !== undefined && leader.mine && !leader.lapsed && engine.led.has(leader.term)
}

/** Whether a landing may be proposed now: only on top of what is confirmed. */
export function canPropose(engine: Engine, now: Now): boolean {
  return leads(engine, now) && landingInTail(engine) === undefined
}

/** Of a landing in the chain that is not confirmed yet, the push; of an undo the landing. */
export function landingInTail({ lease }: Engine): FactId | undefined {
  const { seq } = position(lease)
  for (const { payload } of records(lease, { from: confirmedSeq(lease) + 1, to: seq })) {
    if (payload.kind !== 'fact' || payload.topic !== 'landings') continue
    const landing = readFact('landings', payload.value)
    if (landing !== undefined) return landing.kind === undefined ? landing.push : landing.landing
  }
  return undefined
}

/** The facts in the chain that are not confirmed yet: what is decided already, if anything is. */
export function undecided({ lease }: Engine): FactPayload[] {
  const { seq } = position(lease)
  return records(lease, { from: confirmedSeq(lease) + 1, to: seq }).flatMap(({ payload }) =>
    payload.kind === 'fact' ? [payload] : [],
  )
}

/** Whether nothing that was proposed waits for its confirmation. */
export function isSettled({ lease }: Engine): boolean {
  return position(lease).seq === confirmedSeq(lease)
}

/** How many more records may be proposed before the first of those that wait is confirmed. */
export function roomInTail({ lease }: Engine): number {
  return UNCONFIRMED_MAX_RECORDS - (position(lease).seq - confirmedSeq(lease))
}

/** The last place of the chain that is confirmed here: what the author of an ask has seen. */
export function seenOf({ lease }: Engine): number {
  return confirmedSeq(lease)
}

/** The term of the newest record held; 0 before the first. */
export function termOf({ lease }: Engine): number {
  return position(lease).term
}

/** Who leads as far as this peer knows. */
export function leaderNow({ lease }: Engine, now: Now): Leader | undefined {
  return leaderOf(lease, now.mono)
}

/** The latest voters. */
export function votersNow(engine: Engine): readonly ActorId[] {
  return votersOf(engine.lease).voters
}

/** Whether what is asked now can be confirmed. */
export function modeNow(engine: Engine, now: Now): Mode {
  const leader = leaderNow(engine, now)
  return leader === undefined || leader.lapsed ? 'provisional' : 'quorum'
}

/** The lease as this peer knows it, for whoever looks. */
export function tenureNow({ lease }: Engine, now: Now): Tenure {
  return tenureOf(lease, now.mono)
}

/** Gives the lead up, if somebody else can take it; nothing happens where that is not so. */
export function handOver(engine: Engine, now: Now, out: Effect[]): Succession {
  refreshEligible(engine, now, out)
  const succession = successionOf(engine.lease)
  if (succession.kind === 'possible') turn(engine, now, out, { kind: 'step-down' })
  return succession
}

/** Who led each term, as far as it is confirmed here. */
export function leaders({ led }: Engine): LeaderOf {
  return (term) => led.get(term)
}

function turn(engine: Engine, now: Now, out: Effect[], input: LeaseInput): LeaseEffect[] {
  const effects = stepLease(engine.lease, now.mono, input)
  for (const effect of effects) perform(engine, out, effect)
  return effects
}

function perform(engine: Engine, out: Effect[], effect: LeaseEffect): void {
  switch (effect.kind) {
    case 'persist':
      out.push({ kind: 'persist', entry: { kind: effect.what, bytes: effect.bytes } })
      return
    case 'send':
      if (engine.sessions.get(effect.to)?.actor === undefined) return
      return send(out, effect.to, { kind: 'lease', message: encodeMessage(effect.message) })
    case 'broadcast':
      return sendAll(engine, out, { kind: 'lease', message: encodeMessage(effect.message) })
    case 'confirmed':
      for (const record of effect.records) foldRecord(engine, out, record)
      return
    case 'changed':
      engine.due.add('ruling').add('landing')
      return
    case 'proposed':
      if (effect.outcome.kind === 'appended') return
      out.push({ kind: 'note', level: 'warn', text: `not proposed: ${effect.outcome.kind}` })
      return
    case 'unfit': {
      const text = `a record from ${effect.from.slice(0, 8)} at ${effect.seq}: ${effect.why}`
      out.push({ kind: 'note', level: 'warn', text })
      return
    }
    case 'contradiction': {
      const { offered } = effect
      const text = `${offered.leader} signed a record ${offered.seq} beside a confirmed one`
      out.push({ kind: 'note', level: 'warn', text })
      return
    }
    case 'rolled-back':
      engine.ending ??= effect.why
  }
}

/** Takes what the chain here confirms into the board, all of it or what stands before a place. */
export function restoreChain(engine: Engine, before: number = Infinity): void {
  engine.cuts.length = 0
  const to = Math.min(confirmedSeq(engine.lease), before - 1)
  const confirmed = records(engine.lease, { from: 1, to })
  for (const record of confirmed) foldRecord(engine, [], record)
}

/** Takes a confirmed record into the board. */
function foldRecord(engine: Engine, out: Effect[], record: ChainRecord): void {
  const { payload, seq, term, leader } = record
  engine.due.add('landing').add('objects')
  if (payload.kind === 'open') return proveReign(engine, out, { term, leader })
  if (payload.kind === 'cut') return noteCut(engine, out, record)
  if (payload.kind !== 'fact') return
  if (payload.topic !== 'landings') return foldDecision(engine, out, record)
  const { actor, n, value } = payload
  const place: Place = { actor, topic: 'landings', n }
  const head = integrationOf(engine.board)
  // A leader lands in its own name, and on top of the landing before: every peer holds it to that.
  const step = actor === leader ? foldStep(engine.board, { seq, term, place, value }) : undefined
  if (step === undefined) {
    const text = `record ${seq} of ${leader} is no landing on top of ${head ?? 'nothing'}: ignored`
    out.push({ kind: 'note', level: 'warn', text })
    return
  }
  const { push } = 'undoes' in step ? step.undoes.fact : step.fact
  bring(engine, step.fact.commit, push)
  tellEvent(engine, out, 'undoes' in step ? undoneEvent(step) : landedEvent(step))
}
