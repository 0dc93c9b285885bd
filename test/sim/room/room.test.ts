import { expect, test } from 'vitest'
import { checkAlways, checkHealed } from './invariants.ts'
import { World } from './world.ts'

const SEEDS = Number(process.env['SEEDS'] ?? 60)
const ONE = process.env['SEED']

/** A room of 3 to 5 peers that talk and push under faults, then heal. */
function play(seed: number): World {
  const size = 3 + (seed % 3)
  const world = new World(seed, size, { cuts: 0.6, crashes: 0.3, duplicates: 0.02, reorders: 0.05 })
  const { chance } = world
  const check = () => checkAlways(world)
  for (let round = 0; round < 30; round++) {
    const peer = chance.below(size)
    const file = chance.pick(['a.js', 'b.js', 'c.js', `new-${round}.js`])
    const text = chance.happens(0.15) ? 'broken' : `${seed}.${round}`
    if (chance.happens(0.4)) world.push(peer, { [file]: text })
    else if (chance.happens(0.5)) world.call(peer, { kind: 'say', text: `round ${round}` })
    else world.call(peer, { kind: 'task', title: `task ${round}` })
    if (chance.happens(0.4)) world.shuffleLinks()
    if (chance.happens(0.1)) world.crashSomebody()
    world.run(world.now + chance.below(3_000), check)
  }
  world.heal()
  world.run(world.now + 90_000, check)
  checkHealed(world)
  return world
}

function replayed(seed: number): World {
  try {
    return play(seed)
  } catch (error) {
    const how = `SEED=${seed} npx vitest run --config test/vitest.config.ts test/sim/room`
    throw new Error(`seed ${seed}: ${(error as Error).message}\n  replay: ${how}`, { cause: error })
  }
}

test(`a room under faults keeps its promises (${ONE ?? `${SEEDS} seeds`})`, () => {
  const seeds = ONE === undefined ? Array.from({ length: SEEDS }, (_, n) => n + 1) : [Number(ONE)]
  let landings = 0
  for (const seed of seeds) landings += replayed(seed).peers[0]?.engine.board.landings.length ?? 0
  expect(landings).toBeGreaterThan(0)
}, 240_000)

test('the same seed gives the same run, to the byte', () => {
  const bytes = (world: World) =>
    world.peers.map(({ disk }) => disk.log.map(({ kind, bytes }) => `${kind}:${Buffer.from(bytes).toString('hex')}`))
  expect(bytes(replayed(7))).toEqual(bytes(replayed(7)))
}, 60_000)
