/**
 * Saying again: what an agent wrote in a life whose stream was sealed, it writes once more in its
 * present one, so that a fork or a restored disk loses nothing that was acknowledged.
 *
 * Each fact keeps its place and with it its id, so it does not matter that two daemons of one
 * cloned disk both do this. What a disk lost its peers still hold, beyond the seal; they tell its
 * author, and nobody else, and the author asks for it.
 */
import { writes } from '../auth/roles.ts'
import { type ActorId, type Hash, keyOf, type PublicKey } from '../brand.ts'
import {
  AGAIN_BYTES,
  AGAIN_FACTS,
  BEYOND_ASKS_MAX,
  CATCH_UP_BYTES,
  WANT_DELAY_MS,
} from '../limits.ts'
import { pathTo, tipsOf } from '../room/beyond.ts'
import { boundId, firstOf, isAboutAsks, type Origin, saidAgain } from '../room/origin.ts'
import { runAfter } from '../sync/runs.ts'
import type { Reach } from '../sync/wire.ts'
import type { Effect, Now } from './effect.ts'
import { memberOf } from './names.ts'
import { send } from './sending.ts'
import { cutFactsOf } from './seals.ts'
import { type Engine, LONG_AGO } from './state.ts'
import { author, type Draft } from './streams.ts'

/** Says again what is still missing, some of it each time, and asks for what peers still hold. */
export function sayAgain(engine: Engine, now: Now, out: Effect[]): void {
  askForOwn(engine, now, out)
  const member = memberOf(engine, engine.me.signer.key)
  if (member?.status !== 'member' || !writes(member.role)) return
  if (sayOwed(engine, now, out) === 'said') return
  for (const actor of [...engine.beyond.keys()].sort()) {
    if (!isOwn(engine, actor) || actor === engine.me.actor) continue
    const size = engine.beyond.get(actor)?.changes.size ?? 0
    if (engine.saidOf.get(actor) === size) continue
    const drafts = missing(engine, actor)
    if (drafts.length === 0) engine.saidOf.set(actor, size)
    else author(engine, now, out, drafts)
    // One change a tick, so that nobody waits for it.
    if (drafts.length > 0) return
  }
}

/** Says again what the last cut left out, unless a peer may yet show that it was said. */
export function sayOwed(engine: Engine, now: Now, out: Effect[]): 'said' | 'nothing' {
  if (engine.owed.length === 0 || now.mono < engine.owedFrom) return 'nothing'
  const mine = ({ actor }: { actor: ActorId }) => actor === engine.me.actor
  if ([...engine.talks.values()].some(({ own }) => [...own.values()].some(mine))) return 'nothing'
  const isMine = ({ place }: Origin) => place.actor === engine.me.actor
  const owed = engine.owed.filter((origin) => isMine(origin) || isWorthSaying(origin))
  const drafts = firstOnes(engine, owed)
  if (drafts.length === 0) engine.owed = []
  else author(engine, now, out, drafts)
  return drafts.length === 0 ? 'nothing' : 'said'
}

/** Facts of an earlier life that no later one has said again, as many as one change takes. */
function missing(engine: Engine, actor: ActorId): Draft {
  const origins = cutFactsOf(engine, actor).map(({ place, value }) => firstOf(place, value))
  return firstOnes(engine, origins.filter(isWorthSaying))
}

/** Of some facts the first that were not said again. */
function firstOnes(engine: Engine, origins: readonly Origin[]): Draft {
  const drafts: Draft = []
  let bytes = 0
  for (const origin of origins) {
    if (engine.again.has(boundId(origin))) continue
    const again = saidAgain(origin)
    if (again === undefined) continue
    bytes += again.length
    if (drafts.length === AGAIN_FACTS || (bytes > AGAIN_BYTES && drafts.length > 0)) break
    drafts.push({ topic: origin.place.topic, value: again })
  }
  return drafts
}

/**
 * What the chain confirmed it carries itself: landings, and what was decided about asks. An ask
 * that nobody answered is old by now, and what an agent was doing then it does not do now.
 */
function isWorthSaying({ place, value }: Origin): boolean {
  if (place.topic === 'landings' || place.topic === 'plans') return false
  return !isAboutAsks(place.topic) || value.includes('"kind":"withdraw"')
}

/** Tells a peer which changes of its own lie beyond a seal here. */
export function tellOwn(engine: Engine, out: Effect[], key: PublicKey): void {
  const volume = engine.volume.number
  for (const [actor, beyond] of [...engine.beyond].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (keyOf(actor) !== key) continue
    // A frame names each stream once, and this one has a last change on every branch.
    for (const { seq, hash } of tipsOf(beyond).slice(0, OWN_TIPS_MAX)) {
      send(out, key, { kind: 'have', volume, frontier: [{ actor, seq, hash }] })
    }
  }
}

/** A peer says how far it holds a stream of ours: what we lack is asked for at once. */
export function noteOwnReach(
  engine: Engine,
  out: Effect[],
  key: PublicKey,
  reach: Reach,
): void {
  const { actor, seq, hash } = reach
  const talk = engine.talks.get(key)
  if (!isOwn(engine, actor) || talk === undefined) return
  const held = engine.held.get(actor)?.[seq - 1]
  // What differs at a place that is held here is a fork, and looked into as one.
  if (held !== undefined || isWhole(engine, actor, hash)) return
  talk.own.set(hash, { actor, asked: 0, since: LONG_AGO })
  engine.wanted = LONG_AGO
  if (talk.own.size > OWN_TIPS_MAX) talk.own.clear()
  askOwn(engine, out, key, actor)
}

/** Branches of ours that a peer may name: more than any number of clones makes. */
const OWN_TIPS_MAX = 64

/** Whether a branch is here from where it leaves what counts: peers may hold parts of it only. */
function isWhole(engine: Engine, actor: ActorId, hash: Hash): boolean {
  const beyond = engine.beyond.get(actor)
  const tip = beyond?.changes.get(hash)
  if (beyond === undefined || tip === undefined) return false
  const root = engine.held.get(actor)?.at(-1)?.hash ?? engine.volume.id
  return pathTo(beyond, tip)[0]?.predecessor === root
}

function askOwn(engine: Engine, out: Effect[], key: PublicKey, actor: ActorId): void {
  const seq = engine.held.get(actor)?.length ?? 0
  send(out, key, { kind: 'want', volume: engine.volume.number, streams: [{ actor, seq }] })
}

/** Asks again for what has not come, a bounded number of times in a session. */
function askForOwn(engine: Engine, now: Now, out: Effect[]): void {
  for (const [key, { own }] of engine.talks) {
    for (const [hash, want] of own) {
      const { actor } = want
      const held = engine.held.get(actor)?.some((change) => change.hash === hash) === true
      if (held || isWhole(engine, actor, hash) || want.asked >= BEYOND_ASKS_MAX) own.delete(hash)
      else if (now.mono >= want.since + WANT_DELAY_MS) {
        Object.assign(want, { asked: want.asked + 1, since: now.mono })
        if (want.asked > 1) askOwn(engine, out, key, actor)
      }
    }
  }
}

/** Serves an author its own changes beyond a seal, going on where the last answer stopped. */
export function serveOwn(engine: Engine, out: Effect[], key: PublicKey, actor: ActorId): void {
  const beyond = engine.beyond.get(actor)
  const served = engine.talks.get(key)?.served
  if (keyOf(actor) !== key || beyond === undefined || served === undefined) return
  let sent = 0
  for (const tip of tipsOf(beyond)) {
    const path = pathTo(beyond, tip)
    for (;;) {
      const run = runAfter(path, served.get(tip.hash) ?? 0)
      if (run === undefined) break
      if (sent > CATCH_UP_BYTES) return
      const { seq, changes, signature } = run
      served.set(tip.hash, seq + changes.length - 1)
      const from = (path[0]?.seq ?? 1) + seq - 1
      const volume = engine.volume.number
      send(out, key, { kind: 'run', volume, actor, seq: from, changes, signature })
      sent += changes.reduce((sum, { length }) => sum + length, 0)
    }
  }
  // All was sent; whoever asks again lost some of it.
  if (sent === 0) served.clear()
}

function isOwn(engine: Engine, actor: ActorId): boolean {
  return keyOf(actor) === engine.me.signer.key
}
