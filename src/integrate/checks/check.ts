/** One tree through all its checks: empty the folder, fill it, install, run, compare. */
import type { Oid } from '../../core/brand.ts'
import { prepare, verify, type Verified, type Worktree } from '../../git/worktree.ts'
import { noteInstalled, putAway, setOf, takeOut } from './dependencies.ts'
import {
  detectChecks, detectDependencies, type Check, type Detected, type Listing,
} from './detect.ts'
import { listing } from './listing.ts'
import { passed, runChecks, type Bench, type Evidence } from './run.ts'
import { killStragglers } from './stragglers.ts'

export type Checked =
  /** Every check ran or says why not; `tree` tells whether they left the tracked files alone. */
  | { kind: 'checked'; evidence: Evidence[]; tree: Verified }
  /** The dependencies did not install, so nothing ran and nothing passed. */
  | { kind: 'not-installed'; evidence: Evidence }
  | { kind: 'stuck'; why: string }

/** Detects the checks of a tree in the mirror. */
export async function checksOf(
  worktree: Worktree,
  tree: Oid,
  signal: AbortSignal,
): Promise<Detected> {
  return detectChecks(await listing(worktree, tree, signal))
}

/** Detects the checks of a landing's base, as far as they are of anything in the tree to test. */
export async function checksFor(
  worktree: Worktree,
  { base, tree }: { base: Oid; tree: Oid },
  signal: AbortSignal,
): Promise<Detected> {
  const tested = await listing(worktree, tree, signal)
  return detectChecks(await listing(worktree, base, signal), tested.paths)
}

/** Runs checks on a tree. It passed if it is `checked`, each check passed, and it stayed equal. */
export async function checkTree(
  { worktree, bench, tree, head, checks }: {
    worktree: Worktree
    bench: Omit<Bench, 'folder' | 'mirror'>
    tree: Oid
    head?: Oid
    checks: readonly Check[]
  },
  signal: AbortSignal,
): Promise<Checked> {
  const { folder, mirror } = worktree
  const whole: Bench = { ...bench, folder, mirror: mirror.path }
  // Not in the cache, which a check may write to: it would reach the sets of other lockfiles.
  const shelf = { folder, shelf: `${folder}.sets` }
  await killStragglers(folder)
  await putAway(shelf)
  const content = { tree, ...(head === undefined ? {} : { head }) }
  const [prepared, needed] = await Promise.all([
    prepare(worktree, content, signal),
    checks.length === 0 ? undefined : listing(worktree, tree, signal),
  ])
  if (prepared.kind === 'stuck') return prepared

  const failure = needed && (await install({ bench: whole, shelf, listing: needed }, signal))
  if (failure !== undefined) return { kind: 'not-installed', evidence: failure }
  const evidence = await runChecks(whole, checks, signal)
  return { kind: 'checked', evidence, tree: await verify(worktree, tree, signal) }
}

async function install(
  { bench, shelf, listing }: {
    bench: Bench
    shelf: { folder: string; shelf: string }
    listing: Listing
  },
  signal: AbortSignal,
): Promise<Evidence | undefined> {
  const dependencies = detectDependencies(listing)
  if (dependencies.kind === 'none') return undefined
  const set = setOf(dependencies)
  if (await takeOut(shelf, set)) return undefined

  const { command, tools } = dependencies
  const check = { name: 'install', command, tools }
  const [evidence] = await runChecks(bench, [check], signal)
  if (evidence === undefined) throw new Error('bug: one check gave no evidence')
  if (!passed(evidence)) return evidence
  await noteInstalled(shelf, { set, tracked: listing.paths })
  return undefined
}
