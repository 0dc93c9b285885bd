/**
 * Git objects: which pushes this peer still has to fetch, who has them, and how far its own
 * integration ref follows the confirmed landings.
 *
 * Every peer fetches every push that has not landed and pins it, so that an author's disk is never
 * the only place where a push exists. Landed ones come with the integration ref.
 */
import { keyOf, type Monotonic, type Oid, type PublicKey } from '../brand.ts'
import { FETCHES_MAX, RETRY_MAX_MS, RETRY_MS } from '../limits.ts'
import type { FactId } from '../room/facts.ts'
import { newestPushes, sorted } from '../room/views/board.ts'
import { sendAll } from './peers.ts'
import type { Effect, Now } from './effect.ts'
import type { Worked } from './input.ts'
import { memberOf } from './names.ts'
import { connected, type Engine } from './state.ts'

/** Starts the fetches and the advance that are due. Idempotent: called after every input. */
export function gather(engine: Engine, now: Now, out: Effect[]): void {
  fetchMissing(engine, now, out)
  advance(engine, now, out)
}

function fetchMissing(engine: Engine, now: Now, out: Effect[]): void {
  let running = [...engine.fetching.values()].filter((one) => one.running === 'yes').length
  if (running >= FETCHES_MAX || engine.sessions.size === 0) return
  const { board, holding } = engine
  const missing = [...board.pushes].filter(([id]) => !holding.has(id) && !board.landed.has(id))
  for (const { id, place, fact } of sorted(new Map(missing))) {
    if (running >= FETCHES_MAX) return
    const known = engine.fetching.get(id) ?? { tries: 0, again: 0 as Monotonic, running: 'no' }
    if (known.running === 'yes' || known.again > now.mono) continue
    const holders = holdersOf(engine, id, keyOf(place.actor))
    if (holders.length === 0) continue
    engine.fetching.set(id, { ...known, running: 'yes' })
    running++
    out.push({ kind: 'work', job: { kind: 'fetch', push: id, commit: fact.commit, holders } })
  }
}

/** Connected peers that may have a push: its author first, then those who said so, then the rest. */
function holdersOf(engine: Engine, push: FactId, author: PublicKey): PublicKey[] {
  const told = engine.holders.get(push)
  const rank = (key: PublicKey) => (key === author ? 0 : told?.has(key) ? 1 : 2)
  const keys = connected(engine)
  return keys.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}

function advance(engine: Engine, now: Now, out: Effect[]): void {
  const { integration, board } = engine
  const landings = board.landings.slice(integration.taken).map(({ fact }) => fact)
  if (landings.length === 0 || integration.running === 'yes') return
  if (integration.again > now.mono) return
  integration.running = 'yes'
  const by = board.landings.at(-1)?.by
  const leader = by === undefined ? undefined : keyOf(by)
  const keys = connected(engine)
  const holders = keys.sort((a, b) => Number(b === leader) - Number(a === leader))
  out.push({ kind: 'work', job: { kind: 'advance', landings, holders } })
}

/** What the repository holds when the daemon starts. */
export function onHolding(engine: Engine, pushes: readonly FactId[], at: Oid | undefined): void {
  for (const push of pushes) engine.holding.add(push)
  engine.integration.taken = takenBy(engine, at)
}

function takenBy(engine: Engine, commit: Oid | undefined): number {
  if (commit === undefined) return 0
  return engine.board.landings.findIndex(({ fact }) => fact.commit === commit) + 1
}

/** Takes the result of a fetch: a push that is held is told to everybody. */
export function onFetched(
  engine: Engine,
  now: Now,
  out: Effect[],
  result: Extract<Worked, { kind: 'fetch' }>,
): void {
  const known = engine.fetching.get(result.push)
  if (result.outcome === 'held') {
    engine.fetching.delete(result.push)
    hold(engine, out, result.push)
    return
  }
  const tries = (known?.tries ?? 0) + 1
  const again = (now.mono + Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** Math.min(tries, 10))) as Monotonic
  engine.fetching.set(result.push, { tries, again, running: 'no' })
  const why = result.why ?? 'no reason given'
  out.push({ kind: 'note', level: 'warn', text: `push ${result.push} not fetched: ${why}` })
}

/** Notes that a push's commit is here and pinned, and tells the others. */
export function hold(engine: Engine, out: Effect[], push: FactId): void {
  engine.holding.add(push)
  sendAll(engine, out, { kind: 'held', pushes: [push] })
  refs(engine, out)
}

/** Has every agent's ref follow its newest push that is held here. */
export function refs(engine: Engine, out: Effect[]): void {
  const agents: { agent: string; name: string; commit: Oid }[] = []
  for (const [actor, { id, fact }] of newestPushes(engine.board)) {
    const member = memberOf(engine, keyOf(actor))
    const here = engine.holding.has(id) || engine.board.landed.has(id)
    if (member !== undefined && here) {
      agents.push({ agent: member.agent, name: member.name, commit: fact.commit })
    }
  }
  agents.sort((a, b) => (a.agent < b.agent ? -1 : 1))
  out.push({ kind: 'work', job: { kind: 'refs', agents } })
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
    integration.tries = 0
    refs(engine, out)
    return
  }
  integration.tries++
  const wait = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** Math.min(integration.tries, 10))
  integration.again = (now.mono + wait) as Monotonic
  const why = result.why ?? 'no reason given'
  out.push({ kind: 'note', level: 'warn', text: `the integration ref did not advance: ${why}` })
}
