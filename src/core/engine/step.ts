/**
 * The engine: moves one peer of one room forward by one input.
 *
 *     input ── step ──▶ effects          no clock, no socket, no disk, no chance
 *
 * It is composed of parts that know nothing of each other: the auth log says who may, the gate says
 * which changes are taken, sync says who lacks what, the term chain says what is confirmed, the
 * board says what it all means, the planner says what to land next. `step` feeds each its part:
 *
 *     peers    sessions, frames, beats       authority  the auth log       joining  letting in
 *     streams  runs in, own facts out        chain      the term chain     landing  a leader's desk
 *     objects  pushes and refs (fetching)    showing    events             calls    front ends
 *     ruling   a leader's word on asks       misdeeds   who is left out for a while
 *     undoing  taking a landing back         lives      incarnations (witness, again)
 *     fork     proofs of fraud               seals      what they cut
 *
 * What an input costs grows with what is live and never with the room's history: whatever concerns
 * the leader's desk or git objects says that it is `due`, and each tick looks at both.
 */
import { unreachable } from '../brand.ts'
import { sayAgain } from './again.ts'
import { onCall } from './calls.ts'
import { dropSession } from './closing.ts'
import type { Effect, Now } from './effect.ts'
import type { Input } from './input.ts'
import { onAsk } from './joining.ts'
import { turnVolume } from './entering.ts'
import { drive, onResult } from './landing.ts'
import { beginLife } from './lives.ts'
import { isLeftOut } from './misdeeds.ts'
import { isMember } from './names.ts'
import { gather, onAdvanced, onFetched, onHolding } from './objects.ts'
import { onDrained, onFrame, onUp } from './peers.ts'
import { rule } from './ruling.ts'
import { type Engine, LONG_AGO } from './state.ts'
import { onTick } from './tick.ts'
import { onUndoMade } from './undoing.ts'

/** Moves `engine` forward in place and answers what the world must do, in this order. */
export function step(engine: Engine, now: Now, input: Input): Effect[] {
  const out: Effect[] = []
  if (engine.started === LONG_AGO) engine.started = now.mono
  take(engine, now, out, input)
  if (engine.due.delete('volume')) {
    turnVolume(engine, now, out)
    // At once, so that nothing that was answered is ever missed.
    if (engine.ending === undefined) sayAgain(engine, now, out)
  }
  // Nothing is signed in a life that was found to be over.
  beginLife(engine, now, out)
  if (engine.due.delete('ruling')) rule(engine, now, out)
  // In this order: what the leader decides can move the integration ref.
  if (engine.due.delete('landing')) drive(engine, now, out)
  if (engine.due.delete('objects')) gather(engine, now, out)
  return out
}

function take(engine: Engine, now: Now, out: Effect[], input: Input): void {
  switch (input.kind) {
    case 'tick':
      return onTick(engine, now, out)
    case 'call':
      return onCall(engine, now, out, input)
    case 'ask':
      return onAsk(engine, now, out, input)
    case 'up':
      return onUp(engine, now, out, { key: input.peer, path: input.path, address: input.address })
    case 'down':
      return dropSession(engine, now, out, input.peer)
    case 'frame':
      return onFrame(engine, now, out, { key: input.peer, bytes: input.bytes })
    case 'drained':
      return onDrained(engine, out, input.peer)
    case 'found':
      if (!isMember(engine.membership, input.peer) || isLeftOut(engine, input.peer)) return
      out.push({ kind: 'want', peer: input.peer, addresses: input.addresses })
      return
    case 'listening':
      engine.addresses = input.addresses
      return
    case 'holding':
      return onHolding(engine, input.pushes, input.integration)
    case 'worked':
      return onWorked(engine, now, out, input.result)
    default:
      unreachable(input)
  }
}

function onWorked(
  engine: Engine,
  now: Now,
  out: Effect[],
  result: Extract<Input, { kind: 'worked' }>['result'],
): void {
  engine.due.add('landing').add('objects')
  switch (result.kind) {
    case 'fetch':
      return onFetched(engine, now, out, result)
    case 'merge':
    case 'check':
      return onResult(engine, result)
    case 'undo':
      return onUndoMade(engine, result)
    case 'advance':
      return onAdvanced(engine, now, out, result)
    case 'refs':
      return
    default:
      unreachable(result)
  }
}
