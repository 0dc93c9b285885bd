/** How frames leave: to one peer, to everybody, and runs as far as an outbox takes them. */
import type { PublicKey } from '../brand.ts'
import { partsOf } from '../sync/parts.ts'
import { nextRuns, type Session } from '../sync/session.ts'
import { encodeFrame, type Frame } from '../sync/wire.ts'
import type { Effect } from './effect.ts'
import { servedOf } from './seals.ts'
import { type Engine, liveSessions } from './state.ts'

/** One frame to one peer. */
export function send(out: Effect[], to: PublicKey, frame: Frame): void {
  for (const part of partsOf(frame)) out.push({ kind: 'send', to, frame: encodeFrame(part) })
}

/** One frame to every peer that said hello, but to those that are left out. */
export function sendAll(
  engine: Engine,
  out: Effect[],
  frame: Frame,
  without: readonly (PublicKey | undefined)[] = [],
): void {
  const parts = partsOf(frame).map(encodeFrame)
  for (const [to] of liveSessions(engine)) {
    if (without.includes(to)) continue
    for (const bytes of parts) out.push({ kind: 'send', to, frame: bytes })
  }
}

/** Sends every session what is marked as lacking, as far as its outbox takes it. */
export function pump(engine: Engine, out: Effect[]): void {
  const encoded = new Map<string, Uint8Array>()
  for (const [key, session] of liveSessions(engine)) pumpOne(engine, out, { key, session, encoded })
}

/** The same for one session; `encoded` are runs that went to another in this step. */
export function pumpOne(
  engine: Engine,
  out: Effect[],
  to: { key: PublicKey; session: Session; encoded?: Map<string, Uint8Array> },
): void {
  const { key, session, encoded = new Map<string, Uint8Array>() } = to
  if (session.lacking.size === 0 || session.volume !== engine.volume.number) return
  const { frames, pace } = nextRuns(session, { get: (actor) => servedOf(engine, actor) })
  for (const frame of frames) {
    const bytes = encoded.get(nameOf(frame)) ?? encodeFrame(frame)
    encoded.set(nameOf(frame), bytes)
    out.push({ kind: 'send', to: key, frame: bytes })
  }
  if (pace === 'yes') out.push({ kind: 'pace', peer: key })
}

/** What tells one run from every other. */
function nameOf(frame: Frame): string {
  if (frame.kind !== 'run') throw new Error(`bug: ${frame.kind} among runs`)
  return `${frame.actor}/${frame.seq}/${frame.changes.length}`
}
