/**
 * What a killed git leaves behind: lock files, which stop every later command for ever, and
 * half-received objects, which only cost space.
 */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { STALE_LOCK_MS } from '../core/limits.ts'

/**
 * Removes locks and temporary objects below a git directory that nobody else writes to. A lock
 * that is still young may belong to a git that outlived its killed daemon, and is waited for.
 */
export async function clearLeftovers(gitDir: string, signal: AbortSignal): Promise<void> {
  const leftovers = await findLeftovers(gitDir)
  const youngest = Math.max(0, ...leftovers.map(({ changed }) => changed))
  const wait = youngest + STALE_LOCK_MS - Date.now()
  if (wait > 0) await sleep(Math.min(wait, STALE_LOCK_MS), undefined, { signal })
  for (const { path } of leftovers) await rm(path, { recursive: true, force: true })
}

/** Finds them, and when each was last written. */
export async function findLeftovers(gitDir: string): Promise<{ path: string; changed: number }[]> {
  const found = []
  const folders = [gitDir]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      const path = join(folder, entry.name)
      if (isLeftover(entry.name)) {
        const changed = await stat(path).then(({ mtimeMs }) => mtimeMs, () => 0)
        found.push({ path, changed })
      } else if (entry.isDirectory() && !/^([0-9a-f]{2}|hooks)$/.test(entry.name)) {
        folders.push(path)
      }
    }
  }
  return found
}

// No ref ends in `.lock`: git forbids the name.
function isLeftover(name: string): boolean {
  return /\.lock$|^tmp_(pack|idx|rev|obj|objdir)|^incoming-[A-Za-z0-9]{6}$/.test(name)
}
