/**
 * The two repositories of an agent, and under which rules git runs in each.
 *
 * The checkout is the user's: git runs there under the user's own configuration, but it takes no
 * optional locks and starts no hooks. The mirror is ours: no configuration but its own is read.
 */
import { delimiter } from 'node:path'

/** The user's working repository; `commonDir` is shared by all its linked worktrees. */
export type Checkout = { kind: 'checkout'; root: string; gitDir: string; commonDir: string }

/** `.knot/repo.git`: bare, with its own objects, the only one that is served. */
export type Mirror = { kind: 'mirror'; path: string }

/** Where git runs: a directory, variables, and `-c` settings. */
export type Repository = {
  cwd: string
  env: Readonly<Record<string, string>>
  config: readonly string[]
}

/** Git in a directory of the user's. */
export function inDirectory(cwd: string): Repository {
  const env: Record<string, string> = {}
  for (const name of USER_CONFIG) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  return { cwd, env, config: QUIET }
}

/** Git in either repository. */
export function inside(repository: Checkout | Mirror): Repository {
  if (repository.kind === 'checkout') return inDirectory(repository.root)
  return {
    cwd: repository.path,
    // GIT_DIR is given so that a broken mirror is an error. Without it, git would look further up
    // and find the user's repository around `.knot/`.
    env: { ...NO_FOREIGN_CONFIG, GIT_DIR: repository.path },
    config: QUIET,
  }
}

/** The environment of a git process: this process's own without anything that steers git. */
export function commandEnvironment({ env }: Pick<Repository, 'env'>): Record<string, string> {
  const inherited: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !STEERS_GIT.test(name)) inherited[name] = value
  }
  return { ...inherited, ...ALWAYS, ...env }
}

/** A PATH with one folder before all others. */
export function pathWith(folder: string): string {
  const path = process.env['PATH']
  return path === undefined || path === '' ? folder : folder + delimiter + path
}

const STEERS_GIT = /^(GIT_.*|EDITOR|VISUAL|PAGER|PREFIX|SSH_ASKPASS|LC_.*|LANG|LANGUAGE)$/i

const USER_CONFIG = [
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_CONFIG_SYSTEM',
  'GIT_CEILING_DIRECTORIES',
]

const ALWAYS = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  // A replacement is one user's view; what is signed and tested is the object itself.
  GIT_NO_REPLACE_OBJECTS: '1',
  // A path that begins with `:` is a name here, never pathspec magic.
  GIT_LITERAL_PATHSPECS: '1',
  LC_ALL: 'C',
}

const NO_FOREIGN_CONFIG = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_ATTR_NOSYSTEM: '1',
}

const QUIET = ['core.hooksPath=/dev/null', 'core.fsmonitor=false']
