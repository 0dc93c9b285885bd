import { expect, test } from 'vitest'
import { FOUND } from './found.ts'
import { play } from './story.ts'
import type { World } from './world.ts'

const SEEDS = Number(process.env['SEEDS'] ?? 100)
const ONE = process.env['SEED']

function replayed(seed: number): World {
  try {
    return play(seed)
  } catch (error) {
    const how = `SEED=${seed} npx vitest run --config test/vitest.config.ts test/sim/room`
    throw new Error(`seed ${seed}: ${(error as Error).message}\n  replay: ${how}`, { cause: error })
  }
}

test(`S525: a room under faults keeps its promises (${ONE ?? `${SEEDS} seeds`})`, () => {
  const seeds = ONE === undefined ? Array.from({ length: SEEDS }, (_, n) => n + 1) : [Number(ONE)]
  const happened = new Map<string, number>()
  for (const seed of seeds) {
    const world = replayed(seed)
    const board = world.peers[0]?.engine.board
    const landings = board?.landings ?? []
    const again = landings.filter(({ fact }) => board?.pushes.get(fact.push)?.fact.again)
    const ends = { landings: landings.length, undone: board?.undone.size ?? 0, again: again.length }
    for (const [what, times] of Object.entries({ ...world.tally, ...ends })) {
      happened.set(what, (happened.get(what) ?? 0) + times)
    }
  }
  // A fault that never happened was not tested.
  const never = [...happened].filter(([, times]) => times === 0).map(([what]) => what)
  if (seeds.length >= 50) expect(never).toEqual([])
}, 10_000 + 2_000 * SEEDS)

test.each(FOUND)('no more: $seen (seed $seed)', ({ seed }) => {
  replayed(seed)
}, 20_000)

test('S530: the same seed gives the same run, to the byte', () => {
  const bytes = (world: World) => world.peers.map(({ disk }) =>
    disk.log.map(({ kind, bytes }) => `${kind}:${Buffer.from(bytes).toString('hex')}`))
  expect(bytes(replayed(7))).toEqual(bytes(replayed(7)))
}, 60_000)
