/** The two repositories that the worker works on, and how it reaches peers. */
import type { PublicKey } from '../core/brand.ts'
import type { Route } from '../git/fetch.ts'
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
}

/** Peers to ask for objects, in this order. */
export type Holders = readonly PublicKey[]
