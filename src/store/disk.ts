/**
 * The disk, as far as the store needs it. Two implementations: `node-disk.ts`, and the
 * fault-injecting one of the tests and the simulator; test/store/disk.conformance.ts is for both.
 *
 * Every function rejects with an error that has a `code`, as Node's do ('ENOSPC', 'EIO', …).
 */
export type Disk = {
  /**
   * Opens a file for reading and writing. A file that this makes is private to its owner (0600),
   * and its name survives a crash once this returns. A missing file rejects with ENOENT where it
   * must exist, a present one with EEXIST where it must be new. 'reading' needs no right to write.
   */
  open(path: string, how: 'existing' | 'new' | 'either' | 'reading'): Promise<DiskFile>
  /** Moves a file; its new name survives a crash on return. 'refuse' rejects with EEXIST. */
  rename(move: { from: string; to: string; over: 'replace' | 'refuse' }): Promise<void>
  /** Removes a file. */
  remove(path: string): Promise<void>
}

export type DiskFile = {
  /** Bytes in the file. */
  size(): Promise<number>
  /** A buffer of its own with the bytes from `at`; shorter than asked only at the file's end. */
  read(at: number, length: number): Promise<Uint8Array>
  /** Writes at an offset; answers how many bytes were taken, which may be fewer than given. */
  write(bytes: Uint8Array, at: number): Promise<number>
  /** Returns once everything written is on the medium. */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  close(): Promise<void>
}

/** What the disk would not do. `why` names the file, the reason and what to do about it. */
export type Fault = { code: string; path: string; why: string }

/** Reads the fault out of an error of a Disk. */
export function faultOf(error: unknown, path: string): Fault {
  const code = codeOf(error)
  if (code === undefined) throw error
  return { code, path, why: `${path}: ${REASONS[code] ?? `the disk answered ${code}`}` }
}

/** The code of a system error; undefined for an error that is a bug of ours. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'no permission; give the file to the user who runs knot',
  EDQUOT: 'the disk quota is used up; free some space and start knot again',
  EIO: 'the disk reports an input/output error; check the disk before you start knot again',
  EISDIR: 'a directory is in the way; move it',
  ENOENT: 'no such file or directory; run `knot init`',
  ENOSPC: 'the disk is full; free some space and start knot again',
  EPERM: 'no permission; give the file to the user who runs knot',
  EROFS: 'the file system is read-only; mount it for writing',
}

/** Writes everything, in as many writes as the disk wants. */
export async function writeAll(file: DiskFile, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const took = await file.write(bytes.subarray(done), at + done)
    if (took <= 0) throw Object.assign(new Error('the disk takes no more bytes'), { code: 'EIO' })
    done += took
  }
}
