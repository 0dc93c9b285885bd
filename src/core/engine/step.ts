/**
 * The engine: moves one peer of one room forward by one input.
 *
 *     input ── step ──▶ effects          no clock, no socket, no disk, no chance
 *
 * It is composed of parts that know nothing of each other: the auth log says who may, the gate says
 * which changes are taken, sync says who lacks what, the term chain says what is confirmed, the board
 * says what it all means, the planner says what to land next. `step` feeds each what concerns it.
 */
import { unreachable } from '../brand.ts'
import { onCall } from './calls.ts'
import type { Effect, Now } from './effect.ts'
import type { Input } from './input.ts'
import { onAsk } from './joining.ts'
import { drive, onResult } from './landing.ts'
import { gather, onAdvanced, onFetched, onHolding } from './objects.ts'
import { onDown, onDrained, onFrame, onUp } from './peers.ts'
import type { Engine } from './state.ts'
import { onTick } from './tick.ts'

/** Moves `engine` forward in place and answers what the world must do, in this order. */
export function step(engine: Engine, now: Now, input: Input): Effect[] {
  const out: Effect[] = []
  take(engine, now, out, input)
  drive(engine, now, out)
  gather(engine, now, out)
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
      return onUp(engine, out, { key: input.peer, path: input.path, address: input.address })
    case 'down':
      return onDown(engine, now, out, input.peer)
    case 'frame':
      return onFrame(engine, now, out, { key: input.peer, bytes: input.bytes })
    case 'drained':
      return onDrained(engine, out, input.peer)
    case 'found':
      if (engine.membership.byKey(input.peer) === undefined) return
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
  switch (result.kind) {
    case 'fetch':
      return onFetched(engine, now, out, result)
    case 'merge':
    case 'check':
      return onResult(engine, result)
    case 'advance':
      return onAdvanced(engine, now, out, result)
    case 'refs':
      return
    default:
      unreachable(result)
  }
}
