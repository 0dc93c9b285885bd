/** Keeping what lies beyond a seal: it has no effect, and may yet be wanted. */
import type { ActorId } from '../brand.ts'
import { BEYOND_MAX_BYTES, BEYOND_ROOM_MAX_BYTES } from '../limits.ts'
import { type Beyond, keepCut, openBeyond } from '../room/beyond.ts'
import { decodeChange } from '../room/decode.ts'
import type { Run } from '../room/gate.ts'
import type { Effect } from './effect.ts'
import type { Engine } from './state.ts'

/**
 * Keeps the changes of a run that are beyond their stream's seal, within bounds: those of our own
 * key all, as nobody else can make them.
 */
export function keepSealed(
  engine: Engine,
  out: Effect[],
  actor: ActorId,
  { changes, signature }: Run,
): void {
  const beyond = beyondOf(engine, actor)
  const own = actor.startsWith(engine.me.signer.key)
  for (const [at, bytes] of changes.entries()) {
    const decoded = decodeChange(bytes)
    if (decoded.kind === 'malformed') throw new Error(`bug: sealed a change: ${decoded.why}`)
    if (!own && !hasRoom(engine, beyond, bytes.length)) return
    const { seq, predecessor } = decoded.change
    const signed = at === changes.length - 1 ? signature.slice() : undefined
    const change = { seq, predecessor, hash: decoded.hash, bytes: bytes.slice(), signature: signed }
    if (keepCut(beyond, change) === 'known') continue
    const volume = engine.volume.number
    const entry = { kind: 'change', volume, bytes: change.bytes, signature: signed } as const
    out.push({ kind: 'persist', entry })
  }
}

function hasRoom(engine: Engine, beyond: Beyond, size: number): boolean {
  let all = size
  for (const { bytes } of engine.beyond.values()) all += bytes
  return beyond.bytes + size <= BEYOND_MAX_BYTES && all <= BEYOND_ROOM_MAX_BYTES
}

/** What is kept of a stream beyond its seal. */
export function beyondOf(engine: Engine, actor: ActorId): Beyond {
  const beyond = engine.beyond.get(actor) ?? openBeyond()
  engine.beyond.set(actor, beyond)
  return beyond
}
