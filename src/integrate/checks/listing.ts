/** Trees and working copies as the detection of checks sees them. */
import type { Oid } from '../../core/brand.ts'
import { isHere, listHere, readHere } from '../../git/checkout-files.ts'
import type { Checkout } from '../../git/repository.ts'
import { listFiles, readFiles } from '../../git/tree.ts'
import type { Worktree } from '../../git/worktree.ts'
import { type Listing, toRead } from './detect.ts'

/** Lists a tree of the mirror. */
export async function listing(
  { mirror }: Worktree,
  tree: Oid,
  signal: AbortSignal,
): Promise<Listing> {
  const { paths } = await listFiles(mirror, tree, signal)
  const texts = new Map<string, string>()
  for (const wanted of toRead(paths)) {
    const found = await readFiles(mirror, { tree, ...wanted }, signal)
    for (const [path, text] of found) texts.set(path, text)
  }
  return { paths, texts }
}

/** Lists the user's own files as they are now. */
export async function listingHere(checkout: Checkout, signal: AbortSignal): Promise<Listing> {
  const listed = await listHere(checkout, signal)
  // Git lists a tracked file also when the user has just deleted it.
  const gone = new Set<string>()
  for (const path of toRead(listed).flatMap(({ paths }) => paths)) {
    if (!(await isHere(checkout, path))) gone.add(path)
  }
  const paths = listed.filter((path) => !gone.has(path))
  const texts = new Map<string, string>()
  for (const { paths: wanted, maxBytes } of toRead(paths)) {
    const found = await readHere(checkout, wanted, maxBytes)
    for (const [path, text] of found) texts.set(path, text)
  }
  return { paths, texts }
}
