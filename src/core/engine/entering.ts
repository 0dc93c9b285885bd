/**
 * Entering the next volume, once the chain confirmed a cut.
 *
 * Whoever holds what the cut names computes what is carried over, and everybody else is given it by
 * those who did. From then on the room is what was carried and what the chain confirmed: so one who
 * was there, one who was away and one who is new see the same. What this agent wrote beyond the cut
 * it owes to the room, and says again.
 */
import { type ActorId, keyOf } from '../brand.ts'
import { OWED_WAIT_MS } from '../limits.ts'
import { carriedHash, idsOf } from '../room/carried.ts'
import { journalOf } from '../lease/lease.ts'
import { openNext } from '../room/genesis.ts'
import { boundId, firstOf, idOf, isAboutAsks, type Origin } from '../room/origin.ts'
import { emptyBoard } from '../room/views/board.ts'
import { enterVolume } from '../sync/session.ts'
import { restoreOps } from './authority.ts'
import { askForCarried } from './carrying.ts'
import { restoreChain } from './chain.ts'
import { aheadOf } from './cuts.ts'
import { carriedAt, holdsFrontier } from './cutting.ts'
import type { Effect, Now } from './effect.ts'
import { forgetOldPushes } from './fetching.ts'
import { begunEntries } from './kept.ts'
import { cutFactsOf } from './seals.ts'
import { sendAll } from './sending.ts'
import type { Carried, ConfirmedCut, Engine } from './state.ts'
import { factsBehind, foldCarried } from './streams.ts'
import { encodeEssence } from './witness.ts'

/** Goes on to the volume that the chain says, or asks for what that takes. */
export function turnVolume(engine: Engine, now: Now, out: Effect[]): void {
  const next = aheadOf(engine)
  if (next === undefined) {
    engine.carrying = undefined
    return
  }
  const carried = carriedFor(engine, out, next)
  if (carried === undefined) return askForCarried(engine, now, out, next)
  enter(engine, now, out, { next, carried })
}

/** What is carried over a cut, where it is here or can be computed. */
function carriedFor(
  engine: Engine,
  out: Effect[],
  { cut, seq }: ConfirmedCut,
): Carried | undefined {
  const { prepared } = engine
  engine.prepared = undefined
  if (prepared !== undefined && carriedHash(prepared.bytes) === cut.carried) return prepared
  // Of what was found to differ once, the confirmed one is waited for.
  if (engine.carrying?.hash === cut.carried) return undefined
  if (cut.number !== engine.volume.number || !holdsFrontier(engine, cut)) return undefined
  const computed = carriedAt(engine, cut, seq)
  const hash = carriedHash(computed.bytes)
  if (hash === cut.carried) return computed
  const text = `the room carried ${cut.carried} over the cut of volume ${cut.number}, and this ` +
    `peer computes ${hash}: it takes the confirmed one; knot doctor says more`
  out.push({ kind: 'note', level: 'warn', text })
  engine.differs.push({ volume: cut.number, confirmed: cut.carried, computed: hash })
  return undefined
}

function enter(
  engine: Engine,
  now: Now,
  out: Effect[],
  { next, carried }: { next: ConfirmedCut; carried: Carried },
): void {
  const owed = owedFacts(engine, carried)
  const [number, cut] = [next.cut.number + 1, next.id]
  const begun = begunEntries({ number, cut, carried: carried.bytes, owed })
  for (const entry of begun) out.push({ kind: 'persist', entry })
  out.push({ kind: 'persist', entry: { kind: 'essence', bytes: essenceOf(engine) } })
  engine.volume = openNext(engine.volume.room, { number, cut, facts: carried.facts })
  Object.assign(engine, { carried, owed, carrying: undefined, desk: undefined })
  Object.assign(engine.size, { changes: 0, bytes: 0 })
  engine.pending.streams.clear()
  engine.pending.bytes = 0
  for (const old of [engine.streams, engine.held, engine.incarnations]) old.clear()
  for (const old of [engine.beyond, engine.saidOf, engine.news]) old.clear()
  refold(engine)
  let forgot = engine.ending !== undefined
  for (const session of engine.sessions.values()) {
    enterVolume(session, session.volume)
    if (session.knowsOwn === 'yes') forgot = true
  }
  for (const { backs, own, served } of engine.talks.values()) {
    for (const old of [backs, own, served]) old.clear()
  }
  // Somebody holds what this agent wrote there in a time that its disk does not know of.
  if (forgot) engine.owedFrom = (now.mono + OWED_WAIT_MS) as typeof now.mono
  out.push({ kind: 'rebuild' })
  sendAll(engine, out, { kind: 'entered', volume: number })
  forgetOldPushes(engine)
  // Who is told of a push anew asks nobody for it who has not said so anew.
  const pushes = [...engine.board.unlanded.keys()].filter((push) => engine.holding.has(push))
  if (pushes.length > 0) sendAll(engine, out, { kind: 'held', pushes: pushes.sort() })
  const facts = `${carried.facts.length} facts carried over, ${owed.length} to be said again`
  out.push({ kind: 'note', level: 'info', text: `volume ${number} begins: ${facts}` })
}

/** What the journal says: with each volume it begins anew, as the log does. */
function essenceOf({ me, lease, signed }: Engine): Uint8Array {
  return encodeEssence({ incarnation: me.actor.slice(64), words: journalOf(lease), signed })
}

/** Folds what counts now: what was carried, and all that the chain confirmed. */
function refold(engine: Engine): void {
  Object.assign(engine.board, emptyBoard())
  for (const view of [engine.led, engine.unproved, engine.brought, engine.again]) view.clear()
  engine.events.clear()
  restoreOps(engine)
  foldCarried(engine)
  restoreChain(engine)
  engine.due.add('ruling').add('landing').add('objects')
}

/** Own facts that the room does not have any more, in the order of their writing. */
function owedFacts(engine: Engine, carried: Carried): Origin[] {
  const known = idsOf(carried.facts)
  const owed = new Map<string, Origin>()
  const take = (origin: Origin, again: 'said again' | 'never' = 'never') => {
    if (again === 'said again' && engine.again.has(boundId(origin))) return
    if (isOwed(engine, origin) && !known.has(idOf(origin))) owed.set(boundId(origin), origin)
  }
  for (const origin of engine.owed) take(origin, 'said again')
  for (const actor of [...new Set([...engine.beyond.keys(), ...engine.held.keys()])].sort()) {
    if (keyOf(actor) !== engine.me.signer.key) continue
    for (const { place, value } of cutFactsOf(engine, actor)) {
      take(firstOf(place, value), 'said again')
    }
    for (const { topic, n, value } of factsBehind(engine, actor, seqWithin(engine, actor))) {
      take(firstOf({ actor, topic, n }, value))
    }
  }
  return [...owed.values()]
}

/** How far the cut of this volume takes an own stream in. */
function seqWithin(engine: Engine, actor: ActorId): number {
  const cut = engine.cuts[engine.volume.number]?.cut
  const last = cut?.frontier.find((reached) => reached.actor === actor)
  if (last === undefined) return 0
  const held = engine.held.get(actor)?.[last.seq - 1]
  if (held?.hash === last.hash) return last.seq
  if (actor === engine.me.actor) {
    engine.ending ??= `the room held change ${last.seq} of it, and this disk another or none`
  }
  return 0
}

/** What the chain carries itself, and what was true of another life only, is not said again. */
function isOwed({ me }: Engine, { place, value }: Origin): boolean {
  const { actor, topic } = place
  const asks = value.includes('"kind":"ask"')
  const takesBack = value.includes('"kind":"withdraw"')
  if (topic === 'agents') return false
  if (topic === 'landings') return actor === me.actor && value.includes('"kind":"undo"')
  if (topic === 'plans') return actor === me.actor
  if (isAboutAsks(topic)) return takesBack || (asks && actor === me.actor)
  return true
}
