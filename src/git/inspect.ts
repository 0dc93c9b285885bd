/** Looking at the user's repository for what would trouble knot there; nothing is changed. */
import { readFile } from 'node:fs/promises'
import { excludeFile, hidesKnot } from './checkout.ts'
import { nulls, run } from './door.ts'
import { type Checkout, inDirectory, inside } from './repository.ts'

/** What git says of its version; undefined when there is none. */
export async function gitVersion(cwd: string, signal: AbortSignal): Promise<string | undefined> {
  const okCodes = [0, -1, -2, -13, 126, 127]
  const { code, stdout } = await run(['version'], { at: inDirectory(cwd), signal, okCodes })
  if (code !== 0) return undefined
  return stdout.toString('utf8').trim().replace(/^git version /, '')
}

/** Whether the repository's own list of ignored paths has `.knot/`. */
export async function excludesKnot(checkout: Checkout, signal: AbortSignal): Promise<boolean> {
  const text = await readFile(await excludeFile(checkout, signal), 'utf8').catch(() => '')
  return hidesKnot(text)
}

/** Whether something in `.knot/` was added to the index: the next commit would publish a key. */
export async function tracksKnot(checkout: Checkout, signal: AbortSignal): Promise<boolean> {
  const list = ['ls-files', '-z', '--', '.knot']
  return nulls((await run(list, { at: inside(checkout), signal })).stdout).length > 0
}
