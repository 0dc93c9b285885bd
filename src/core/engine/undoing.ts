/**
 * The leader's side of an undo: the oldest wish that counts becomes a commit with the tree before
 * the landing, and the commit a record of the chain.
 *
 * Nothing that is made here is chance: the commit follows from the wish and the head, so whoever
 * leads after a crash makes the same one, and the chain takes one of them, since both name the head
 * that they are made on.
 */
import { keyOf, type ActorId } from '../brand.ts'
import { writes } from '../auth/roles.ts'
import type { UndoStep } from '../integration/planner.ts'
import { type FactId, type UndoAsked, type Undone, writeFact } from '../room/facts.ts'
import { type Entry, integrationOf, type Landing } from '../room/views/board.ts'
import { openAsk, treeBefore, undoneOf } from '../room/views/undo.ts'
import { canPropose, proposeFact, termOf } from './chain.ts'
import type { Effect, Job, Now, Returning } from './effect.ts'
import type { Worked } from './input.ts'
import { memberOf, nameOf } from './names.ts'
import { isPaused, pause } from './pausing.ts'
import { connected, type Engine } from './state.ts'
import { author } from './streams.ts'

/** The wish that counts now, if its author still may write. */
export function askNow(engine: Engine): Entry<UndoAsked> | undefined {
  return openAsk(engine.board, (actor) => mayAsk(engine, actor))
}

function mayAsk(engine: Engine, actor: ActorId): boolean {
  const member = memberOf(engine, keyOf(actor))
  return member?.status === 'member' && writes(member.role)
}

/** Takes one step of an undo. While it is put off nothing else lands. */
export function takeUndo(engine: Engine, now: Now, out: Effect[], step: UndoStep): void {
  const { desk } = engine
  const entry = askNow(engine)
  if (desk === undefined || entry === undefined || isPaused(engine, now, step.ask)) return
  switch (step.kind) {
    case 'undo':
      desk.undo = { ask: entry.id, outcome: undefined }
      out.push({ kind: 'work', job: jobOf(engine, entry) })
      return
    case 'take-back':
      return takeBack(engine, now, out, step)
    case 'retry-undo':
      desk.undo = undefined
      return pause(engine, now, out, { id: step.ask, what: 'undo', why: step.why })
  }
}

function jobOf(engine: Engine, { id, place, fact }: Entry<UndoAsked>): Job {
  const { fact: landed } = topOf(engine)
  const { head, reason, at, landing } = fact
  if (landed.prev === undefined) throw new Error('bug: a wish counts without a state before')
  const member = memberOf(engine, keyOf(place.actor))
  const pushed = engine.board.pushes.get(landed.push)
  const by = pushed === undefined ? 'unknown' : nameOf(engine, pushed.place.actor)
  const commit = pushed?.fact.commit ?? landed.commit
  const message = [
    `Undo ${by}@${commit.slice(0, 8)}`,
    ...(reason === undefined ? [] : [reason]),
    `Knot-Undo: ${landing}`,
  ].join('\n\n')
  return {
    kind: 'undo',
    ask: id,
    head,
    before: landed.prev,
    message,
    seconds: Math.floor(at / 1000),
    by: { name: nameOf(engine, place.actor), agent: member?.agent ?? 'unknown' },
    holders: connected(engine),
  }
}

/** Records the commit, in the name of whoever asked for it. */
function takeBack(
  engine: Engine,
  now: Now,
  out: Effect[],
  { ask, commit, tree }: Extract<UndoStep, { kind: 'take-back' }>,
): void {
  if (!canPropose(engine, now)) return
  const prev = integrationOf(engine.board)
  const entry = prev === undefined ? undefined : engine.board.asks.get(prev)?.get(ask)
  if (prev === undefined || entry === undefined || engine.desk === undefined) return
  if (!mayAsk(engine, entry.place.actor)) {
    // Its author lost the right meanwhile; somebody else's wish has another commit.
    engine.desk.undo = undefined
    return
  }
  const later = (why: string) => pause(engine, now, out, { id: ask, what: 'undo', why })
  const must = treeBefore(engine.board)
  if (must !== undefined && must !== tree) return later(`made tree ${tree}, before was ${must}`)
  const { landing, reason } = entry.fact
  const { actor, n } = entry.place
  const fact: Undone = {
    at: now.wall,
    term: termOf(engine),
    kind: 'undone',
    landing,
    ask: { actor, n },
    prev,
    commit,
    tree,
    ...(reason === undefined ? {} : { reason }),
  }
  const value = writeFact('landings', fact)
  const [place] = author(engine, now, out, [{ topic: 'landings', value }])
  if (place === undefined) return later('no undo written')
  // As with a landing: a fact without a record is a claim, and one a tick would fill the room.
  const outcome = proposeFact(engine, now, out, { place, value })
  if (outcome !== 'appended') return later(`not proposed: ${outcome}`)
  engine.paused.delete(ask)
  engine.desk.landing = landing
}

/** Takes a made commit, if it is on the present head. */
export function onUndoMade(engine: Engine, made: Extract<Worked, { kind: 'undo' }>): void {
  const { desk } = engine
  if (desk === undefined || desk.head !== made.head || desk.undo?.ask !== made.ask) return
  desk.undo = { ask: made.ask, outcome: made.outcome }
}

/** What a push brings back: undone pushes that it names, of its own agent and not back yet. */
export function returning(engine: Engine, push: FactId): Returning[] {
  const { board } = engine
  const { place, fact } = board.pushes.get(push) ?? {}
  if (place === undefined || fact?.again === undefined) return []
  const agent = memberOf(engine, keyOf(place.actor))?.agent
  const isTheirs = (actor: ActorId) =>
    agent !== undefined && memberOf(engine, keyOf(actor))?.agent === agent
  return undoneOf(board, isTheirs).flatMap(({ undoes }) => {
    const { commit, prev, push: undone } = undoes.fact
    if (prev === undefined || fact.again?.includes(undone) !== true) return []
    return [{ before: prev, landing: commit }]
  })
}

function topOf({ board }: Engine): Landing {
  const top = board.stack.at(-1)
  if (top === undefined) throw new Error('bug: a wish counts where nothing stands')
  return top
}
