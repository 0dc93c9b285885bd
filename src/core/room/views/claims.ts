/**
 * The view of who does which task: a fold of the rulings that the term chain confirmed, and of the
 * asks that wait for one.
 *
 *     open --claim--> claimed --done--> done          a `claim` names the ask it was granted to;
 *       ^  <--reopen/release--'  \--drop--> dropped   done, drop and reopen of a claimed task hold
 *       '----------- reopen -----------------'        only under the claim that stands
 *
 * Whether a ruling holds follows from the chain before it alone, so that every peer judges alike,
 * whatever facts it lacks. An ask is over once it was ruled on, or taken back, or once the task
 * changed by somebody else's hand since its author looked: it asked about something that is not so
 * any more, and must not come true weeks later. One that says `wait` outlives that.
 */
import type { ActorId } from '../../brand.ts'
import type { TaskAsked, TaskReleased, TaskRuled, Want, Withdrawn } from '../claim-facts.ts'
import {
  type AskPlace,
  type FactId,
  factId,
  isWithdrawn,
  withdraw,
  type Withdrawals,
} from '../place.ts'
import type { Entry } from './board.ts'

export type TaskStatus = 'open' | 'claimed' | 'done' | 'dropped'

/** Where the chain confirmed something: what orders it among everything that was confirmed. */
export type Fence = { era: number; term: number; seq: number }

/** Who has a task, by which ask, and since which place of the chain. */
export type Holder = { actor: ActorId; ask: FactId; fence: Fence }

/** One task, as far as the chain says. */
export type TaskLife = {
  status: TaskStatus
  holder: Holder | undefined
  /** The last ruling: its place in the chain, and whose ask it followed; nobody's, if released. */
  fence: Fence | undefined
  by: ActorId | undefined
  /** The last place at which it changed by another hand than that of `by`. */
  since: number
  /** The last place at which it was done or dropped: whoever waited until then is told. */
  closed: number
  /** Claims that are over, by the ask of each: what was said under them is over as well. */
  ended: Map<FactId, ActorId>
  /** Of each actor the last ask that was ruled on. */
  ruled: Map<ActorId, number>
  /** Asks that are not over, as they came. */
  asks: Map<FactId, Entry<TaskAsked>>
}

/**
 * A claim that is over, or that came to nothing; `by` is who ended it, if somebody did. The chain
 * does not tell of one that came to nothing: its `ask` does, wherever that stands.
 */
export type Over = {
  task: FactId
  actor: ActorId
  by: ActorId | undefined
  ask: AskPlace | undefined
}

export type Claims = {
  tasks: Map<FactId, TaskLife>
  /** Asks that were taken back, with the fact that says so. */
  withdrawn: Withdrawals
  /** Claims that are over, by the ask of each: what is pushed under them is. */
  over: Map<FactId, Over>
  /** Tasks that somebody has or asks about: what a leader looks at. */
  live: Set<FactId>
}

/** A view before any fact. */
export function noClaims(): Claims {
  return { tasks: new Map(), withdrawn: new Map(), over: new Map(), live: new Set() }
}

/** A task as far as the chain says; one that nobody ever asked about is open. */
export function lifeOf(claims: Claims, task: FactId): TaskLife {
  return claims.tasks.get(task) ?? fresh()
}

/** What an ask came to: it waits, it is over because of what it asked, or it says nothing new. */
export type AskFate = 'waits' | 'lost' | 'nothing'

/** Takes an ask in. */
export function foldAsk(claims: Claims, entry: Entry<TaskAsked>): AskFate {
  const { id, place, fact } = entry
  const life = lifeOf(claims, fact.task)
  if (place.n <= (life.ruled.get(place.actor) ?? -1) || life.asks.has(id)) return 'nothing'
  if (isWithdrawn(claims.withdrawn, id, place.actor)) return 'nothing'
  if (!isLive(life, entry)) {
    lose(claims, entry)
    return 'lost'
  }
  claims.tasks.set(fact.task, life)
  life.asks.set(id, entry)
  claims.live.add(fact.task)
  return 'waits'
}

/** Takes in that an author takes an ask back; it may have been granted already. */
export function foldWithdrawal(claims: Claims, { place, fact }: Entry<Withdrawn>): void {
  withdraw(claims.withdrawn, fact.ask, place)
  for (const task of claims.live) {
    const life = lifeOf(claims, task)
    const asked = life.asks.get(fact.ask)
    const back = asked && isWithdrawn(claims.withdrawn, fact.ask, asked.place.actor)
    if (back) life.asks.delete(fact.ask)
    settle(claims, task, life)
  }
}

/** What a ruling did, and the asks that are over because of it. */
export type Ruled = {
  task: FactId
  before: TaskStatus
  /** Who had the task. */
  had: ActorId | undefined
  lost: Entry<TaskAsked>[]
}

/** Takes in a confirmed ruling; undefined, and nothing changes, when the chain forbids it. */
export function foldRuling(
  claims: Claims,
  fence: Fence,
  fact: TaskRuled | TaskReleased,
): Ruled | undefined {
  const { task } = fact
  const life = lifeOf(claims, task)
  const status = after(life, fact)
  if (status === undefined) return undefined
  const [before, had] = [life.status, life.holder?.actor]
  const by = fact.kind === 'rule' ? fact.ask.actor : undefined
  if (life.holder !== undefined) {
    const { ask, actor } = life.holder
    life.ended.set(ask, actor)
    claims.over.set(ask, { task, actor, by, ask: undefined })
  }
  if (by === undefined || by !== life.by) life.since = life.fence?.seq ?? 0
  if (status === 'done' || status === 'dropped') life.closed = fence.seq
  life.status = status
  life.fence = fence
  life.by = by
  life.holder = undefined
  if (fact.kind === 'rule') {
    const { actor, n } = fact.ask
    life.ruled.set(actor, Math.max(n, life.ruled.get(actor) ?? -1))
    const ask = factId({ ...fact.ask, topic: 'claims' })
    if (status === 'claimed') life.holder = { actor, ask, fence }
  }
  claims.tasks.set(task, life)
  const lost: Entry<TaskAsked>[] = []
  for (const [id, entry] of life.asks) {
    const over = entry.place.n <= (life.ruled.get(entry.place.actor) ?? -1)
    if (!over && isLive(life, entry)) continue
    life.asks.delete(id)
    if (!over) lost.push(entry)
  }
  for (const entry of lost) lose(claims, entry)
  settle(claims, task, life)
  return { task, before, had, lost }
}

/** Whether the chain would take a ruling on a task as it is. */
export function mayRule(life: TaskLife, ask: { want: Want; claim?: FactId }): boolean {
  return next(life, ask) !== undefined
}

/**
 * The ask that the board shows while nobody's is confirmed: the first by its author's clock, of
 * those who may have a task at all.
 */
export function foremost(
  life: TaskLife,
  mayHave: (actor: ActorId) => boolean,
): Entry<TaskAsked> | undefined {
  const claims = [...life.asks.values()].filter(({ place, fact }) => {
    return fact.want === 'claim' && mayHave(place.actor)
  })
  return claims.sort((a, b) => a.fact.at - b.fact.at || (a.id < b.id ? -1 : 1))[0]
}

function after(life: TaskLife, fact: TaskRuled | TaskReleased): TaskStatus | undefined {
  if (fact.kind === 'release') return life.holder?.ask === fact.claim ? 'open' : undefined
  if (fact.ask.n <= (life.ruled.get(fact.ask.actor) ?? -1)) return undefined
  return next(life, fact)
}

function next(
  { status, holder }: TaskLife,
  { want, claim }: { want: Want; claim?: FactId },
): TaskStatus | undefined {
  const standing = claim !== undefined && holder?.ask === claim
  if (claim !== undefined && !standing) return undefined
  switch (want) {
    case 'claim':
      return status === 'open' ? 'claimed' : undefined
    case 'done':
      return standing || status === 'open' ? 'done' : undefined
    case 'drop':
      return standing || status === 'open' ? 'dropped' : undefined
    case 'push':
      return undefined
    case 'reopen':
      return standing || status === 'done' || status === 'dropped' ? 'open' : undefined
  }
}

/** Whether what an ask saw is still so: nothing changed since, or only by its author's own asks. */
function isLive(life: TaskLife, { place, fact }: Entry<TaskAsked>): boolean {
  const { fence, by, since, closed, ended } = life
  if (fact.claim !== undefined && ended.has(fact.claim)) return false
  if (fence === undefined || fence.seq <= fact.after) return true
  if (fact.wait === true && closed <= fact.after) return true
  return by === place.actor && since <= fact.after
}

function lose({ over }: Claims, { id, place, fact }: Entry<TaskAsked>): void {
  if (fact.want !== 'claim') return
  const { actor, n } = place
  over.set(id, { task: fact.task, actor, by: undefined, ask: { actor, n } })
}

function settle(claims: Claims, task: FactId, { holder, asks }: TaskLife): void {
  if (holder === undefined && asks.size === 0) claims.live.delete(task)
  else claims.live.add(task)
}

function fresh(): TaskLife {
  return {
    status: 'open',
    holder: undefined,
    fence: undefined,
    by: undefined,
    since: 0,
    closed: 0,
    ended: new Map(),
    ruled: new Map(),
    asks: new Map(),
  }
}
