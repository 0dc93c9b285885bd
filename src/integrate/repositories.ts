/** The two repositories that the worker works on, and how it reaches peers. */
import type { AgentId, PublicKey } from '../core/brand.ts'
import type { FactId } from '../core/room/facts.ts'
import type { Word } from '../core/sync/word.ts'
import type { Route, Want } from '../git/fetch.ts'
import type { Checkout, Mirror } from '../git/repository.ts'

/** Where jobs are done. */
export type Repositories = {
  checkout: Checkout
  mirror: Mirror
  route: Route
  /** `.knot/check`: the worktree in which trees are checked. */
  checkFolder: string
  /** `.knot/cache`: dependencies installed once a lockfile. */
  cacheFolder: string
  /** The shared remote, where it is used. */
  remote?: Remote
}

/** What those who look for objects need of the shared remote. */
export type Remote = {
  /** Whether to ask it for a push before the peers. */
  isFirst(push: FactId, holders: Holders): boolean
  get(want: Want, signal: AbortSignal): Promise<Got>
  /** What agents published that the room has not heard of yet. */
  words(): ReadonlyMap<AgentId, Word>
}

/** Whether a commit is here now, and if not, why. */
export type Got = { kind: 'held' } | { kind: 'failed'; why: string }

/** Peers to ask for objects, in this order. */
export type Holders = readonly PublicKey[]
