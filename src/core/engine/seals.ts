/**
 * Seals that move: when the auth log grew, a stream may end earlier than it was taken, or later.
 *
 * What a seal cuts off loses its effect on every peer, whatever each had accepted before: the views
 * are folded anew from what still counts, just as a start from this disk would fold them. What the
 * term chain confirmed stays, because the chain carries the bytes. The cut changes are kept.
 */
import type { ActorId, Hash } from '../brand.ts'
import { RUN_MAX_CHANGES } from '../limits.ts'
import {
  type Beyond,
  type CutChange,
  type CutFact,
  dropCut,
  factsBeyond,
  keepCut,
  pathTo,
  tipsOf,
} from '../room/beyond.ts'
import type { Run } from '../room/gate.ts'
import { idOf, originOf } from '../room/origin.ts'
import { emptyBoard } from '../room/views/board.ts'
import { lostId } from '../room/views/events.ts'
import type { HeldChange } from '../sync/runs.ts'
import { restoreChain } from './chain.ts'
import type { Effect } from './effect.ts'
import { beyondOf } from './keeping.ts'
import { type Engine, streamOf } from './state.ts'
import { foldCarried, foldHeld, retake, stateAfter } from './streams.ts'

/** Cuts streams back to their seals, and takes up again what lies beyond none any more. */
export function settleSeals(engine: Engine, out: Effect[]): void {
  const cut = [...engine.held.keys()].sort().filter((actor) => cutBack(engine, actor))
  if (cut.length > 0) refold(engine, cut)
  for (const actor of [...engine.beyond.keys()].sort()) lift(engine, out, actor)
  if (cut.length === 0) return
  out.push({ kind: 'rebuild' })
  const streams = cut.map((actor) => `${actor} after ${engine.held.get(actor)?.length ?? 0}`)
  out.push({ kind: 'note', level: 'info', text: `streams were sealed: ${streams.join(', ')}` })
}

/** How many of some changes of a stream count, going by its seal. */
function lengthUnderSeal(engine: Engine, actor: ActorId, held: readonly HeldChange[]): number {
  const seal = engine.membership.sealOf(actor, engine.volume.id)
  if (seal === undefined || seal.seq > held.length) return held.length
  if (seal.seq === 0 || held[seal.seq - 1]?.hash === seal.hash) return seal.seq
  return seal.seq - 1
}

function cutBack(engine: Engine, actor: ActorId): boolean {
  const held = engine.held.get(actor) as HeldChange[]
  const keep = lengthUnderSeal(engine, actor, held)
  if (keep === held.length) return false
  const beyond = beyondOf(engine, actor)
  for (let at = keep; at < held.length; at++) {
    const { hash, bytes, signature } = held[at] as HeldChange
    const predecessor = held[at - 1]?.hash ?? engine.volume.id
    keepCut(beyond, { seq: at + 1, hash, predecessor, bytes, signature })
  }
  held.length = keep
  if (keep > 0) engine.streams.set(actor, stateAfter(engine, actor, held))
  else for (const all of [engine.streams, engine.held]) all.delete(actor)
  for (const { lacking, reach } of engine.sessions.values()) {
    lacking.delete(actor)
    reach.set(actor, Math.min(reach.get(actor) ?? 0, keep))
  }
  return true
}

/** Folds everything that counts anew: a bounded price for what a seal does once in a stream. */
function refold(engine: Engine, cut: readonly ActorId[]): void {
  for (const actor of cut) {
    for (const { place, value } of cutFactsOf(engine, actor)) {
      const id = idOf(originOf(place, value))
      for (const event of [id, lostId(id)]) engine.events.delete(event)
    }
  }
  Object.assign(engine.board, emptyBoard())
  for (const view of [engine.led, engine.unproved, engine.brought, engine.again]) view.clear()
  engine.desk = undefined
  foldCarried(engine)
  for (const actor of [...engine.held.keys()].sort()) foldHeld(engine, actor)
  restoreChain(engine)
  engine.due.add('landing').add('objects')
}

/** Judges what lies beyond a seal again, branch by branch. */
function lift(engine: Engine, out: Effect[], actor: ActorId): void {
  const beyond = engine.beyond.get(actor) as Beyond
  for (const tip of tipsOf(beyond)) {
    for (let path = pathTo(beyond, tip); path.length > 0; path = path.slice(RUN_MAX_CHANGES)) {
      const run = runOf(path.slice(0, RUN_MAX_CHANGES))
      const taken = retake(engine, out, actor, run)
      for (const hash of taken) dropCut(beyond, hash)
      if (taken.length === 0) break
    }
  }
  if (beyond.changes.size === 0) engine.beyond.delete(actor)
}

function runOf(path: readonly CutChange[]): Run {
  const signature = path.at(-1)?.signature ?? new Uint8Array(64)
  return { changes: path.map(({ bytes }) => bytes), signature }
}

/** The facts of a stream beyond its seal, in the order in which they were written. */
export function cutFactsOf(engine: Engine, actor: ActorId): CutFact[] {
  const beyond = engine.beyond.get(actor)
  if (beyond === undefined) return []
  return factsBeyond(engine.volume, streamOf(engine, actor).state, beyond)
}

/**
 * A stream as it is served: when its last change that counts has no signature of its own, as far as
 * the one behind the seal that covers it.
 */
export function servedOf(engine: Engine, actor: ActorId): readonly HeldChange[] | undefined {
  const held = engine.held.get(actor)
  const beyond = engine.beyond.get(actor)
  if (beyond === undefined || held?.at(-1)?.signature !== undefined) return held
  const root: Hash = held?.at(-1)?.hash ?? engine.volume.id
  for (const tip of tipsOf(beyond)) {
    const path = pathTo(beyond, tip)
    const end = path.findIndex(({ signature }) => signature !== undefined)
    const covers = path[0]?.predecessor === root && end >= 0
    if (covers) return [...(held ?? []), ...path.slice(0, end + 1)]
  }
  return held
}
