/** The two ways that work travels: what `sync` waits for on each, and what it tells of them. */
import type { Output } from '../../api/types.ts'
import { type AgentId, keyOf, type Oid } from '../../core/brand.ts'
import { modeNow, votersNow } from '../../core/engine/chain.ts'
import { liveSessions } from '../../core/engine/state.ts'
import { HOLD_WAIT_MS, UPSTREAM_WAIT_MS } from '../../core/limits.ts'
import { majorityOf } from '../../core/lease/voters.ts'
import { boundedFiles } from '../../core/room/bounded.ts'
import type { FactId } from '../../core/room/facts.ts'
import type { Word } from '../../core/sync/word.ts'
import { newestPushes } from '../../core/room/views/board.ts'
import { filesBetween } from '../../git/checkout.ts'
import { hasCommit } from '../../git/mirror.ts'
import { isMine } from '../rows.ts'
import type { RunningRoom } from '../running.ts'
import { whoIs } from '../words.ts'

type Done = Output<'sync'>
export type Publication = { push: FactId; commit: Oid }

/** A pass over the shared remote that somebody waits for. */
export type Attempt = { ended: boolean }

/** Starts a pass; it goes on when nobody waits for it any more. */
export function attempt({ upstream }: RunningRoom): Attempt | undefined {
  if (upstream === undefined || upstream.seen()?.reach === 'left-out') return undefined
  const started = { ended: false }
  void upstream.pass().then(() => {
    started.ended = true
  })
  return started
}

/** Whether a pass is worth waiting for: it may well succeed, or there is nobody else. */
export function isWorthIt(room: RunningRoom): boolean {
  return room.upstream?.isHopeful() === true || liveSessions(room.engine).length === 0
}

/**
 * Waits until somebody else holds a push. A remote that is expected to answer is waited for even
 * when a peer holds it already, as after `git push` one expects it there.
 */
export async function untilHeld(
  room: RunningRoom,
  { publication, passing }: { publication: Publication; passing: Attempt | undefined },
  signal: AbortSignal,
): Promise<void> {
  const { push, commit } = publication
  const worth = isWorthIt(room)
  const held = () => {
    if (room.upstream?.holds(push, commit) === true) return true
    const tried = passing === undefined || passing.ended || !worth
    const near = liveSessions(room.engine).length > 0
    return tried && (!near || (room.engine.holders.get(push)?.size ?? 0) > 0)
  }
  const ms = liveSessions(room.engine).length > 0 ? HOLD_WAIT_MS : UPSTREAM_WAIT_MS
  await room.watch.until(held, { ms, signal })
}

/** Who holds a push, the shared remote last. */
export function heldBy(room: RunningRoom, held: Publication | undefined): Done['heldBy'] {
  if (held === undefined) return []
  const keys = [...(room.engine.holders.get(held.push) ?? [])].sort()
  const peers = keys.map((key) => whoIs(room.engine, key))
  const there = room.upstream?.holds(held.push, held.commit) === true
  return there ? [...peers, { id: 'origin', name: 'origin' }] : peers
}

/** Which way it went, and what there is to say of the shared remote. */
export function wayOf({ upstream }: RunningRoom): Pick<Done, 'transport' | 'upstream'> {
  const seen = upstream?.seen()
  if (seen === undefined) return { transport: 'mesh' }
  const { remote, reach, why, answered } = seen
  return {
    transport: reach === 'answers' ? 'upstream' : 'mesh',
    upstream: {
      remote,
      reach,
      ...(why === undefined ? {} : { why }),
      ...(answered === undefined ? {} : { answered }),
    },
  }
}

/** Whether what is asked now can be confirmed; a landing is not promised where it cannot. */
export function confirming({ engine, now }: RunningRoom): Pick<Done, 'mode' | 'awaits'> {
  const mode = modeNow(engine, now())
  if (mode !== 'provisional') return { mode }
  const voters = votersNow(engine)
  const awaits = {
    needed: majorityOf(voters.length),
    voters: voters.map((actor) => whoIs(engine, keyOf(actor))),
  }
  return { mode, awaits }
}

/** A row per teammate that published something, by name. */
export async function rows(room: RunningRoom, signal: AbortSignal): Promise<Done['rows']> {
  const { engine, upstream } = room
  const found = new Map<string, Done['rows'][number]>()
  for (const [actor, { fact }] of newestPushes(engine.board)) {
    if (isMine(room, actor)) continue
    const { id, name } = whoIs(engine, keyOf(actor))
    const { commit, files, at } = fact
    // An agent that began a new incarnation has a newest push in each.
    if ((found.get(id)?.at ?? 0) > at) continue
    found.set(id, { agent: id, name, commit, files, at })
  }
  for (const [agent, word] of upstream?.words() ?? []) {
    found.set(agent, await wordRow(room, { agent, ...word }, signal))
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** What an agent said on the shared remote while no peer could tell: its files are looked up. */
async function wordRow(
  { engine, repositories }: RunningRoom,
  { agent, actor, commit, base, at }: { agent: AgentId } & Word,
  signal: AbortSignal,
): Promise<Done['rows'][number]> {
  const { mirror } = repositories
  const known = base !== undefined && (await hasCommit(mirror, base, signal))
  const tip = known ? { base, tip: commit } : { tip: commit }
  const { names, total } = await filesBetween(mirror, tip, signal)
  const { files } = boundedFiles(names, total)
  return { agent, name: whoIs(engine, keyOf(actor)).name, commit, files, at }
}
