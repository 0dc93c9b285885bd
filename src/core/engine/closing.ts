/** The end of a session, whoever ended it. */
import type { PublicKey } from '../brand.ts'
import { chainDisconnected } from './chain.ts'
import type { Effect, Now } from './effect.ts'
import type { Engine } from './state.ts'

/** Forgets a session and everything that only it was told. */
export function dropSession(engine: Engine, now: Now, out: Effect[], key: PublicKey): void {
  if (!engine.sessions.delete(key)) return
  engine.talks.delete(key)
  engine.early.delete(key)
  chainDisconnected(engine, now, out, key)
}
