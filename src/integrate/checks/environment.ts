/**
 * The environment of a check: a path, a home that is empty, and where tools may cache. Nothing
 * else is inherited: tokens of the user, of npm, of git and of knot stay outside.
 */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { MARK } from './stragglers.ts'

/** Builds the environment; `extra` is what the room's owner decided to hand in. */
export function checkEnvironment(
  { folder, home, cache, outer, extra = {} }: {
    folder: string
    home: string
    /** Kept between checks: what tools download. */
    cache: string
    /** The daemon's own environment. */
    outer: Readonly<Record<string, string | undefined>>
    extra?: Readonly<Record<string, string>>
  },
): Record<string, string> {
  const env: Record<string, string> = {
    PATH: [join(folder, 'node_modules', '.bin'), outer['PATH'] || DEFAULT_PATH].join(delimiter),
    HOME: home,
    TMPDIR: home,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    CI: 'true',
    NO_COLOR: '1',
    // The folder lies inside the user's checkout; git must not look there.
    GIT_CEILING_DIRECTORIES: folder.slice(0, folder.lastIndexOf('/')),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    npm_config_cache: join(cache, 'npm'),
    npm_config_update_notifier: 'false',
    PNPM_HOME: join(cache, 'pnpm'),
    YARN_CACHE_FOLDER: join(cache, 'yarn'),
    YARN_GLOBAL_FOLDER: join(cache, 'yarn-global'),
    YARN_ENABLE_TELEMETRY: '0',
    BUN_INSTALL_CACHE_DIR: join(cache, 'bun'),
    COREPACK_HOME: join(cache, 'corepack'),
    COREPACK_ENABLE_DOWNLOAD_PROMPT: '0',
    CARGO_HOME: join(cache, 'cargo'),
    GOPATH: join(cache, 'go'),
    GOCACHE: join(cache, 'go-build'),
    PIP_CACHE_DIR: join(cache, 'pip'),
    GRADLE_USER_HOME: join(cache, 'gradle'),
    MAVEN_OPTS: `-Dmaven.repo.local=${join(cache, 'maven')}`,
    PYTHONDONTWRITEBYTECODE: '1',
    [MARK]: folder,
  }
  for (const [name, inHome] of TOOLCHAINS) {
    const path = outer[name] ?? (inHome && outer['HOME'] && join(outer['HOME'], inHome))
    if (path && existsSync(path)) env[name] = path
  }
  return { ...env, ...extra }
}

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin'

// Where toolchains are installed below the real home. None of these holds a credential.
const TOOLCHAINS = [
  ['RUSTUP_HOME', '.rustup'],
  ['PYENV_ROOT', '.pyenv'],
  ['VOLTA_HOME', '.volta'],
  ['JAVA_HOME', ''],
  ['GOROOT', ''],
] as const
