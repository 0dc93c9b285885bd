/** Opens the repositories of an agent and the way its git reaches peers. */
import { fileURLToPath } from 'node:url'
import { existsSync } from 'node:fs'
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

/** The helper beside the bundle, or in the source tree. */
function helperScript(): string {
  const candidates = ['../cli/git-remote-knot.mjs', '../../cli/git-remote-knot.mjs']
  const paths = candidates.map((path) => fileURLToPath(new URL(path, import.meta.url)))
  return paths.find((path) => existsSync(path)) ?? (paths[0] as string)
}
