/** Whether HEAD may have moved, without starting git: for whoever looks twice a second. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Checkout } from './repository.ts'

/** A text that changes whenever HEAD points elsewhere; it may also change when it does not. */
export async function traceOfHead({ gitDir, commonDir }: Checkout): Promise<string> {
  const head = await textOf(join(gitDir, 'HEAD'))
  const [, ref] = /^ref: (\S+)/.exec(head) ?? []
  const branch = ref === undefined ? '' : await textOf(join(commonDir, ref))
  // A branch that has no file of its own is packed, or kept in tables.
  const packed = await stampOf(join(commonDir, 'packed-refs'))
  const tables = await stampOf(join(gitDir, 'reftable', 'tables.list'))
  return [head, branch, packed, tables].join('\n')
}

function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

function stampOf(path: string): Promise<string> {
  return stat(path).then(({ mtimeMs, size }) => `${mtimeMs} ${size}`, () => '')
}
