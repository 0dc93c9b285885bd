/**
 * Lives: when this peer ends its incarnation and begins the next, by itself.
 *
 * It does so when its disk may hold less than it has signed, when a peer shows it a change of its
 * own that it does not have, when the term chain heard a word of it that its journal does not know,
 * and when its stream was sealed: a proof says that another daemon signed in its name, which is
 * what a cloned disk looks like. The old stream is then continued by nobody.
 */
import { writes } from '../auth/roles.ts'
import { actorOf, type ActorId } from '../brand.ts'
import { sha256, tagged } from '../bytes/hash.ts'
import { fromHex, hex } from '../bytes/text.ts'
import { Writer } from '../bytes/writer.ts'
import { rebornLease } from '../lease/reborn.ts'
import { tipsOf } from '../room/beyond.ts'
import { idOf, originOf } from '../room/origin.ts'
import { dropSession } from './closing.ts'
import type { Effect, Now } from './effect.ts'
import { cutFactsOf } from './seals.ts'
import { type Engine, lengthOf, streamOf } from './state.ts'
import { type Witness, whyOld } from './witness.ts'

/** Begins the next life now: nothing more is signed in the old one. */
export function beginLife(engine: Engine, now: Now, out: Effect[]): void {
  const why = engine.ending
  if (why === undefined) return
  engine.ending = undefined
  const { me } = engine
  for (const peer of [...engine.sessions.keys()].sort()) {
    dropSession(engine, now, out, peer)
    out.push({ kind: 'reset', peer, why: 'this agent begins a new incarnation' })
  }
  const old = me.actor
  const incarnation = nextIncarnation(engine, now)
  me.actor = actorOf(me.signer.key, incarnation)
  engine.signed = undefined
  const bytes = fromHex(incarnation) as Uint8Array
  // Each log is a witness of the other. A crash between the two costs one more life, and no work.
  out.push({ kind: 'persist', entry: { kind: 'incarnation', bytes } })
  out.push({ kind: 'persist', entry: { kind: 'life', bytes } })
  engine.lease = rebornLease(engine.lease, { ...me.signer, actor: me.actor })
  engine.actors.set(me.signer.key, me.actor)
  engine.desk = undefined
  engine.lives.push({ old, why, at: now.wall })
  engine.due.add('landing').add('objects')
  const text = `a new incarnation begins, ${incarnation}: ${why}`
  out.push({ kind: 'note', level: 'warn', text })
}

/**
 * Drawn from the seed of this process and from what this daemon alone has signed: two that share
 * even their memory, as a cloned machine does, part here.
 */
function nextIncarnation(engine: Engine, now: Now): string {
  const { seed, actor } = engine.me
  const beyond = engine.beyond.get(actor)
  const tips = beyond === undefined ? [] : tipsOf(beyond)
  const body = new Writer().raw(seed).id(actor).id(streamOf(engine, actor).state.hash)
  body.uint(Math.floor(now.wall)).uint(Math.floor(now.mono)).uint(engine.lives.length)
  for (const { hash } of tips) body.id(hash)
  return hex(sha256(tagged('knot/life/1', body.done())).subarray(0, 8))
}

/** Ends this life when its stream was sealed: it could write nothing more. */
export function endIfSealed(engine: Engine): void {
  const { me, membership, volume } = engine
  const seal = membership.sealOf(me.actor, volume.id)
  const member = membership.byKey(me.signer.key)
  if (seal === undefined || member?.status !== 'member' || member.key !== me.signer.key) return
  if (!writes(member.role)) return
  engine.ending ??= `its stream was sealed after change ${seal.seq}`
}

/**
 * Looks at an engine that was put together from its disk, before anything else happens to it.
 * Answers what must be on disk before it signs anything.
 */
export function wake(engine: Engine, now: Now, witness: Witness): Effect[] {
  const out: Effect[] = []
  const { actor } = engine.me
  const held = engine.held.get(actor)
  const hashAt = (seq: number) => {
    const cut = [...(engine.beyond.get(actor)?.changes.values() ?? [])]
    return held?.[seq - 1]?.hash ?? cut.find((change) => change.seq === seq)?.hash
  }
  engine.ending ??= whyOld(witness, { volume: engine.volume.number, hashAt })
  engine.signed = witness.signed
  endIfSealed(engine)
  // Events that a seal took back were shown once, and come again with what is said again.
  for (const each of engine.beyond.keys()) {
    for (const { place, value } of cutFactsOf(engine, each)) {
      engine.shown.add(idOf(originOf(place, value)))
    }
  }
  beginLife(engine, now, out)
  return out
}

/** A peer sent changes of this very life that this disk did not have: it was rolled back. */
export function noteOwn(engine: Engine, actor: ActorId, before: number): void {
  if (actor !== engine.me.actor || lengthOf(engine, actor) === before) return
  engine.ending ??= `a peer holds change ${before + 1} of it, and this disk did not`
}
