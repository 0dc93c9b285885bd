/**
 * Worktrees of claims: linked worktrees of the user's repository, each on a branch of its own, in
 * `.knot/worktrees/`.
 *
 * They are the one place where knot writes more of the user's repository than `refs/knot/`: a new
 * branch, and what git keeps of a worktree. A branch that exists is used as it is, and nothing
 * that is in a folder is overwritten or thrown away but what git ignores.
 */
import { existsSync } from 'node:fs'
import { lstat, mkdir, readdir, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Oid } from '../core/brand.ts'
import { claimBranch, parseWorktreeName, type WorktreeName } from '../core/branch.ts'
import { GIT_COPY_MS } from '../core/limits.ts'
import { dirtyFiles, findCheckout } from './checkout.ts'
import { nulls, run } from './door.ts'
import { NO_OID, parseOid } from './refs.ts'
import { type Checkout, inside } from './repository.ts'

/** A linked worktree as git lists it. */
export type Linked = {
  path: string
  /** Undefined while no commit is checked out. */
  head: Oid | undefined
  /** Undefined when HEAD is detached, as in the middle of a rebase. */
  branch: string | undefined
  /** `unfinished`: the git that made it was killed, so files are missing. */
  state: 'here' | 'gone' | 'unfinished'
}

/** A worktree of a claim. */
export type ClaimWorktree = Linked & { name: WorktreeName }

/** All worktrees of the repository, the first one being the main one. */
export async function listLinked(checkout: Checkout, signal: AbortSignal): Promise<Linked[]> {
  const list = ['worktree', 'list', '--porcelain', '-z']
  const lines = nulls((await run(list, { at: inside(checkout), signal })).stdout)
  const found: Linked[] = []
  for (const line of lines) {
    const [key = ''] = line.split(' ', 1)
    const value = line.slice(key.length + 1)
    const last = found.at(-1)
    if (key === 'worktree') {
      const state = existsSync(value) ? 'here' : 'gone'
      found.push({ path: value, head: undefined, branch: undefined, state })
    } else if (last === undefined) continue
    else if (key === 'HEAD') last.head = value === NO_OID ? undefined : parseOid(value)
    else if (key === 'branch') last.branch = value.replace(/^refs\/heads\//, '')
    else if (key === 'prunable') last.state = 'gone'
    // Git locks a worktree with this word until all files are there.
    else if (key === 'locked' && value === 'initializing') last.state = 'unfinished'
  }
  return found
}

/** The worktrees of claims, in git's order. */
export async function listClaimWorktrees(
  checkout: Checkout,
  signal: AbortSignal,
): Promise<ClaimWorktree[]> {
  const parent = await realPathOf(folderOf(checkout))
  return (await listLinked(checkout, signal)).flatMap((linked) => {
    const name = parseWorktreeName(linked.path.slice(parent.length + 1))
    const isOurs = name !== undefined && linked.path === join(parent, name)
    return isOurs ? [{ ...linked, name }] : []
  })
}

/** Folders among them that git does not know for its worktrees, as after the clone was moved. */
export async function listStrays(checkout: Checkout, signal: AbortSignal): Promise<string[]> {
  const parent = await realPathOf(folderOf(checkout))
  const known = new Set((await listLinked(checkout, signal)).map(({ path }) => path))
  const names = await readdir(parent).catch(() => [])
  const paths = names.sort().map((name) => join(parent, name))
  return paths.filter((path) => !known.has(path) && existsSync(join(path, '.git')))
}

export type Opened =
  /** `reused`: the branch was there, and is where it was. */
  | { kind: 'made'; path: string; branch: 'new' | 'reused' }
  /** It was there already, with whatever is in it. */
  | { kind: 'exists'; path: string }
  /** Something else is at its path. */
  | { kind: 'in-the-way'; path: string }
  /** It is there, on another branch, or (`branch` left out) on none. */
  | { kind: 'elsewhere'; path: string; branch?: string }
  /** Another worktree has the branch checked out. */
  | { kind: 'branch-taken'; by: string }
  /** In git's own words. */
  | { kind: 'failed'; why: string }

/** Makes the worktree of a claim at a commit, or answers the one that is there. */
export async function openWorktree(
  checkout: Checkout,
  { name, at, signal }: { name: WorktreeName; at: Oid; signal: AbortSignal },
): Promise<Opened> {
  const branch = claimBranch(name)
  const path = join(await realPathOf(folderOf(checkout)), name)
  const all = await listLinked(checkout, signal)
  const mine = all.find((each) => each.path === path)
  if (mine?.state === 'here' && mine.branch === branch) return { kind: 'exists', path }
  // A detached HEAD whose folder is gone may still be the only name of a commit.
  const isElsewhere = mine?.state === 'here' || mine?.branch === undefined
  if (mine?.state === 'unfinished') {
    // Nobody was told of it yet, so nobody has worked in it.
    await remove(checkout, { path, force: ['-f', '-f'] }, signal)
  } else if (mine !== undefined && isElsewhere) {
    const on = mine.branch === undefined ? {} : { branch: mine.branch }
    return { kind: 'elsewhere', path, ...on }
  } else if ((await whatIsAt(path)) === 'something') return { kind: 'in-the-way', path }
  const other = all.find((each) => each !== mine && each.branch === branch)
  if (other !== undefined) return { kind: 'branch-taken', by: other.path }
  return await add(checkout, { path, branch, at, isGone: mine?.state === 'gone' }, signal)
}

async function add(
  checkout: Checkout,
  { path, branch, at, isGone }: { path: string; branch: string; at: Oid; isGone: boolean },
  signal: AbortSignal,
): Promise<Opened> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const here = inside(checkout)
  const verify = ['show-ref', '--verify', '--quiet', `refs/heads/${branch}`]
  const { code } = await run(verify, { at: here, signal, okCodes: [0, 1] })
  const from = code === 0 ? [path, branch] : ['--no-track', '-b', branch, path, at]
  // What git still keeps of a folder that somebody removed is in nobody's way.
  const force = isGone ? ['--force'] : []
  const added = await run(['worktree', 'add', '--quiet', ...force, ...from], {
    at: here, signal, timeoutMs: GIT_COPY_MS, okCodes: FAILING,
  })
  if (added.code !== 0) return { kind: 'failed', why: added.stderr.trim() }
  return { kind: 'made', path, branch: code === 0 ? 'reused' : 'new' }
}

export type Closed =
  | { kind: 'closed'; path: string }
  | { kind: 'absent' }
  /** Files are not committed; ignored ones do not count. */
  | { kind: 'dirty'; path: string; files: number }
  /** A merge, a rebase or the like is half done. */
  | { kind: 'busy'; path: string; what: string }
  /** Its commits are nowhere else that counts. */
  | { kind: 'unpublished'; path: string; head: Oid }
  | { kind: 'failed'; path: string; why: string }

/**
 * Removes the folder of a claim, not its branch, if that loses nothing: what is committed is
 * published, as `isPublished` says, and everything is committed.
 */
export async function closeWorktree(
  checkout: Checkout,
  { name, isPublished, signal }: {
    name: WorktreeName
    isPublished: (head: Oid) => Promise<boolean>
    signal: AbortSignal
  },
): Promise<Closed> {
  const found = (await listClaimWorktrees(checkout, signal)).find((each) => each.name === name)
  if (found === undefined) return { kind: 'absent' }
  const { path, head, state } = found
  if (state === 'here') {
    const at = await checkoutIn(checkout, path, signal)
    if (at === undefined) return { kind: 'failed', path, why: 'its .git file leads elsewhere' }
    const what = UNDER_WAY.find(([file]) => existsSync(join(at.gitDir, file)))?.[1]
    if (what !== undefined) return { kind: 'busy', path, what }
    const files = await dirtyFiles(at, signal)
    if (files > 0) return { kind: 'dirty', path, files }
  }
  // On its branch nothing is lost with a folder that is gone; a detached HEAD ends with it.
  const isKept = state === 'unfinished' || (state === 'gone' && found.branch !== undefined)
  if (head !== undefined && !isKept && !(await isPublished(head))) {
    return { kind: 'unpublished', path, head }
  }
  const force = state === 'unfinished' ? ['-f', '-f'] : []
  const removed = await remove(checkout, { path, force }, signal)
  if (removed.code !== 0) return { kind: 'failed', path, why: removed.stderr.trim() }
  return { kind: 'closed', path }
}

/** The checkout in a linked worktree; undefined when it is not of this repository. */
export async function checkoutIn(
  { commonDir }: Checkout,
  path: string,
  signal: AbortSignal,
): Promise<Checkout | undefined> {
  const found = await findCheckout(path, signal)
  if (found.kind !== 'found' || found.checkout.root !== path) return undefined
  return found.checkout.commonDir === commonDir ? found.checkout : undefined
}

const FAILING = [0, 1, 128, 255]

const UNDER_WAY: readonly (readonly [file: string, what: string])[] = [
  ['rebase-merge', 'rebase'],
  ['rebase-apply', 'rebase'],
  ['MERGE_HEAD', 'merge'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
  ['BISECT_LOG', 'bisect'],
]

function remove(
  checkout: Checkout,
  { path, force }: { path: string; force: readonly string[] },
  signal: AbortSignal,
) {
  const args = ['worktree', 'remove', ...force, path]
  return run(args, { at: inside(checkout), signal, okCodes: FAILING })
}

function folderOf({ root }: Checkout): string {
  return join(root, '.knot', 'worktrees')
}

/** As git writes paths; a folder that is not there yet is below one that is. */
async function realPathOf(path: string): Promise<string> {
  return realpath(path).catch(async () => {
    const parent = dirname(path)
    return parent === path ? path : join(await realPathOf(parent), path.slice(parent.length))
  })
}

async function whatIsAt(path: string): Promise<'nothing' | 'something'> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return 'nothing'
  if (!found.isDirectory()) return 'something'
  // Git fills an empty folder.
  return (await readdir(path)).length === 0 ? 'nothing' : 'something'
}
