/** The files of the working tree as they are now, as git would name them. */
import { lstat, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CONFIG_FILE_MAX_BYTES } from '../core/limits.ts'
import { nulls, run } from './door.ts'
import { type Checkout, inside } from './repository.ts'

/** Tracked files, and untracked ones that git does not ignore. */
export async function listHere(checkout: Checkout, signal: AbortSignal): Promise<string[]> {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate']
  return nulls((await run(list, { at: inside(checkout), signal })).stdout)
}

/** The text of some files; what is missing or larger is left out. */
export async function readHere(
  { root }: Checkout,
  paths: readonly string[],
  maxBytes: number = CONFIG_FILE_MAX_BYTES,
): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  for (const path of paths) {
    const file = join(root, path)
    const found = await stat(file).catch(() => undefined)
    if (found?.isFile() !== true || found.size > maxBytes) continue
    texts.set(path, await readFile(file, 'utf8'))
  }
  return texts
}

/** Whether there is anything under a path; a link that leads nowhere is something. */
export async function isHere({ root }: Checkout, path: string): Promise<boolean> {
  return lstat(join(root, path)).then(() => true, () => false)
}
