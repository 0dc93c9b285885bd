/** What must hold of a simulated room after every happening, and what must hold after it healed. */
import type { Oid } from '../../../src/core/brand.ts'
import { leaders } from '../../../src/core/engine/chain.ts'
import { confirmedSeq, records } from '../../../src/core/lease/lease.ts'
import { standingOf } from '../../../src/core/room/views/board.ts'
import type { World } from './world.ts'

/** Throws with the symptom when something that must never happen happened. */
export function checkAlways(world: World): void {
  oneHistory(world)
  oneStreamEach(world)
  landedIsTested(world)
}

/** No two peers take different records for confirmed at one place. */
function oneHistory({ peers }: World): void {
  const longest: string[] = []
  for (const { engine } of peers) {
    const confirmed = records(engine.lease, { from: 1, to: confirmedSeq(engine.lease) })
    for (const [i, record] of confirmed.entries()) {
      const mark = `${record.term}/${record.seq}/${record.prev}`
      if (longest[i] === undefined) longest[i] = mark
      else if (longest[i] !== mark) throw new Error(`two records confirmed at ${i + 1}`)
    }
  }
}

/** No two peers hold different changes at one place of a stream. */
function oneStreamEach({ peers }: World): void {
  const known = new Map<string, string[]>()
  for (const { engine } of peers) {
    for (const [actor, held] of engine.held) {
      const first = known.get(actor)
      if (first === undefined) known.set(actor, held.map(({ hash }) => hash))
      else {
        const both = Math.min(first.length, held.length)
        const last = both - 1
        if (both > 0 && first[last] !== held[last]?.hash) throw new Error(`stream ${actor} forked`)
      }
    }
  }
}

/** Every confirmed landing has the tree that its record names, and nothing broken in it. */
function landedIsTested({ peers, git }: World): void {
  for (const { engine } of peers) {
    let prev: Oid | undefined
    for (const { fact } of engine.board.landings) {
      if (git.tree(fact.commit) !== fact.tree) throw new Error(`landing ${fact.commit} is not its tree`)
      if (Object.values(git.files(fact.commit)).includes('broken')) {
        throw new Error(`landing ${fact.commit} is broken`)
      }
      if (prev !== undefined && fact.prev !== prev) throw new Error('the landings are not one line')
      prev = fact.commit
    }
  }
}

/** After the heal: everything acknowledged is everywhere, and every push met its end. */
export function checkHealed(world: World): void {
  const views = world.peers.map(({ engine }) => viewOf(engine))
  for (const view of views) if (view !== views[0]) throw new Error('the views did not converge')
  for (const { peer, id, request } of world.acknowledged) {
    for (const { engine } of world.peers) {
      const { chat, tasks, pushes } = engine.board
      const maps = [chat, tasks, pushes]
      const there = request.kind === 'base' || maps.some((map) => map.has(id as never))
      if (!there) throw new Error(`peer ${peer}'s acknowledged ${request.kind} ${id} was lost`)
    }
  }
  for (const { engine, disk } of world.peers) {
    for (const id of engine.board.pushes.keys()) {
      const { kind } = standingOf(engine.board, id, leaders(engine))
      if (kind === 'queued') throw new Error(`push ${id} waits for ever`)
    }
    const last = engine.board.landings.at(-1)?.fact.commit
    if (disk.integration !== last) throw new Error('an integration ref did not follow')
  }
}

type Engine = World['peers'][number]['engine']

function viewOf(engine: Engine): string {
  const { chat, tasks, pushes, landings } = engine.board
  const ids = [chat, tasks, pushes].map((map) => [...map.keys()].sort())
  return JSON.stringify([ids, landings.map(({ fact }) => fact), [...engine.events.keys()].sort()])
}
