/** Makes the bundle before the tests that start `knot`, where a source is newer than it. */
import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = new URL('..', import.meta.url).pathname

/** Runs once, before every test. */
export function setup(): void {
  const built = statSync(join(ROOT, 'dist', 'knot.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const newest = Math.max(...['src', 'cli'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .map((name) => statSync(join(ROOT, folder, String(name))).mtimeMs)))
  if (newest > built) execFileSync(process.execPath, [join(ROOT, 'cli', 'build.mjs')])
}
