/**
 * A carried state on its way: asked of one peer at a time that is behind the cut already, part by
 * part, and used only when all of it has the hash that the chain confirmed.
 */
import type { PublicKey } from '../brand.ts'
import { Writer } from '../bytes/writer.ts'
import {
  CARRIED_ANSWER_MAX_BYTES,
  CARRIED_PART_BYTES,
  CARRIED_WAIT_MS,
  CHAIN_ANSWER_MS,
} from '../limits.ts'
import { carriedHash, decodeCarried } from '../room/carried.ts'
import type { Frame } from '../sync/wire.ts'
import { aheadOf } from './cuts.ts'
import type { Effect, Now } from './effect.ts'
import { send } from './sending.ts'
import { type ConfirmedCut, type Engine, liveSessions, LONG_AGO } from './state.ts'
import { complain } from './talk.ts'

/** Asks for the state behind a cut; of the next peer when the last one said nothing for a while. */
export function askForCarried(engine: Engine, now: Now, out: Effect[], next: ConfirmedCut): void {
  const hash = next.cut.carried
  if (engine.carrying?.hash !== hash) {
    engine.carrying = { hash, parts: [], got: 0, from: undefined, since: LONG_AGO, asked: 0 }
  }
  const { carrying } = engine
  if (now.mono < carrying.since + CARRIED_WAIT_MS) return
  const there = liveSessions(engine)
    .filter(([, session]) => session.volume === next.cut.number + 1)
    .map(([key]) => key)
  const from = there[carrying.asked % there.length]
  if (from === undefined) return
  Object.assign(carrying, { from, since: now.mono, asked: carrying.asked + 1 })
  send(out, from, { kind: 'carry', hash, at: carrying.got })
}

/** A part came; true when the whole is here. */
export function takeCarried(
  engine: Engine,
  now: Now,
  out: Effect[],
  { key, frame }: { key: PublicKey; frame: Extract<Frame, { kind: 'carried' }> },
): void {
  const { carrying } = engine
  const next = aheadOf(engine)
  if (carrying === undefined || next === undefined) return
  const { hash, at, bytes } = frame
  if (key !== carrying.from || hash !== carrying.hash || at !== carrying.got) return
  if (bytes.length === 0 && next.cut.size > 0) return
  carrying.parts.push(bytes.slice())
  carrying.got += bytes.length
  carrying.since = now.mono
  if (carrying.got < next.cut.size) {
    return send(out, key, { kind: 'carry', hash, at: carrying.got })
  }
  const whole = joined(carrying.parts)
  engine.carrying = undefined
  const read = decodeCarried(whole)
  if (carriedHash(whole) === hash && read.kind === 'ok') {
    engine.prepared = { bytes: whole, facts: read.value }
    engine.due.add('volume')
    return
  }
  complain(engine, out, key, { kind: 'carried', text: `a carried state that is not ${hash}` })
}

/** A peer asks for what the volume here began with. */
export function giveCarried(
  engine: Engine,
  now: Now,
  out: Effect[],
  { key, frame }: { key: PublicKey; frame: Extract<Frame, { kind: 'carry' }> },
): void {
  const talk = engine.talks.get(key)
  const { hash, at } = frame
  if (talk === undefined) return
  if (now.mono >= talk.carried.since + CHAIN_ANSWER_MS) talk.carried = { since: now.mono, bytes: 0 }
  if (talk.carried.bytes >= CARRIED_ANSWER_MAX_BYTES) return
  const last = engine.cuts[engine.volume.number - 1]
  const has = last?.cut.carried === hash
  const bytes = has ? engine.carried.bytes.subarray(at, at + CARRIED_PART_BYTES) : NONE
  talk.carried.bytes += bytes.length
  send(out, key, { kind: 'carried', hash, at, bytes })
}

const NONE = new Uint8Array()

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const w = new Writer()
  for (const part of parts) w.raw(part)
  return w.done()
}
