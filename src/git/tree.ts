/** Looking into a tree without checking it out. */
import type { Oid } from '../core/brand.ts'
import { CONFIG_FILE_MAX_BYTES, TREE_PATHS_MAX } from '../core/limits.ts'
import { nulls, run } from './door.ts'
import { inside, type Checkout, type Mirror } from './repository.ts'

/** The paths of a tree or commit, in git's order; `whole` is false when there were too many. */
export async function listFiles(
  repository: Checkout | Mirror,
  tree: Oid,
  signal: AbortSignal,
): Promise<{ paths: string[]; whole: boolean }> {
  const list = ['ls-tree', '-r', '-z', '--name-only', '--full-tree', tree]
  const paths = nulls((await run(list, { at: inside(repository), signal })).stdout)
  return { paths: paths.slice(0, TREE_PATHS_MAX), whole: paths.length <= TREE_PATHS_MAX }
}

/**
 * True when the tree has an entry `.knot`, in any case. Git overwrites ignored files without a
 * word, so whoever checks such a tree out would lose the keys and the room of his own agent.
 */
export async function holdsKnot(
  repository: Checkout | Mirror,
  tree: Oid,
  signal: AbortSignal,
): Promise<boolean> {
  const list = ['ls-tree', '-z', '--name-only', '--full-tree', tree]
  const names = nulls((await run(list, { at: inside(repository), signal })).stdout)
  return names.some((name) => name.toLowerCase() === '.knot')
}

/** The text of some files of a tree; what is missing, larger or no plain file is left out. */
export async function readFiles(
  repository: Checkout | Mirror,
  { tree, paths, maxBytes = CONFIG_FILE_MAX_BYTES }: {
    tree: Oid
    paths: readonly string[]
    maxBytes?: number
  },
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  if (paths.length === 0) return texts
  const at = inside(repository)
  const list = ['ls-tree', '-z', '--long', '--full-tree', tree, '--', ...paths]
  const blobs = []
  for (const line of nulls((await run(list, { at, signal })).stdout)) {
    const [, oid, size, path] = /^100\d{3} blob ([0-9a-f]{40}) +(\d+)\t([^]*)$/.exec(line) ?? []
    if (oid === undefined || path === undefined) continue
    if (Number(size) <= maxBytes) blobs.push({ oid, path })
  }
  const input = blobs.map(({ oid }) => `${oid}\n`).join('')
  const { stdout } = await run(['cat-file', '--batch'], { at, signal, input })
  let from = 0
  for (const { path } of blobs) {
    const end = stdout.indexOf(10, from)
    const size = Number(stdout.subarray(from, end).toString('latin1').split(' ')[2])
    texts.set(path, stdout.subarray(end + 1, end + 1 + size).toString('utf8'))
    from = end + 1 + size + 1
  }
  return texts
}
