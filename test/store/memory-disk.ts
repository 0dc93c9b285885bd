/**
 * A disk in memory that fails on request.
 *
 * `crash` does what a power cut may: of every write that was not synced, any prefix of any subset
 * reaches the medium, and holes read as zeros. Names survive, as the port promises.
 */
import type { Disk, DiskFile } from '../../src/store/disk.ts'

export type MemoryDisk = Disk & {
  /** Fails the nth write or sync from now with `code`; a failing write first takes `took` bytes. */
  failWrite(nth: number, code: string, took: number): void
  failSync(nth: number, code: string): void
  /** Takes at most this many bytes in one write. */
  shortWrites(most: number): void
  /** Loses what was not synced: `keep` says how many bytes of each unsynced write survive. */
  crash(keep: (length: number) => number): void
  /** What is at a path now; undefined when nothing is. */
  contents(path: string): Uint8Array | undefined
  put(path: string, bytes: Uint8Array): void
  paths(): string[]
  syncs(): number
}

type Unsynced = { at: number; bytes: Uint8Array }
type Node = { live: Uint8Array; durable: Uint8Array; unsynced: Unsynced[] }
type Plan = { after: number; code: string; took: number }

export function memoryDisk(): MemoryDisk {
  const files = new Map<string, Node>()
  let writePlan: Plan | undefined
  let syncPlan: Plan | undefined
  let most = Number.MAX_SAFE_INTEGER
  let life = 0
  let syncs = 0

  function due(plan: Plan | undefined): plan is Plan {
    return plan !== undefined && --plan.after <= 0
  }

  function fileOf(node: Node): DiskFile {
    const born = life
    let closed = false
    const check = (): void => {
      if (closed || born !== life) throw failure('EBADF')
    }
    return {
      async size() {
        check()
        return node.live.length
      },
      async read(at, length) {
        check()
        return node.live.slice(at, at + length)
      },
      async write(bytes, at) {
        check()
        if (due(writePlan)) {
          const { code, took } = writePlan
          writePlan = undefined
          put(node, at, bytes.slice(0, took))
          throw failure(code)
        }
        const taken = bytes.slice(0, most)
        put(node, at, taken)
        return taken.length
      },
      async sync() {
        check()
        if (due(syncPlan)) {
          const { code } = syncPlan
          // Once only, and then the disk is well again: the worst kind for who asks twice.
          syncPlan = undefined
          throw failure(code)
        }
        // As on a real disk, others may write while the sync is under way; they are not covered.
        const covered = node.live.slice()
        const count = node.unsynced.length
        await Promise.resolve()
        check()
        node.durable = covered
        node.unsynced = node.unsynced.slice(count)
        syncs++
      },
      async truncate(size) {
        check()
        node.live = node.live.slice(0, size)
        node.durable = node.durable.slice(0, size)
        node.unsynced = []
      },
      async close() {
        closed = true
      },
    }
  }

  return {
    async open(path, how) {
      const known = files.get(path)
      if (known !== undefined && how === 'new') throw failure('EEXIST')
      if (known === undefined && (how === 'existing' || how === 'reading')) throw failure('ENOENT')
      const node = known ?? { live: new Uint8Array(), durable: new Uint8Array(), unsynced: [] }
      files.set(path, node)
      return fileOf(node)
    },
    async rename({ from, to, over }) {
      const node = files.get(from)
      if (node === undefined) throw failure('ENOENT')
      if (over === 'refuse' && files.has(to)) throw failure('EEXIST')
      files.delete(from)
      files.set(to, node)
    },
    async remove(path) {
      if (!files.delete(path)) throw failure('ENOENT')
    },

    failWrite: (nth, code, took) => void (writePlan = { after: nth, code, took }),
    failSync: (nth, code) => void (syncPlan = { after: nth, code, took: 0 }),
    shortWrites: bytes => void (most = bytes),
    crash(keep) {
      life++
      writePlan = syncPlan = undefined
      for (const node of files.values()) {
        const survivor = { live: node.durable, durable: node.durable, unsynced: [] }
        for (const { at, bytes } of node.unsynced) {
          const kept = Math.min(bytes.length, keep(bytes.length))
          if (kept > 0) put(survivor, at, bytes.slice(0, kept))
        }
        Object.assign(node, { live: survivor.live, durable: survivor.live.slice(), unsynced: [] })
      }
    },
    contents: path => files.get(path)?.live.slice(),
    put: (path, bytes) =>
      void files.set(path, { live: bytes.slice(), durable: bytes.slice(), unsynced: [] }),
    paths: () => [...files.keys()].sort(),
    syncs: () => syncs,
  }
}

function put(node: Node, at: number, bytes: Uint8Array): void {
  const wide = new Uint8Array(Math.max(node.live.length, at + bytes.length))
  wide.set(node.live)
  wide.set(bytes, at)
  node.live = wide
  node.unsynced.push({ at, bytes })
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}
