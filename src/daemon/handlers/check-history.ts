/** `check.history`: what was checked before a landing or a refusal, from the room's own records. */
import type { Answers, Item, Output } from '../../api/types.ts'
import { keyOf } from '../../core/brand.ts'
import { leaders } from '../../core/engine/chain.ts'
import type { CheckRun } from '../../core/room/facts.ts'
import { type CheckedPush, checkedPushes } from '../../core/room/views/checked.ts'
import type { RunningRoom } from '../running.ts'
import { whoIs } from '../words.ts'
import type { FindRoom } from './talk.ts'

/** The handler, for a room that is looked up at each call. */
export function checkHistory(room: FindRoom): Pick<Answers, 'check.history'> {
  return {
    'check.history': async function* ({ limit }) {
      return yield* history(await room(), limit)
    },
  }
}

async function* history(
  room: RunningRoom,
  limit: number,
): AsyncGenerator<Item<'check.history'>, Output<'check.history'>, void> {
  const { engine } = room
  const all = checkedPushes(engine.board, leaders(engine))
  for (const entry of all.slice(0, limit)) yield row(room, entry)
  return { total: all.length }
}

function row({ engine }: RunningRoom, entry: CheckedPush): Item<'check.history'> {
  const { id, at, term, push, checks } = entry
  const pushed = engine.board.pushes.get(push)
  const author = pushed && whoIs(engine, keyOf(pushed.place.actor))
  const about = pushed === undefined ? {} : { commit: pushed.fact.commit, author }
  const outcome = entry.kind === 'landed'
    ? { landed: entry.landed, tree: entry.tree }
    : { output: entry.output }
  const verdict = verdictOf(entry)
  const ms = checks.reduce((sum, check) => sum + check.ms, 0)
  const by = whoIs(engine, keyOf(entry.by))
  return { id, at, term, push, ...about, by, verdict, ms, checks, ...outcome }
}

/** A refusal is never more than failed: without a check, its output says what could not be run. */
function verdictOf({ kind, checks }: { kind: CheckedPush['kind']; checks: CheckRun[] }) {
  if (kind === 'refused') return 'failed'
  return checks.length === 0 ? 'unchecked' : 'passed'
}
