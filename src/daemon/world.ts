/** The world as the loop sees it: where each effect of the engine becomes IO. */
import { unreachable } from '../core/brand.ts'
import type { Engine } from '../core/engine/state.ts'
import type { Worker } from '../integrate/worker.ts'
import type { Mesh } from '../mesh/port.ts'
import type { Farewells } from './farewells.ts'
import type { Followers } from './followers.ts'
import { clocks, type OuterEffect, type World } from './loop.ts'
import type { Memory } from './memory.ts'
import type { DocumentFollower } from './document.ts'
import type { OpenedEngine } from './opening.ts'
import type { Pace } from './pace.ts'
import type { Watch } from './watch.ts'
import { tellEvent } from './words.ts'

/** What effects act on. The mesh is there a moment after the loop: nothing is sent before. */
export type Parts = Pick<OpenedEngine, 'engine' | 'persist'> & {
  reach: { mesh: Mesh | undefined }
  watch: Watch
  followers: Followers
  worker: Worker
  memory: Memory
  farewells: Farewells
  document: DocumentFollower
  pace: Pace
  log: (text: string) => void
}

/** Joins the loop to the world. */
export function createWorld(parts: Parts): World {
  return {
    now: clocks,
    persist: parts.persist,
    perform: (effect) => perform(parts, effect),
    moved: () => parts.watch.moved(),
  }
}

function perform(parts: Parts, effect: OuterEffect): void {
  const { engine, memory } = parts
  const { mesh } = parts.reach
  switch (effect.kind) {
    case 'send':
      parts.pace.sent(effect.to, mesh?.send(effect.to, effect.frame) ?? 'gone')
      return
    case 'pace':
      return parts.pace.asked(effect.peer)
    case 'reset':
      parts.log(`session with ${nameOf(engine, effect.peer)} ended: ${effect.why}`)
      return mesh?.reset(effect.peer, effect.why)
    case 'want':
      parts.farewells.stay(effect.peer)
      memory.learn(effect.peer, effect.addresses)
      return mesh?.want(effect.peer, effect.addresses)
    case 'forget':
      return parts.farewells.part(effect.peer, () => mesh?.forget(effect.peer))
    case 'event':
      return parts.followers.tell(tellEvent(engine, effect.event))
    case 'document':
      return parts.document.apply(effect.changes)
    case 'rebuild':
      return parts.document.rebuild()
    case 'work':
      return parts.worker.take(effect.job)
    case 'note':
      if (effect.level !== 'debug') parts.log(effect.text)
      return
    default:
      unreachable(effect)
  }
}

function nameOf(engine: Engine, key: Parameters<Engine['membership']['byKey']>[0]): string {
  return engine.membership.byKey(key)?.name ?? key.slice(0, 8)
}
