/**
 * The folder in which checks run, `.knot/check/`: exactly one tree, and nothing else.
 *
 * The folder has a throw-away repository of its own, which borrows the mirror's objects. So a
 * check that calls git finds a repository, but neither the user's (which is around the folder)
 * nor the mirror. The index that says what is checked out lies beside the folder, where the flags
 * and forged times that a check could leave in an index have no effect.
 */
import { chmod, copyFile, lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Oid } from '../core/brand.ts'
import { FILES_LISTED_MAX } from '../core/limits.ts'
import type { ChangedFiles } from './checkout.ts'
import { GitError, nulls, run } from './door.ts'
import { inside, type Mirror, type Repository } from './repository.ts'

export type Worktree = { mirror: Mirror; folder: string }

export type Prepared =
  | { kind: 'ready' }
  /** The folder could not be made to equal the tree: files of another user, a full disk. */
  | { kind: 'stuck'; why: string }

/**
 * Makes the folder equal a tree: every file of it, and no other file, ignored or not. `head` is
 * the commit that a check sees as HEAD.
 */
export async function prepare(
  worktree: Worktree,
  { tree, head }: { tree: Oid; head?: Oid },
  signal: AbortSignal,
): Promise<Prepared> {
  const quick = await fill(worktree, { tree, head }, signal)
  if (quick.kind === 'ready') return quick
  // Something is in the way that git does not remove: a folder without write permission, a broken
  // index, the leftovers of a killed process. The folder has nothing of value, so begin again.
  await rm(indexOf(worktree), { force: true })
  await removeFolder(worktree.folder)
  return fill(worktree, { tree, head }, signal)
}

export type Verified =
  | { kind: 'equal' }
  | ({ kind: 'changed' } & ChangedFiles)

/**
 * Compares the tracked files with the tree by content. A fresh index, which knows no file times,
 * makes git read every file: size and times can be put back after a change within a second.
 */
export async function verify(
  worktree: Worktree,
  tree: Oid,
  signal: AbortSignal,
): Promise<Verified> {
  const fresh = `${worktree.folder}.verify`
  await rm(fresh, { force: true })
  await rm(`${fresh}.lock`, { force: true })
  const at = privately(worktree, fresh)
  await run(['read-tree', tree], { at, signal })
  await run(['update-index', '-q', '--really-refresh'], { at, signal, okCodes: [0, 1] })
  const diff = ['diff-index', '-z', '--name-only', '--no-renames', '--no-ext-diff',
    '--ignore-submodules=all', tree]
  const names = nulls((await run(diff, { at, signal })).stdout)
  await rm(fresh, { force: true })
  if (names.length === 0) return { kind: 'equal' }
  return { kind: 'changed', names: names.slice(0, FILES_LISTED_MAX), total: names.length }
}

async function fill(
  worktree: Worktree,
  { tree, head }: { tree: Oid; head: Oid | undefined },
  signal: AbortSignal,
): Promise<Prepared> {
  const { folder } = worktree
  const index = indexOf(worktree)
  const at = privately(worktree, index)
  try {
    // Only the one daemon prepares, so a lock is always a killed process's.
    await rm(`${index}.lock`, { force: true })
    if ((await kindOf(folder)) === 'other') await rm(folder, { force: true })
    await mkdir(folder, { recursive: true })
    await rm(join(folder, '.git'), { recursive: true, force: true })
    await run(['read-tree', '--reset', '-u', '--no-recurse-submodules', tree], { at, signal })
    // Twice forced: without it git spares nested repositories, which a check may have cloned.
    await run(['clean', '-ffdxq', '--', '.'], { at, signal })
    await borrowRepository(worktree, head)
    const verified = await verify(worktree, tree, signal)
    if (verified.kind === 'equal') return { kind: 'ready' }
    return { kind: 'stuck', why: `${verified.names[0]} does not become what it is in ${tree}` }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof GitError || isSystemError(error)) {
      return { kind: 'stuck', why: error.message }
    }
    throw error
  }
}

/** The rules under which our own git looks at the folder: the mirror's, and an index of our own. */
function privately(worktree: Worktree, index: string): Repository {
  const { env, config } = inside(worktree.mirror)
  return {
    cwd: worktree.folder,
    env: { ...env, GIT_WORK_TREE: worktree.folder, GIT_INDEX_FILE: index },
    // The mirror is bare, which git takes for "has no worktree".
    config: [...config, 'core.bare=false', 'core.autocrlf=false', 'core.symlinks=true'],
  }
}

async function borrowRepository(worktree: Worktree, head: Oid | undefined): Promise<void> {
  const gitDir = join(worktree.folder, '.git')
  await mkdir(join(gitDir, 'objects', 'info'), { recursive: true })
  await mkdir(join(gitDir, 'refs', 'heads'), { recursive: true })
  const objects = join(worktree.mirror.path, 'objects')
  // The quoted form: a path may have a line feed in it.
  const quoted = objects.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')
  await writeFile(join(gitDir, 'objects', 'info', 'alternates'), `"${quoted}"\n`)
  await writeFile(join(gitDir, 'HEAD'), head === undefined ? 'ref: refs/heads/main\n' : `${head}\n`)
  await writeFile(join(gitDir, 'config'), CHECK_CONFIG)
  await copyFile(indexOf(worktree), join(gitDir, 'index'))
}

const CHECK_CONFIG = `[core]
\trepositoryFormatVersion = 0
\tbare = false
\thooksPath = /dev/null
[gc]
\tauto = 0
`

function indexOf({ folder }: Worktree): string {
  return `${folder}.index`
}

async function kindOf(path: string): Promise<'folder' | 'other' | 'nothing'> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return 'nothing'
  return found.isDirectory() ? 'folder' : 'other'
}

async function removeFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true })
  } catch {
    await unlock(folder)
    await rm(folder, { recursive: true, force: true }).catch(() => {})
  }
}

async function unlock(folder: string): Promise<void> {
  await chmod(folder, 0o700).catch(() => {})
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) await unlock(join(folder, entry.name))
  }
}

function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error
}
