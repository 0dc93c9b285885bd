/**
 * Worktrees of claims, as the daemon makes and leaves them: where they begin, what counts as
 * published, and what is said when one cannot be.
 *
 * One after another: to a second git, a worktree that a first one makes looks like one whose
 * making was killed.
 */
import { Failure } from '../api/errors.ts'
import type { Oid } from '../core/brand.ts'
import { claimBranch, parseWorktreeName, worktreeName } from '../core/branch.ts'
import { headOf, resolveRev } from '../git/checkout.ts'
import {
  checkoutIn, type ClaimWorktree, closeWorktree, listClaimWorktrees, openWorktree, type Opened,
} from '../git/linked.ts'
import { isPublished } from '../git/mirror.ts'
import { readRef } from '../git/moves.ts'
import { INTEGRATION_REF } from '../git/refs.ts'
import type { Checkout } from '../git/repository.ts'
import { bring } from '../integrate/objects.ts'
import type { Repositories } from '../integrate/repositories.ts'

/** The task of a claim, as its worktree is named after it. */
export type Claimed = { task: string; title: string }

/** Where the holder of a claim works. */
export type Workplace = { kind: 'made' | 'exists'; path: string; branch: string }

/** Makes the worktree and the branch of a claim, or answers those that are there. */
export async function openFor(
  repositories: Repositories,
  claimed: Claimed,
  signal: AbortSignal,
): Promise<Workplace> {
  const { checkout } = repositories
  const name = worktreeName(claimed)
  const branch = claimBranch(name)
  const opened = await inTurn(checkout, async () => {
    const at = await startOf(repositories, signal)
    return await openWorktree(checkout, { name, at, signal })
  })
  if (opened.kind !== 'made' && opened.kind !== 'exists') throw refusal(opened, branch)
  return { kind: opened.kind, path: opened.path, branch }
}

/** What became of a worktree whose claim ended; `why` is a sentence about its folder. */
export type Left =
  | { kind: 'closed'; path: string }
  | { kind: 'absent' }
  | { kind: 'stays'; path: string; why: string; fix: string }

/** Removes the worktree of a claim that ended, unless something in it is nowhere else. */
export async function leave(
  { checkout, mirror }: Repositories,
  claimed: Claimed,
  signal: AbortSignal,
): Promise<Left> {
  const published = (head: Oid) => isPublished(mirror, head, signal)
  const name = worktreeName(claimed)
  const closed = await inTurn(checkout, () =>
    closeWorktree(checkout, { name, isPublished: published, signal }))
  if (closed.kind === 'absent' || closed.kind === 'closed') return closed
  const { path } = closed
  switch (closed.kind) {
    case 'dirty': {
      const files = closed.files === 1 ? '1 file is' : `${closed.files} files are`
      return { kind: 'stays', path, why: `${files} not committed in ${path}`, fix: inside(path) }
    }
    case 'busy': {
      const why = `a ${closed.what} in ${path} is half done`
      return { kind: 'stays', path, why, fix: inside(path) }
    }
    case 'unpublished': {
      const why = `commit ${closed.head.slice(0, 8)} in ${path} is not published`
      return { kind: 'stays', path, why, fix: `cd ${quoted(path)} && knot sync` }
    }
    case 'failed': {
      const fix = `git worktree remove ${quoted(path)}`
      return { kind: 'stays', path, why: `git keeps ${path}: ${closed.why}`, fix }
    }
  }
}

/** The worktrees of this agent's claims. */
export function worktreesOf(
  { checkout }: Pick<Repositories, 'checkout'>,
  signal: AbortSignal,
): Promise<ClaimWorktree[]> {
  return listClaimWorktrees(checkout, signal)
}

/**
 * The files and the HEAD that a call is about: those of a worktree that it names, else the
 * checkout's own.
 */
export async function workplaceOf(
  checkout: Checkout,
  worktree: string | undefined,
  signal: AbortSignal,
): Promise<Checkout> {
  if (worktree === undefined) return checkout
  const name = parseWorktreeName(worktree)
  const all = name === undefined ? [] : await listClaimWorktrees(checkout, signal)
  const path = all.find((each) => each.name === name && each.state === 'here')?.path
  const found = path === undefined ? undefined : await checkoutIn(checkout, path, signal)
  if (found !== undefined) return found
  const why = `"${worktree}" is no worktree of a claim in ${checkout.root}`
  throw new Failure('NOT_FOUND', why, 'git worktree list shows all of them')
}

/** The landed state, so that the work begins on what is known to be good; else the user's HEAD. */
async function startOf(repositories: Repositories, signal: AbortSignal): Promise<Oid> {
  const { checkout, mirror } = repositories
  const landed = await readRef(mirror, INTEGRATION_REF, signal)
  if (landed !== undefined) {
    if ((await resolveRev(checkout, landed, signal)) !== undefined) return landed
    await bring(repositories, signal)
    if ((await resolveRev(checkout, landed, signal)) !== undefined) return landed
  }
  const head = await headOf(checkout, signal)
  if (head.kind === 'commit') return head.oid
  const why = `branch ${head.branch} has no commit yet, and nothing has landed: no work can begin`
  throw new Failure('NOT_FOUND', why, 'make a first commit, or knot sync --pull-only')
}

type Refused = Exclude<Opened, { kind: 'made' | 'exists' }>

function refusal(opened: Refused, branch: string): Failure {
  switch (opened.kind) {
    case 'in-the-way': {
      const why = `${opened.path} is in the way of a worktree for ${branch}`
      return new Failure('FAILED', why, 'move it away; git worktree repair, if the clone was moved')
    }
    case 'elsewhere': {
      const on = opened.branch === undefined ? 'no branch' : `branch ${opened.branch}`
      const why = `${opened.path} is on ${on}, not on ${branch}`
      return new Failure('FAILED', why, `git -C ${quoted(opened.path)} switch ${branch}`)
    }
    case 'branch-taken': {
      const why = `branch ${branch} is checked out in ${opened.by} already`
      return new Failure('FAILED', why, 'work there, or switch it to another branch')
    }
    case 'failed': {
      const why = `no worktree could be made for ${branch}: ${opened.why}`
      return new Failure('GIT_FAILED', why, 'mend what git names, then try again')
    }
  }
}

function inside(path: string): string {
  return `git -C ${quoted(path)} status`
}

function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}

const turns = new WeakMap<Checkout, Promise<unknown>>()

async function inTurn<T>(checkout: Checkout, act: () => Promise<T>): Promise<T> {
  const mine = (turns.get(checkout) ?? Promise.resolve()).then(act)
  turns.set(checkout, mine.catch(() => {}))
  return await mine
}
