/** The random story of one seed: a room that talks and pushes under faults, then heals. */
import { Chance } from './chance.ts'
import { type Faults, mixed } from './faults.ts'
import { checkHealed } from './invariants.ts'
import type { Mutant } from './mutants.ts'
import { World } from './world.ts'

/** How long a healed room may take, and how long it then must stay as it is. */
const HEAL_MS = 120_000
const REST_MS = 3_000
/** A room whose rules are broken is not waited for. */
const MUTANT_HEAL_MS = 20_000

/** Plays a seed; throws with the symptom when the room broke a promise. */
export function play(seed: number, given: { faults?: Faults; mutant?: Mutant } = {}): World {
  const { faults = mixed(new Chance(seed)), mutant } = given
  const size = 3 + (seed % 3)
  const world = new World({ seed, size, faults, ...(mutant === undefined ? {} : { mutant }) })
  const { chance } = world
  // Every third seed is as it was before there was an undo: what was found in one stays found.
  const regrets = seed % 3 === 1 ? undefined : new Chance(seed + 1_000_000)
  // And every other one stays in its first volume.
  const cuts = seed % 2 === 1 ? undefined : new Chance(seed + 2_000_000)
  const joins = chance.below(20)
  for (let round = 0; round < 30; round++) {
    if (round === joins) world.join()
    if (regrets === undefined || !regret(world, regrets)) act(world, `${seed}.${round}`)
    if (cuts?.happens(0.2) === true) world.cutVolume()
    if (chance.happens(0.5)) world.disturb()
    world.run(chance.below(2_500))
  }
  world.heal()
  settle(world, mutant === undefined ? HEAL_MS : MUTANT_HEAL_MS)
  return world
}

/** Somebody takes the last landing back, or brings an own one back again; false for neither. */
function regret(world: World, chance: Chance): boolean {
  if (chance.happens(0.12)) world.undo(chance.below(world.peers.length))
  else if (chance.happens(0.2)) return world.again(chance.below(world.peers.length))
  else return false
  return true
}

/** One thing that somebody does. */
function act(world: World, mark: string): void {
  const { chance } = world
  const peer = chance.below(world.peers.length)
  if (chance.happens(0.4)) {
    const file = chance.pick(['a.js', 'b.js', 'c.js', `new-${mark}.js`])
    return world.push(peer, { [file]: chance.happens(0.15) ? 'broken' : mark })
  }
  if (chance.happens(0.45)) return hold(world, peer, mark)
  if (chance.happens(0.01)) {
    // More than an outbox takes at once.
    for (let n = 0; n < 80; n++) world.call(peer, { kind: 'say', text: `${n}`.padEnd(16_000) })
  } else if (chance.happens(0.5)) {
    world.call(peer, { kind: 'say', text: `say ${mark}` })
  } else {
    world.call(peer, { kind: 'task', title: `task ${mark}` })
  }
}

/** One thing about tasks or locks, as the peer sees them. */
function hold(world: World, peer: number, mark: string): void {
  const { chance } = world
  const { board, me } = (world.peers[peer] as World['peers'][number]).engine
  const [task, lock] = [chance.pick([...board.tasks.keys()]), chance.pick([...board.locks.held.keys()])]
  if (task === undefined) return world.call(peer, { kind: 'task', title: `task ${mark}` })
  const life = board.claims.tasks.get(task)
  switch (chance.below(6)) {
    case 0:
    case 1:
      return world.call(peer, { kind: 'ask', want: 'claim', task })
    case 2: {
      const want = chance.pick(['done', 'drop', 'reopen'] as const)
      const under = life?.holder?.actor === me.actor || chance.happens(0.2)
      const claim = under && life?.holder !== undefined ? { claim: life.holder.ask } : {}
      return world.call(peer, { kind: 'ask', want, task, ...claim })
    }
    case 3:
    case 4: {
      const globs = [chance.pick(['src', 'src/a', 'src/b', 'docs', 'docs/x'])]
      const mode = chance.pick(['shared', 'exclusive'] as const)
      return world.call(peer, { kind: 'lock', globs, mode, reason: mark })
    }
    default: {
      if (lock === undefined) return
      return world.call(peer, { kind: 'withdraw', topic: 'locks', ask: lock })
    }
  }
}

/** Lets time pass until the room is as it must be, and a while longer. */
function settle(world: World, patience: number): void {
  const end = world.now + patience
  for (;;) {
    world.run(1_000)
    try {
      checkHealed(world)
      break
    } catch (error) {
      if (world.now >= end) throw error
    }
  }
  world.run(REST_MS)
  checkHealed(world)
}
