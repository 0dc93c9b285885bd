/** What is remembered of peers: addresses, on disk; when each was heard, in this life only. */
import type { Instant, PublicKey } from '../core/brand.ts'
import { REMEMBER_MS } from '../core/limits.ts'
import { nodeDisk } from '../store/node-disk.ts'
import { type Peers, reached, readPeers, writePeers } from '../store/peers.ts'

/** Remembers addresses, and writes them down at most every REMEMBER_MS. */
export class Memory {
  readonly #path: string
  readonly #log: (text: string) => void
  readonly #seen = new Map<PublicKey, Instant>()
  #peers: Peers
  #timer: NodeJS.Timeout | undefined

  private constructor(path: string, peers: Peers, log: (text: string) => void) {
    this.#path = path
    this.#peers = peers
    this.#log = log
  }

  static async open(path: string, log: (text: string) => void): Promise<Memory> {
    const read = await readPeers(nodeDisk, path)
    if (read.kind === 'set-aside') log(`${path} was damaged; it lies at ${read.keptAt} now`)
    if (read.kind === 'failed') log(`${path} cannot be read: ${read.fault.why}`)
    return new Memory(path, read.peers, log)
  }

  addressesOf(key: PublicKey): readonly string[] {
    return this.#peers.get(key) ?? []
  }

  /** The port that this peer listened on last, so that links and memories of others stay true. */
  ownPort(key: PublicKey): number | undefined {
    const port = Number(/:(\d+)$/.exec(this.addressesOf(key)[0] ?? '')?.[1])
    return Number.isInteger(port) ? port : undefined
  }

  /** Notes where a peer says that it can be reached. */
  learn(key: PublicKey, addresses: readonly string[]): void {
    const known = new Set(this.addressesOf(key))
    const fresh = addresses.filter((address) => !known.has(address))
    if (fresh.length === 0) return
    // The last one learnt comes first, so the best of the list is learnt last.
    for (const address of fresh.reverse()) this.#peers = reached(this.#peers, key, address)
    this.#timer ??= setTimeout(() => void this.#write(), REMEMBER_MS)
  }

  /** Notes that a peer was heard now. */
  heard(key: PublicKey, at: Instant): void {
    this.#seen.set(key, at)
  }

  lastSeen(key: PublicKey): Instant | undefined {
    return this.#seen.get(key)
  }

  async close(): Promise<void> {
    if (this.#timer !== undefined) await this.#write()
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const written = await writePeers(nodeDisk, this.#path, this.#peers)
    if (written.kind === 'failed') this.#log(`${this.#path} was not written: ${written.fault.why}`)
  }
}
