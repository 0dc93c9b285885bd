/** What killed processes leave: drafts of files, homes of checks, locks of git. */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { STALE_LOCK_MS } from '../../core/limits.ts'
import { clearLeftovers, findLeftovers } from '../../git/leftovers.ts'
import type { Home } from '../../store/home.ts'
import { type Found, warning } from './finding.ts'

/** Looks for them; only while no daemon runs, which makes such files and removes them itself. */
export async function examineLeftovers(home: Home, signal: AbortSignal): Promise<Found[]> {
  const found: Found[] = []
  const old = await drafts(home)
  if (old.length > 0) {
    const text = `left by a process that was killed: ${old.join(', ')}`
    const mend = async () => {
      for (const path of old) await rm(path, { recursive: true, force: true })
    }
    found.push(warning('leftovers', { code: 'drafts-left', text, fix: 'knot doctor --fix', mend }))
  }
  const locks = (await findLeftovers(home.repo)).filter(({ changed }) => isOld(changed))
  if (locks.length > 0) {
    const paths = locks.map(({ path }) => path).sort()
    const text = `left by a git that was killed: ${paths.join(', ')}`
    const mend = () => clearLeftovers(home.repo, signal)
    found.push(warning('leftovers', { code: 'locks-left', text, fix: 'knot doctor --fix', mend }))
  }
  return found
}

/** Where a name of this form is nobody's but a draft's. */
function places(home: Home): { folder: string; form: RegExp }[] {
  const draft = /\.[0-9a-f]{12}\.tmp$/
  return [
    { folder: home.root, form: /\.[0-9a-f]{12}\.tmp$|^k[0-9a-f]{8}$|^knotd\.sock\.[0-9a-f]{8}$/ },
    { folder: home.keys, form: draft },
    { folder: home.room, form: draft },
    { folder: home.bin, form: /^\.git-remote-knot\.\d+$/ },
    { folder: home.cache, form: /^home-[A-Za-z0-9]{6}$/ },
  ]
}

async function drafts(home: Home): Promise<string[]> {
  const old: string[] = []
  for (const { folder, form } of places(home)) {
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name)
      const changed = await stat(path).then(({ mtimeMs }) => mtimeMs, Date.now)
      // A young one may be a daemon's that starts at this moment.
      if (form.test(name) && isOld(changed)) old.push(path)
    }
  }
  return old.sort()
}

function isOld(changed: number): boolean {
  return Date.now() - changed > STALE_LOCK_MS
}
