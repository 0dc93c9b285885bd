/**
 * The user's working repository. knot reads it, adds one line to its `info/exclude`, and writes
 * refs below `refs/knot/`. It never moves HEAD, the index, a branch or a file.
 */
import { appendFile, mkdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Oid } from '../core/brand.ts'
import { FILES_LISTED_MAX, GIT_OLDEST } from '../core/limits.ts'
import { ask, nulls, run } from './door.ts'
import { EMPTY_TREE, parseOid } from './refs.ts'
import { inDirectory, inside, type Checkout, type Mirror } from './repository.ts'

export type FoundCheckout =
  | { kind: 'found'; checkout: Checkout }
  | { kind: 'not-a-repository' }
  | { kind: 'bare' }
  | { kind: 'git-missing' }
  | { kind: 'git-too-old'; found: string; needed: string }
  /** SHA-256 repositories: an object name in the room has 40 digits. */
  | { kind: 'object-format'; found: string }
  /** Git refuses the repository, as one of another user (`safe.directory`); its own words. */
  | { kind: 'refused'; why: string }

/** Finds the repository around a path, as git itself would from there. */
export async function findCheckout(path: string, signal: AbortSignal): Promise<FoundCheckout> {
  const isFolder = await stat(path).then((found) => found.isDirectory(), () => false)
  if (!isFolder) return { kind: 'not-a-repository' }
  const at = inDirectory(resolve(path))

  // A git that cannot be started ends with a negative code.
  const version = await run(['version'], { at, signal, okCodes: [0, ...NOT_STARTED] })
  if (version.code !== 0) return { kind: 'git-missing' }
  const needed = GIT_OLDEST.join('.')
  const [, found = '0.0'] = /(\d+\.\d+(\.\d+)?)/.exec(version.stdout.toString('utf8')) ?? []
  if (isOlder(found)) return { kind: 'git-too-old', found, needed }

  const isBare = await run(['rev-parse', '--is-bare-repository', '--is-inside-work-tree'], {
    at,
    signal,
    okCodes: [0, 128],
  })
  if (isBare.code === 128) {
    if (/not a git repository/.test(isBare.stderr)) return { kind: 'not-a-repository' }
    return { kind: 'refused', why: isBare.stderr.trim() }
  }
  if (!/true\n$/.test(isBare.stdout.toString('utf8'))) return { kind: 'bare' }

  // One question at a time: a path may have a line feed in it.
  const parse = (option: string) =>
    ask(['rev-parse', '--path-format=absolute', option], { at, signal })
  const format = await parse('--show-object-format')
  if (format !== 'sha1') return { kind: 'object-format', found: format }
  const root = await parse('--show-toplevel')
  const gitDir = await parse('--git-dir')
  const commonDir = await parse('--git-common-dir')
  return { kind: 'found', checkout: { kind: 'checkout', root, gitDir, commonDir } }
}

export type Head =
  | { kind: 'commit'; oid: Oid; branch?: string }
  | { kind: 'unborn'; branch: string }

/** What HEAD is; without `branch` it is detached. */
export async function headOf(checkout: Checkout, signal: AbortSignal): Promise<Head> {
  const at = inside(checkout)
  const name = await run(['symbolic-ref', '--quiet', 'HEAD'], { at, signal, okCodes: [0, 1] })
  const branch = name.stdout.toString('utf8').trim().replace(/^refs\/heads\//, '')
  const oid = await resolveRev(checkout, 'HEAD', signal)
  if (oid === undefined) return { kind: 'unborn', branch }
  return branch === '' ? { kind: 'commit', oid } : { kind: 'commit', oid, branch }
}

/** Counts files that differ from HEAD, untracked ones included, ignored ones not. */
export async function dirtyFiles(checkout: Checkout, signal: AbortSignal): Promise<number> {
  const status = ['status', '--porcelain', '-z', '--no-renames', '--untracked-files=normal']
  const { stdout } = await run(status, { at: inside(checkout), signal })
  return nulls(stdout).length
}

/** Keeps `/.knot/` out of every `git add` in this repository and its linked worktrees. */
export async function excludeKnot(
  checkout: Checkout,
  signal: AbortSignal,
): Promise<'added' | 'already'> {
  const exclude = await excludeFile(checkout, signal)
  const before = await readFile(exclude, 'utf8').catch(() => '')
  if (hidesKnot(before)) return 'already'
  await mkdir(dirname(exclude), { recursive: true })
  await appendFile(exclude, `${before === '' || before.endsWith('\n') ? '' : '\n'}/.knot/\n`)
  return 'added'
}

/** The file in which a repository names what it ignores and does not publish. */
export async function excludeFile(checkout: Checkout, signal: AbortSignal): Promise<string> {
  const path = ['rev-parse', '--path-format=absolute', '--git-path', 'info/exclude']
  return ask(path, { at: inside(checkout), signal })
}

/** Whether the text of such a file keeps `.knot/` out of git. */
export function hidesKnot(text: string): boolean {
  return text.split(/\r?\n/).some((line) => /^\/?\.knot\/?\s*$/.test(line))
}

/** The name that the user's commits carry. */
export async function userName(
  checkout: Checkout,
  signal: AbortSignal,
): Promise<string | undefined> {
  const get = ['config', '--get', 'user.name']
  const { stdout } = await run(get, { at: inside(checkout), signal, okCodes: [0, 1] })
  return stdout.toString('utf8').trim() || undefined
}

/** The commit that a person means by a branch, a tag, an abbreviation or `HEAD~2`. */
export async function resolveRev(
  repository: Checkout | Mirror,
  rev: string,
  signal: AbortSignal,
): Promise<Oid | undefined> {
  // Git would read it as an option; no revision begins with a dash.
  if (rev.startsWith('-') || rev.includes('\0')) return undefined
  const parse = ['rev-parse', '--verify', '--quiet', `${rev}^{commit}`]
  const at = inside(repository)
  const { stdout } = await run(parse, { at, signal, okCodes: [0, 1, 128] })
  return parseOid(stdout.toString('utf8').trim())
}

/** Paths that differ, the first `FILES_LISTED_MAX` in git's order, and how many there are. */
export type ChangedFiles = { names: string[]; total: number }

/** Paths whose content differs between two commits or trees; without `base`, all of `tip`'s. */
export async function filesBetween(
  repository: Checkout | Mirror,
  { base = EMPTY_TREE, tip }: { base?: Oid; tip: Oid },
  signal: AbortSignal,
): Promise<ChangedFiles> {
  const diff = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--no-ext-diff', base, tip]
  const { stdout } = await run(diff, { at: inside(repository), signal })
  const names = nulls(stdout)
  return { names: names.slice(0, FILES_LISTED_MAX), total: names.length }
}

/** True when history was cut off: such a repository cannot give a whole commit to anybody. */
export async function isShallow(checkout: Checkout, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted()
  // What git itself goes by, and asked before every move of refs: a process would cost 5 ms.
  const found = await stat(join(checkout.commonDir, 'shallow')).catch(() => undefined)
  return found !== undefined
}

const NOT_STARTED = [-1, -2, -13, 126, 127]

function isOlder(found: string): boolean {
  const [major = 0, minor = 0] = found.split('.').map(Number)
  const [oldestMajor, oldestMinor] = GIT_OLDEST
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor)
}
