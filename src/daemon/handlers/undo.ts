/** `undo`: asks for the last landing to be taken back, and waits for what a majority says of it. */
import { Failure } from '../../api/errors.ts'
import type { Answers, Item, Output, Parsed } from '../../api/types.ts'
import { type ActorId, type AgentId, keyOf } from '../../core/brand.ts'
import { leaderNow, modeNow, votersNow } from '../../core/engine/chain.ts'
import type { Engine } from '../../core/engine/state.ts'
import { liveSessions } from '../../core/engine/state.ts'
import { askNow } from '../../core/engine/undoing.ts'
import { HOLD_WAIT_MS, UNDO_WAIT_MS, UNDONE_SHOWN_MAX } from '../../core/limits.ts'
import type { Landing, Undoing } from '../../core/room/views/board.ts'
import { isBack } from '../../core/room/views/undo.ts'
import type { RunningRoom } from '../running.ts'
import { pushName, whoIs } from '../words.ts'
import { type FindRoom, made } from './talk.ts'

type Done = Output<'undo'>
type Row = Output<'status'>['integration']['undone'][number]

/** The handler, for a room that is looked up at each call. */
export function undoCall(room: FindRoom): Pick<Answers, 'undo'> {
  return {
    undo: async function* (input, signal) {
      return yield* undo(await room(), input, signal)
    },
  }
}

async function* undo(
  room: RunningRoom,
  { reason }: Parsed<'undo'>,
  signal: AbortSignal,
): AsyncGenerator<Item<'undo'>, Done, void> {
  const { engine, watch } = room
  const { top, head } = lastLanding(engine)
  const name = pushName(engine, top.fact.push)
  const why = reason === undefined ? {} : { reason }
  const id = await made(room, { kind: 'undo', landing: top.id, head, ...why })
  yield { step: 'undo', text: `asking to undo ${name}` }

  const answer = () => undoingOf(engine, top)
  const over = () => answer() !== undefined || engine.board.stack.at(-1) !== top
  // Alone there is nobody to wait for, but one who is just being connected.
  const isAlone = modeNow(engine, room.now()) !== 'quorum' && liveSessions(engine).length === 0
  await watch.until(over, { ms: isAlone ? HOLD_WAIT_MS : UNDO_WAIT_MS, signal })
  const undoing = answer()
  if (undoing === undefined && over()) throw overtaken(engine, name)
  const said = { id, landing: top.id, ...rowOf(engine, top, { by: engine.me.actor, why }) }
  if (undoing === undefined) {
    return { ...said, at: room.now().wall, standing: 'provisional', waits: waitsFor(room) }
  }
  yield { step: 'bring', text: 'moving refs/knot/integration here' }
  const taken = () => engine.integration.taken > engine.board.line.indexOf(undoing)
  await watch.until(taken, { ms: HOLD_WAIT_MS, signal })
  // Somebody else may have asked for the same a moment before.
  const row = undoneRow(engine, undoing)
  return { ...said, ...row, standing: 'confirmed', head: undoing.fact.commit }
}

function lastLanding({ board }: Engine) {
  const top = board.stack.at(-1)
  const head = board.line.at(-1)?.fact.commit
  if (top === undefined || head === undefined) {
    const fix = 'knot log shows what landed'
    throw new Failure('NOT_FOUND', 'nothing has landed that is not undone already', fix)
  }
  if (top.fact.prev === undefined) {
    const why = `landing ${top.id} is where the room begins: there is nothing before it`
    throw new Failure('NOT_FOUND', why, 'land a commit that reverts it')
  }
  return { top, head }
}

function undoingOf({ board }: Engine, top: Landing): Undoing | undefined {
  return board.line.findLast((step): step is Undoing => 'undoes' in step && step.undoes === top)
}

function overtaken(engine: Engine, name: string): Failure {
  const top = engine.board.stack.at(-1)
  const other = top === undefined ? 'something else' : pushName(engine, top.fact.push)
  const why = `${other} landed before ${name} could be undone, so nothing was`
  return new Failure('CONFLICT', why, 'knot log, then knot undo takes back what landed last')
}

/** What would confirm it, in words. */
function waitsFor(room: RunningRoom): string {
  const { engine } = room
  const leader = leaderNow(engine, room.now())
  const voters = votersNow(engine).map((actor) => whoIs(engine, keyOf(actor)).name).sort()
  if (leader === undefined || leader.lapsed) {
    return `a majority of ${voters.join(', ')} is not online`
  }
  return `${whoIs(engine, keyOf(leader.actor)).name}, who leads, has not confirmed it yet`
}

/** What `status` shows: the open wish, and what was undone and is not back. */
export function undoRows(engine: Engine): { undo?: Row; undone: Row[] } {
  const undone: Row[] = []
  // The board has them in the order of the chain.
  for (const [push, undoing] of [...engine.board.undone].reverse()) {
    if (undone.length === UNDONE_SHOWN_MAX) break
    const agent = agentOf(engine, engine.board.pushes.get(push)?.place.actor)
    const isTheirs = (actor: ActorId) => agent !== undefined && agentOf(engine, actor) === agent
    if (!isBack(engine.board, push, isTheirs)) undone.push(undoneRow(engine, undoing))
  }
  const ask = askNow(engine)
  const top = engine.board.stack.at(-1)
  if (ask === undefined || top === undefined) return { undone }
  const { reason, at } = ask.fact
  const why = reason === undefined ? {} : { reason }
  return { undo: { ...rowOf(engine, top, { by: ask.place.actor, why }), at }, undone }
}

function agentOf({ membership }: Engine, actor: ActorId | undefined): AgentId | undefined {
  return actor === undefined ? undefined : membership.byKey(keyOf(actor))?.agent
}

function undoneRow(engine: Engine, { fact, undoes }: Undoing): Row {
  const why = fact.reason === undefined ? {} : { reason: fact.reason }
  return { ...rowOf(engine, undoes, { by: fact.ask.actor, why }), at: fact.at }
}

function rowOf(
  engine: Engine,
  { fact }: Landing,
  { by, why }: { by: ActorId; why: { reason?: string } },
): Omit<Row, 'at'> {
  const pushed = engine.board.pushes.get(fact.push)
  const name = pushed === undefined ? '?' : whoIs(engine, keyOf(pushed.place.actor)).name
  const commit = pushed?.fact.commit ?? fact.commit
  return { push: fact.push, name, commit, by: whoIs(engine, keyOf(by)), ...why }
}
