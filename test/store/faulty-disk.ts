/** A disk that lets one thing go wrong, at whichever operation a test names. */
import type { Disk, DiskFile } from '../../src/store/disk.ts'
import type { MemoryDisk } from './memory-disk.ts'

/** What goes wrong: nothing is done; half of it is; all of it is, and then the power fails. */
export type Fault = 'refused' | 'torn' | 'lost'
export const FAULTS: readonly Fault[] = ['refused', 'torn', 'lost']

/** A power cut: nothing that is asked of the disk afterwards happens. */
export class PowerCut extends Error {
  readonly code = 'EIO'
}

export type FaultyDisk = Disk & {
  /** Operations so far that change what is on the medium, or that something rests on. */
  operations(): string[]
}

/** Wraps a disk; the `nth` operation from now (from 1) goes wrong. */
export function faultyDisk(disk: MemoryDisk, nth: number, fault: Fault, code: string): FaultyDisk {
  const operations: string[] = []
  let dead = false

  async function run<T>(what: string, all: () => Promise<T>, half: () => Promise<unknown>) {
    if (dead) throw new PowerCut('no power')
    operations.push(what)
    if (operations.length !== nth) return await all()
    if (fault === 'refused') throw Object.assign(new Error(code), { code })
    if (fault === 'torn') await half()
    else await all()
    // Of half an operation nobody hears; after a whole one nothing more happens.
    dead = true
    throw new PowerCut('the power failed')
  }
  const nothing = () => Promise.resolve()

  function fileOf(path: string, file: DiskFile): DiskFile {
    return {
      size: () => file.size(),
      read: (at, length) => file.read(at, length),
      write: (bytes, at) => {
        const part = bytes.subarray(0, bytes.length >> 1)
        return run(`write ${path}`, () => file.write(bytes, at), () => file.write(part, at))
      },
      sync: () => run(`sync ${path}`, () => file.sync(), nothing),
      truncate: (size) => run(`truncate ${path}`, () => file.truncate(size), nothing),
      close: () => file.close(),
    }
  }

  return {
    operations: () => operations,
    async open(path, how) {
      if (how === 'reading') return fileOf(path, await disk.open(path, how))
      return fileOf(path, await run(`open ${path}`, () => disk.open(path, how), nothing))
    },
    rename: (move) => run(`rename ${move.to}`, () => disk.rename(move), nothing),
    remove: (path) => run(`remove ${path}`, () => disk.remove(path), nothing),
  }
}
