/** The real disk, on node:fs. */
import { link, open, rename, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Disk, DiskFile } from './disk.ts'

/** Syncs the folder too when a name in it is new or moved; rejects with the errors of node. */
export const nodeDisk: Disk = {
  async open(path, how) {
    if (how === 'reading') return fileOf(await open(path, 'r'))
    if (how !== 'new') {
      try {
        return fileOf(await open(path, 'r+'))
      } catch (error) {
        if (how === 'existing' || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }
    const file = await open(path, 'wx+', 0o600)
    await syncDirectory(dirname(path))
    return fileOf(file)
  },

  async rename({ from, to, over }) {
    if (over === 'replace') {
      await rename(from, to)
    } else {
      // Unlike rename, link never replaces; between the two calls the file merely has two names.
      await link(from, to)
      await unlink(from)
    }
    await syncDirectory(dirname(to))
  },

  remove: unlink,
}

function fileOf(handle: FileHandle): DiskFile {
  return {
    size: async () => (await handle.stat()).size,
    async read(at, length) {
      const bytes = new Uint8Array(length)
      let done = 0
      while (done < length) {
        const { bytesRead } = await handle.read(bytes, done, length - done, at + done)
        if (bytesRead === 0) break
        done += bytesRead
      }
      return bytes.subarray(0, done)
    },
    write: async (bytes, at) => (await handle.write(bytes, 0, bytes.length, at)).bytesWritten,
    sync: () => handle.datasync(),
    truncate: size => handle.truncate(size),
    close: () => handle.close(),
  }
}

/** A new name is on the medium only once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
