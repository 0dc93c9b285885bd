/** `compact`: asks for the volume to end, waits for that, and packs the mirror. */
import type { Answers, Item, Output } from '../../api/types.ts'
import { keyOf } from '../../core/brand.ts'
import { leaderNow, modeNow } from '../../core/engine/chain.ts'
import { CUT_WAIT_MS } from '../../core/limits.ts'
import { compact, sizeOf } from '../../git/compact.ts'
import type { RunningRoom } from '../running.ts'
import { whoIs } from '../words.ts'
import { type FindRoom, made } from './talk.ts'

/** The handler, for a room that is looked up at each call. */
export function compactCall(room: FindRoom): Pick<Answers, 'compact'> {
  return {
    compact: async function* (_input, signal) {
      return yield* compactRoom(await room(), signal)
    },
  }
}

async function* compactRoom(
  room: RunningRoom,
  signal: AbortSignal,
): AsyncGenerator<Item<'compact'>, Output<'compact'>, void> {
  const { engine } = room
  const from = engine.volume.number
  const before = room.size().bytes
  const cut = yield* endVolume(room, signal)
  yield { step: 'pack', text: 'packing .knot/repo.git' }
  const mirror = await pack(room, signal)
  const to = engine.volume.number
  const log = { before, after: room.size().bytes }
  return { volume: { from, to }, log, ...cut, mirror }
}

async function* endVolume(
  room: RunningRoom,
  signal: AbortSignal,
): AsyncGenerator<Item<'compact'>, Pick<Output<'compact'>, 'waits' | 'closed' | 'ms'>, void> {
  const { engine, watch, rotated } = room
  const from = engine.volume.number
  const last = rotated()
  if (engine.size.changes === 0) return {}
  yield { step: 'cut', text: `ending volume ${from}` }
  await made(room, { kind: 'cut' })
  // The engine is ahead of its disk for a moment.
  const ended = () => engine.volume.number > from && rotated() !== last
  await watch.until(ended, { ms: CUT_WAIT_MS, signal })
  if (engine.volume.number === from) return { waits: waitsFor(room) }
  const done = rotated()
  return done?.kind === 'ok' ? { closed: done.closed, ms: done.ms } : {}
}

function waitsFor({ engine, now }: RunningRoom): string {
  const leader = leaderNow(engine, now())
  if (leader === undefined || modeNow(engine, now()) !== 'quorum') {
    return 'no majority of the voters is connected; it ends once one is'
  }
  const name = leader.mine ? 'this peer' : whoIs(engine, keyOf(leader.actor)).name
  return `${name} leads, and ends it once nothing waits for a confirmation`
}

async function pack(
  { repositories, engine }: RunningRoom,
  signal: AbortSignal,
): Promise<Output<'compact'>['mirror']> {
  const { mirror } = repositories
  const measured = async () => {
    const { bytes, packs, loose } = await sizeOf(mirror, signal)
    return { bytes, packs, loose }
  }
  const before = await measured()
  const landed = new Set<string>(engine.board.landed.keys())
  await compact(mirror, { landed }, signal)
  return { before, after: await measured() }
}
