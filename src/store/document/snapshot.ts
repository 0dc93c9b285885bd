/**
 * The saved document: a cache, and it says what it is a cache of.
 *
 *   file = "knotdoc1" ‖ SHA-256 of the genesis ‖ u64le count ‖ digest ‖ Automerge's bytes
 *   digest = SHA-256 of the first `count` changes, each behind its length in u32le
 *
 * It is used only when the replayed changes begin with exactly those: a snapshot that holds a
 * change which a seal has since cut off does not match, and the document is built anew.
 */
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { utf8 } from '../../core/bytes/text.ts'

/** How far a document is: which changes it was given, in their order. */
export class Progress {
  readonly genesis: Uint8Array
  #count = 0
  #hash: Hash = createHash('sha256')

  constructor(genesis: Uint8Array) {
    this.genesis = genesis
  }

  get count(): number {
    return this.#count
  }

  /** Takes note of changes given to the document. */
  add(changes: readonly Uint8Array[]): void {
    const length = new Uint8Array(4)
    for (const change of changes) {
      new DataView(length.buffer).setUint32(0, change.length, true)
      this.#hash.update(length).update(change)
    }
    this.#count += changes.length
  }

  /** The header of a snapshot taken now. */
  header(): Uint8Array {
    const header = new Uint8Array(HEADER_BYTES)
    header.set(MAGIC)
    header.set(createHash('sha256').update(this.genesis).digest(), 8)
    new DataView(header.buffer).setBigUint64(40, BigInt(this.#count), true)
    header.set(this.#hash.copy().digest(), 48)
    return header
  }
}

export type Snapshot = { header: Uint8Array; count: number; saved: Uint8Array }

/** The bytes of a snapshot file. */
export function snapshotFile(header: Uint8Array, saved: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(header.length + saved.length)
  bytes.set(header)
  bytes.set(saved, header.length)
  return bytes
}

/** Reads a snapshot file; undefined when it is none of this format. */
export function parseSnapshot(bytes: Uint8Array): Snapshot | undefined {
  if (bytes.length <= HEADER_BYTES || !MAGIC.every((byte, at) => byte === bytes[at]))
    return undefined
  const header = bytes.slice(0, HEADER_BYTES)
  const count = Number(new DataView(header.buffer).getBigUint64(40, true))
  // A buffer of its own, because it is handed to the worker.
  return { header, count, saved: bytes.slice(HEADER_BYTES) }
}

/** Whether the snapshot was taken of exactly what was given so far. */
export function isTakenAt(snapshot: Snapshot, progress: Progress): boolean {
  return snapshot.header.every((byte, at) => byte === progress.header()[at])
}

const MAGIC = utf8('knotdoc1')
const HEADER_BYTES = 80
