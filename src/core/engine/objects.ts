/**
 * Git objects: how the fetches end that `fetching.ts` begins, how far this peer's own integration
 * ref follows the confirmed landings, and where each agent's ref points.
 */
import { keyOf, type Oid } from '../brand.ts'
import type { FactId, Pushed } from '../room/facts.ts'
import { type Entry, type Landing, newestPushes, type Undoing } from '../room/views/board.ts'
import type { Confirmed, Effect, Now } from './effect.ts'
import { fetchFailed, fetchMissing } from './fetching.ts'
import type { Worked } from './input.ts'
import { memberOf } from './names.ts'
import { afterFailure, isNews, UNTRIED } from './retry.ts'
import { sendAll } from './sending.ts'
import { connected, type Engine } from './state.ts'

/** Starts the fetches and the advance that are due. Idempotent: called whenever they may be. */
export function gather(engine: Engine, now: Now, out: Effect[]): void {
  fetchMissing(engine, now, out)
  advance(engine, now, out)
}

function advance(engine: Engine, now: Now, out: Effect[]): void {
  const { integration, board } = engine
  if (integration.taken >= board.line.length || integration.running === 'yes') return
  if (integration.retry.again > now.mono) return
  integration.running = 'yes'
  const landings = board.line.slice(integration.taken).map(confirmed)
  const by = board.line.at(-1)?.by
  const leader = by === undefined ? undefined : keyOf(by)
  const keys = connected(engine)
  const holders = keys.sort((a, b) => Number(b === leader) - Number(a === leader))
  out.push({ kind: 'work', job: { kind: 'advance', landings, holders } })
}

function confirmed(step: Landing | Undoing): Confirmed {
  if (!('undoes' in step)) return step.fact
  const { prev } = step.undoes.fact
  if (prev === undefined) throw new Error('bug: undone to nothing')
  return { ...step.fact, before: prev }
}

/** What the repository holds when the daemon starts. */
export function onHolding(engine: Engine, pushes: readonly FactId[], at: Oid | undefined): void {
  for (const push of pushes) engine.holding.add(push)
  engine.due.add('landing').add('objects')
  engine.integration.taken = takenBy(engine, at)
}

function takenBy(engine: Engine, commit: Oid | undefined): number {
  if (commit === undefined) return 0
  return engine.board.line.findLastIndex(({ fact }) => fact.commit === commit) + 1
}

/** Takes the result of a fetch: a push that is held is told to everybody. */
export function onFetched(
  engine: Engine,
  now: Now,
  out: Effect[],
  result: Extract<Worked, { kind: 'fetch' }>,
): void {
  const { push } = result
  engine.running.delete(push)
  if (result.outcome === 'held') {
    engine.fetching.delete(push)
    hold(engine, out, push)
    return
  }
  if (!isNews(fetchFailed(engine, now, push))) return
  const why = result.why ?? 'no reason given'
  out.push({ kind: 'note', level: 'warn', text: `push ${push} not fetched: ${why}` })
}

/** Notes that a push's commit is here and pinned, and tells the others. */
export function hold(engine: Engine, out: Effect[], push: FactId): void {
  engine.holding.add(push)
  engine.due.add('landing')
  sendAll(engine, out, { kind: 'held', pushes: [push] })
  refs(engine, out)
}

/** Has every agent's ref follow its newest push that is held here. */
export function refs(engine: Engine, out: Effect[]): void {
  const newest = new Map<string, Entry<Pushed>>()
  for (const [actor, entry] of newestPushes(engine.board)) {
    const agent = memberOf(engine, keyOf(actor))?.agent
    const here = engine.holding.has(entry.id) || engine.board.landed.has(entry.id)
    if (agent === undefined || !here) continue
    const known = newest.get(agent)
    // An agent that began a new incarnation has a newest push in each.
    if (known === undefined || isOlder(known, entry)) newest.set(agent, entry)
  }
  const agents = [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([agent, entry]) => {
    const name = memberOf(engine, keyOf(entry.place.actor))?.name ?? agent
    return { agent, name, commit: entry.fact.commit }
  })
  out.push({ kind: 'work', job: { kind: 'refs', agents } })
}

function isOlder(a: Entry<Pushed>, b: Entry<Pushed>): boolean {
  return a.fact.at < b.fact.at || (a.fact.at === b.fact.at && a.id < b.id)
}

/** Takes the result of an advance. */
export function onAdvanced(
  engine: Engine,
  now: Now,
  out: Effect[],
  result: Extract<Worked, { kind: 'advance' }>,
): void {
  const { integration } = engine
  integration.running = 'no'
  integration.taken = Math.max(integration.taken, takenBy(engine, result.integration))
  if (result.outcome === 'done') {
    integration.retry = UNTRIED
    refs(engine, out)
    return
  }
  integration.retry = afterFailure(integration.retry, now)
  if (!isNews(integration.retry)) return
  const why = result.why ?? 'no reason given'
  out.push({ kind: 'note', level: 'warn', text: `the integration ref did not advance: ${why}` })
}
