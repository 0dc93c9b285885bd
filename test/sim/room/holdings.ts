/** What must hold of claims and locks in a simulated room. */
import { keyOf } from '../../../src/core/brand.ts'
import { mayHold } from '../../../src/core/engine/alive.ts'
import type { Now } from '../../../src/core/engine/effect.ts'
import type { Engine } from '../../../src/core/engine/state.ts'
import type { FactId } from '../../../src/core/room/facts.ts'
import { mayRule } from '../../../src/core/room/views/claims.ts'
import { excluder, type HeldLock } from '../../../src/core/room/views/locks.ts'

/** Watches all peers of a room; throws with the symptom when something happens that never must. */
export class Holdings {
  /** Who had a task by the record at a place of the chain, by whoever said so first. */
  readonly #owners = new Map<string, string>()

  /** Checks one peer after a turn. */
  after({ board }: Engine): void {
    for (const [task, { holder, fence, status }] of board.claims.tasks) {
      if (fence === undefined) continue
      const place = `${task} ${fence.seq}`
      const says = `${status} ${holder?.actor} ${holder?.ask}`
      const known = this.#owners.get(place)
      if (known !== undefined && known !== says) fail('a task has two owners')
      this.#owners.set(place, says)
    }
    const held = [...board.locks.held].map(([, lock]) => lock)
    for (const [at, one] of held.entries()) {
      if (held.slice(at + 1).some((other) => clash(one, other))) {
        fail('two locks stand that exclude each other')
      }
    }
  }
}

/** Checks a room that healed: whatever can be ruled on was. */
export function checkHoldings(engine: Engine, now: Now): void {
  const { board } = engine
  for (const [, life] of board.claims.tasks) {
    for (const [, { place, fact }] of life.asks) {
      const may = fact.want === 'claim' && mayRule(life, fact)
      if (may && mayHold(engine, now, place.actor)) fail('an ask waits for ever')
    }
  }
  for (const [, ask] of board.locks.asks) {
    if (excluder(board.locks, ask) !== undefined || !mayHold(engine, now, ask.actor)) continue
    fail('an ask waits for ever')
  }
}

/** Tasks and locks, as all peers must have them. */
export function holdingsOf({ board }: Engine): unknown[] {
  const { claims, locks } = board
  const tasks = [...claims.tasks].map(([task, life]) => [
    task,
    life.status,
    life.holder,
    [...life.asks.keys()].sort(),
  ])
  const ids = (map: ReadonlyMap<FactId, unknown>) => [...map.keys()].sort()
  return [tasks.sort(), ids(locks.held), ids(locks.asks), [...board.doing.keys()].sort()]
}

/** What the simulated members lock is a folder or a file in it: no glob is needed to tell. */
function clash(a: HeldLock, b: HeldLock): boolean {
  if (keyOf(a.actor) === keyOf(b.actor)) return false
  if (a.terms.mode === 'shared' && b.terms.mode === 'shared') return false
  return a.terms.globs.some((x) => b.terms.globs.some((y) => covers(x, y) || covers(y, x)))
}

function covers(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

function fail(symptom: string): never {
  throw new Error(symptom)
}
