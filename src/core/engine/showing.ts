/**
 * Events: what the room's log shows, each once. A verdict waits here until the term chain proves
 * that its author led the term it names.
 */
import type { ActorId, Oid } from '../brand.ts'
import type { FactId, Refused } from '../room/facts.ts'
import type { Entry, Shown } from '../room/views/board.ts'
import { type Event, eventOf } from '../room/views/events.ts'
import type { Effect } from './effect.ts'
import type { Engine } from './state.ts'

/** Tells an event, unless it was told before. */
export function tellEvent(engine: Engine, out: Effect[], event: Event): void {
  if (engine.events.has(event.id)) return
  engine.events.set(event.id, event)
  if (engine.shown.has(event.id)) return
  engine.shown.add(event.id)
  out.push({ kind: 'event', event })
}

/** Tells what a fold made visible; a verdict only when it counts. */
export function show(engine: Engine, out: Effect[], shown: Shown): void {
  if (shown.kind === 'refused' && !counts(engine, shown.entry)) return
  const event = eventOf(shown)
  if (event !== undefined) tellEvent(engine, out, event)
}

/** Notes who led a term, once its first record is confirmed, and shows the verdicts that waited. */
export function proveReign(
  engine: Engine,
  out: Effect[],
  { term, leader }: { term: number; leader: ActorId },
): void {
  engine.led.set(term, leader)
  const waiting = engine.unproved.get(term) ?? []
  engine.unproved.delete(term)
  for (const entry of waiting) show(engine, out, { kind: 'refused', entry })
}

/** Notes that a push brought a commit. */
export function bring(engine: Engine, commit: Oid, push: FactId): void {
  const pushes = engine.brought.get(commit)
  if (pushes === undefined) engine.brought.set(commit, [push])
  else pushes.push(push)
}

function counts(engine: Engine, entry: Entry<Refused>): boolean {
  const { term } = entry.fact
  const leader = engine.led.get(term)
  if (leader !== undefined) return leader === entry.place.actor
  const waiting = engine.unproved.get(term) ?? []
  engine.unproved.set(term, waiting)
  waiting.push(entry)
  return false
}
