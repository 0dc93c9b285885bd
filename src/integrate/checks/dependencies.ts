/**
 * Installed dependencies: made once per lockfile, kept beside the check's folder, and moved in and
 * out of it, since the folder itself is emptied before every check.
 *
 * Every step is a rename that a note precedes, so that a kill at any point leaves a whole set, or
 * one that is made again. A check can spoil the set that it ran with for later ones of the same
 * lockfile; that is why a set belongs to this machine only, and is no evidence.
 */
import { createHash } from 'node:crypto'
import { access, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DEPENDENCY_SETS_MAX } from '../../core/limits.ts'
import type { Dependencies } from './install.ts'

/** Where sets are kept, and the folder that they are moved into. */
export type Shelf = { folder: string; shelf: string }

/** Names a set by everything that decides its content on this machine. */
export function setOf(dependencies: Extract<Dependencies, { kind: 'install' }>): string {
  const { command, inputs } = dependencies
  const [major] = process.versions.node.split('.')
  const facts = [process.platform, process.arch, major, command, inputs]
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32)
}

/** Moves the set in use out of the folder, before the folder is emptied. */
export async function putAway(at: Shelf): Promise<void> {
  const note = await readNote(join(at.shelf, IN_USE))
  if (note === undefined) return
  const { set, paths } = note
  const place = join(at.shelf, set)
  await mkdir(place, { recursive: true })
  for (const [n, path] of paths.entries()) {
    // Already moved, when the last attempt was killed half-way.
    if (await exists(join(place, String(n)))) continue
    await rename(join(at.folder, path), join(place, String(n))).catch(() => {})
  }
  const isWhole = await every(paths, (_, n) => exists(join(place, String(n))))
  if (isWhole) await writeNote(join(place, WHOLE), note)
  else await rm(place, { recursive: true, force: true })
  await rm(join(at.shelf, IN_USE), { force: true })
  await dropOldest(at.shelf)
}

/** Moves a set into the folder; false when it has to be installed first. */
export async function takeOut(at: Shelf, set: string): Promise<boolean> {
  const place = join(at.shelf, set)
  const note = await readNote(join(place, WHOLE))
  if (note === undefined) return false
  await writeNote(join(at.shelf, IN_USE), note)
  await rm(join(place, WHOLE), { force: true })
  try {
    for (const [n, path] of note.paths.entries()) {
      await mkdir(dirname(join(at.folder, path)), { recursive: true })
      await rename(join(place, String(n)), join(at.folder, path))
    }
    return true
  } catch {
    // Something is in its place, or the set was taken apart by hand: a set can be made again.
    await rm(join(at.shelf, IN_USE), { force: true })
    await rm(place, { recursive: true, force: true })
    return false
  }
}

/** Notes that the folder now has a whole set, in places that the tree itself leaves empty. */
export async function noteInstalled(
  at: Shelf,
  { set, tracked }: { set: string; tracked: readonly string[] },
): Promise<void> {
  const manifests = tracked.filter((path) => /(^|\/)package\.json$/.test(path))
  const places = manifests.flatMap((path) => INSTALLED.map((name) => join(dirname(path), name)))
  const isTracked = (place: string) =>
    tracked.some((path) => path === place || path.startsWith(`${place}/`))
  const paths = []
  for (const place of places) {
    if (!isTracked(place) && (await exists(join(at.folder, place)))) paths.push(place)
  }
  await mkdir(at.shelf, { recursive: true })
  await writeNote(join(at.shelf, IN_USE), { set, paths })
}

// Yarn's loader reads the others instead of `node_modules`.
const INSTALLED = ['node_modules', '.pnp.cjs', '.pnp.loader.mjs', '.yarn/cache', '.yarn/unplugged',
  '.yarn/install-state.gz']

type Note = { set: string; paths: string[] }

const IN_USE = 'in-use.json'
const WHOLE = 'whole.json'

async function readNote(path: string): Promise<Note | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Note
  } catch {
    return undefined
  }
}

async function writeNote(path: string, note: Note): Promise<void> {
  await writeFile(`${path}.draft`, JSON.stringify(note))
  await rename(`${path}.draft`, path)
}

async function dropOldest(shelf: string): Promise<void> {
  const sets = []
  for (const name of await readdir(shelf)) {
    if (!/^[0-9a-f]{32}$/.test(name)) continue
    const whole = await stat(join(shelf, name, WHOLE)).catch(() => undefined)
    sets.push({ name, used: whole?.mtimeMs ?? 0 })
  }
  sets.sort((a, b) => b.used - a.used)
  for (const { name } of sets.slice(DEPENDENCY_SETS_MAX)) {
    await rm(join(shelf, name), { recursive: true, force: true })
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false)
}

async function every<T>(
  items: readonly T[],
  holds: (item: T, index: number) => Promise<boolean>,
): Promise<boolean> {
  for (const [index, item] of items.entries()) if (!(await holds(item, index))) return false
  return true
}
