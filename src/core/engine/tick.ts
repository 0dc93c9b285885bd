/** What time alone makes due. */
import type { Monotonic } from '../brand.ts'
import { BEAT_MS } from '../limits.ts'
import { encodeBeat } from '../sync/beat.ts'
import { sayAgain } from './again.ts'
import { chainTick } from './chain.ts'
import { aheadOf } from './cuts.ts'
import { cutWhenFull } from './cutting.ts'
import type { Effect, Now } from './effect.ts'
import { closeExpired } from './joining.ts'
import { readmit } from './misdeeds.ts'
import { tell } from './peers.ts'
import { sendAll } from './sending.ts'
import type { Engine } from './state.ts'

/** Called at least every TICK_MS. */
export function onTick(engine: Engine, now: Now, out: Effect[]): void {
  readmit(engine, now, out)
  chainTick(engine, now, out)
  tell(engine, now, out)
  cutWhenFull(engine, now, out)
  if (aheadOf(engine) !== undefined) engine.due.add('volume')
  closeExpired(engine, now, out)
  if (engine.ending === undefined) sayAgain(engine, now, out)
  if (now.mono - engine.beat.last >= BEAT_MS) beat(engine, now, out)
  engine.due.add('ruling').add('landing').add('objects')
}

/** Tells everybody that this peer is alive, and where. */
export function beat(engine: Engine, now: Now, out: Effect[]): void {
  const counter = Math.max(engine.beat.counter + 1, Math.floor(now.wall))
  engine.beat = { counter, last: now.mono as Monotonic }
  const { actor, integrates, signer } = engine.me
  const beat = { actor, counter, addresses: engine.addresses, integrates }
  const bytes = encodeBeat(engine.volume.room, beat, signer)
  sendAll(engine, out, { kind: 'beat', beat: bytes })
}
