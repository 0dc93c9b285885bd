/** Opens the repositories of an agent and the way its git reaches peers. */
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installHelper } from '../git/fetch.ts'
import { initMirror } from '../git/mirror.ts'
import type { Repositories } from '../integrate/repositories.ts'
import type { Identity } from './identity.ts'

/** Makes or mends the mirror, and the helper that `git fetch knot://…` starts. */
export async function openRepositories(
  { home, checkout }: Identity,
  socket: string,
  signal: AbortSignal,
): Promise<Repositories> {
  const mirror = await initMirror(home.repo, signal)
  await clearHomes(home.cache)
  const helperFolder = home.bin
  await installHelper({ folder: helperFolder, script: helperScript() })
  return {
    checkout,
    mirror,
    route: { helperFolder, socket },
    checkFolder: home.check,
    cacheFolder: home.cache,
  }
}

/** Removes what checks of a killed daemon had for a home. */
async function clearHomes(cache: string): Promise<void> {
  const names = await readdir(cache).catch(() => [])
  for (const name of names) {
    if (name.startsWith('home-')) await rm(join(cache, name), { recursive: true, force: true })
  }
}

/** The helper beside the bundle, or in the source tree. */
function helperScript(): string {
  const candidates = ['../cli/git-remote-knot.mjs', '../../cli/git-remote-knot.mjs']
  const paths = candidates.map((path) => fileURLToPath(new URL(path, import.meta.url)))
  return paths.find((path) => existsSync(path)) ?? (paths[0] as string)
}
