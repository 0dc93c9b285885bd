/** Small files, whole: read within a bound, replaced atomically, kept aside when damaged. */
import { randomBytes } from 'node:crypto'
import { KEPT_ASIDE_MAX } from '../core/limits.ts'
import type { Disk, Fault } from './disk.ts'
import { codeOf, faultOf, writeAll } from './disk.ts'

export type Written = { kind: 'ok' } | { kind: 'exists' } | { kind: 'failed'; fault: Fault }

/** Replaces a file, or makes it: after a crash it is the old one or the new one, never a part. */
export function writeAtomically(disk: Disk, path: string, bytes: Uint8Array): Promise<Written> {
  return place(disk, { path, bytes, over: 'replace' })
}

/** Makes a file that must not be there yet, equally atomically. */
export function writeOnce(disk: Disk, path: string, bytes: Uint8Array): Promise<Written> {
  return place(disk, { path, bytes, over: 'refuse' })
}

export type ReadFile =
  | { kind: 'ok'; bytes: Uint8Array }
  | { kind: 'missing' }
  | { kind: 'too-large'; size: number }
  | { kind: 'failed'; fault: Fault }

/** Reads a whole file of at most `max` bytes. */
export async function readWhole(disk: Disk, path: string, max: number): Promise<ReadFile> {
  try {
    const file = await disk.open(path, 'reading')
    try {
      const size = await file.size()
      if (size > max) return { kind: 'too-large', size }
      return { kind: 'ok', bytes: await file.read(0, size) }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { kind: 'missing' }
    return { kind: 'failed', fault: faultOf(error, path) }
  }
}

export type Kept = { kind: 'ok'; at: string } | { kind: 'failed'; fault: Fault }

/** Moves a damaged file to the first free `<path>.<label>-<n>`: nothing is silently destroyed. */
export async function keepAside(disk: Disk, path: string, label: string): Promise<Kept> {
  return firstFree([undefined, `${path}.${label}-`], async at =>
    disk.rename({ from: path, to: at, over: 'refuse' }),
  )
}

/** Writes bytes that are about to be cut off to the first free `<path>.<label>-<n>`. */
export async function keepCopy(
  disk: Disk,
  { path, label, bytes }: { path: string; label: string; bytes: Uint8Array },
): Promise<Kept> {
  return firstFree([undefined, `${path}.${label}-`], async at => {
    const file = await disk.open(at, 'new')
    try {
      await writeAll(file, bytes, 0)
      await file.sync()
    } finally {
      await file.close()
    }
  })
}

/** Tries `<path>`, where one is given first, then `<stem>1`, `<stem>2`, … until one is free. */
export async function firstFree(
  [path, stem]: readonly [string, string] | readonly [undefined, string],
  put: (at: string) => Promise<void>,
): Promise<Kept> {
  for (let n = path === undefined ? 1 : 0; n <= KEPT_ASIDE_MAX; n++) {
    const at = n === 0 && path !== undefined ? path : `${stem}${n}`
    try {
      await put(at)
      return { kind: 'ok', at }
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') return { kind: 'failed', fault: faultOf(error, at) }
    }
  }
  const why = `${stem}: ${KEPT_ASIDE_MAX} copies lie beside it; check the disk, move them`
  return { kind: 'failed', fault: { code: 'EEXIST', path: stem, why } }
}

async function place(
  disk: Disk,
  { path, bytes, over }: { path: string; bytes: Uint8Array; over: 'replace' | 'refuse' },
): Promise<Written> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const file = await disk.open(temporary, 'new')
    try {
      await writeAll(file, bytes, 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await disk.rename({ from: temporary, to: path, over })
    return { kind: 'ok' }
  } catch (error) {
    // The first failure is the one to tell; a temporary file that cannot be removed does no harm.
    await disk.remove(temporary).catch(() => undefined)
    if (over === 'refuse' && codeOf(error) === 'EEXIST') return { kind: 'exists' }
    return { kind: 'failed', fault: faultOf(error, path) }
  }
}
