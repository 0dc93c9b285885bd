/**
 * The auth log in memory: every op whose parents are here, in an order in which parents come first.
 *
 * What it takes in depends on the bytes of an op and of its past only, so all peers take the same
 * ops, whatever the order they arrive in. What an op is worth is `evaluate`'s question.
 */
import type { Hash, PublicKey, RoomId } from '../brand.ts'
import type { Verify } from '../crypto.ts'
import {
  AUTH_HEADS_MAX,
  AUTH_OPS_MAX,
  AUTH_PENDING_MAX_BYTES,
  AUTH_PENDING_MAX_OPS,
} from '../limits.ts'
import { type Bits, holds, include, union } from './bits.ts'
import { type Past, faultOf, namedBy } from './check.ts'
import { isSoundKey } from './ed25519.ts'
import { type SignedOp, decodeOp } from './op.ts'

/** An op that is in the log, and where. */
export type Entry = SignedOp & {
  /** Its place in this peer's order; another peer has another. */
  readonly index: number
  /** The places of all ops before it. */
  readonly past: Bits
  /** The longest way to the genesis, in ops. The same on every peer. */
  readonly depth: number
}

export type Added =
  /** `released` are the ops that only waited for this one, parents first. */
  | { readonly kind: 'accepted'; readonly op: Entry; readonly released: readonly Entry[] }
  | { readonly kind: 'duplicate' }
  /** Held until these arrive. */
  | { readonly kind: 'pending'; readonly missing: readonly Hash[] }
  /** Not held: there is no room for it. To be sent again. */
  | { readonly kind: 'full'; readonly why: string }
  | { readonly kind: 'invalid'; readonly why: string }

/** The log of one room, which only grows; the order of its entries is this peer's own. */
export class AuthLog {
  readonly room: RoomId
  readonly #isSound: (key: PublicKey) => boolean
  readonly #entries: Entry[] = []
  readonly #byId = new Map<Hash, Entry>()
  readonly #heads = new Set<Hash>()
  readonly #namers = new Map<PublicKey, Entry[]>()
  readonly #pending = new Map<Hash, SignedOp>()
  readonly #waiting = new Map<Hash, Set<Hash>>()
  #pendingBytes = 0

  constructor(room: RoomId, isSound: (key: PublicKey) => boolean = isSoundKey) {
    this.room = room
    this.#isSound = isSound
  }

  /** Takes one op in. The same bytes twice are a duplicate, never an error. */
  add(bytes: Uint8Array, verify: Verify): Added {
    const decoded = decodeOp(bytes)
    if (decoded.kind === 'malformed') return invalid(`Not an auth op: ${decoded.why}.`)

    const signed = decoded.value
    if (this.#byId.has(signed.id)) return { kind: 'duplicate' }
    if (signed.op.room !== this.room) return invalid(`The op belongs to room ${signed.op.room}.`)

    const missing = signed.op.parents.filter(parent => !this.#byId.has(parent))
    if (missing.length > 0) return this.#hold(signed, missing)

    const fault = this.#accept(signed, verify)
    if (fault !== undefined) return fault
    return { kind: 'accepted', op: this.#last(), released: this.#release(signed.id, verify) }
  }

  /** Ops that no other op of the log has seen yet, ascending. */
  heads(): Hash[] {
    return [...this.#heads].sort()
  }

  /**
   * The heads that the next op or change should name: all, or where they are too many, a choice
   * that has `after` in its past and so never goes back.
   */
  parents(after: readonly Hash[] = []): Hash[] {
    const heads = this.heads()
    if (heads.length <= AUTH_HEADS_MAX) return heads

    const newest = heads.map(id => this.#at(id)).sort((a, b) => b.depth - a.depth || order(a, b))
    const needed = after.flatMap(id => newest.find(head => this.covers([head.id], [id])) ?? [])
    const chosen = new Set([...needed, ...newest].map(entry => entry.id))
    return [...chosen].slice(0, AUTH_HEADS_MAX).sort()
  }

  has(id: Hash): boolean {
    return this.#byId.has(id)
  }

  entry(id: Hash): Entry | undefined {
    return this.#byId.get(id)
  }

  bytesOf(id: Hash): Uint8Array | undefined {
    return this.#byId.get(id)?.bytes
  }

  /** Every op, parents first. */
  ops(): readonly Entry[] {
    return this.#entries
  }

  /** The bytes of what someone with these heads lacks, parents first; unknown heads say nothing. */
  lacking(theirHeads: readonly Hash[]): Uint8Array[] {
    const theirs = this.closure(theirHeads)
    return this.#entries.filter(({ index }) => !holds(theirs, index)).map(({ bytes }) => bytes)
  }

  /** Whether each of `earlier`, all of them in the log, is one of `later` or in their past. */
  covers(later: readonly Hash[], earlier: readonly Hash[]): boolean {
    const known = this.closure(later)
    return earlier.every(id => {
      const entry = this.#byId.get(id)
      return entry !== undefined && holds(known, entry.index)
    })
  }

  /** The places of the given ops and of all before them; unknown ids add nothing. */
  closure(ids: readonly Hash[]): Bits {
    const entries = ids.flatMap(id => this.#byId.get(id) ?? [])
    const all = union(this.#entries.length, ...entries.map(entry => entry.past))
    for (const entry of entries) include(all, entry.index)
    return all
  }

  #hold(signed: SignedOp, missing: readonly Hash[]): Added {
    const { id, bytes } = signed
    if (this.#pending.has(id)) return { kind: 'pending', missing }
    const size = this.#pendingBytes + bytes.length
    if (this.#pending.size >= AUTH_PENDING_MAX_OPS || size > AUTH_PENDING_MAX_BYTES) {
      return { kind: 'full', why: 'Too many auth ops wait for their parents; send parents first.' }
    }
    this.#pending.set(id, signed)
    this.#pendingBytes = size
    for (const parent of missing) {
      const children = this.#waiting.get(parent) ?? new Set()
      this.#waiting.set(parent, children.add(id))
    }
    return { kind: 'pending', missing }
  }

  /** Puts an op whose parents are here at the end of the log, or says why not. */
  #accept(signed: SignedOp, verify: Verify): Exclude<Added, { kind: 'accepted' }> | undefined {
    if (this.#entries.length >= AUTH_OPS_MAX) {
      return { kind: 'full', why: `The auth log of this room holds ${AUTH_OPS_MAX} ops.` }
    }
    const { parents } = signed.op
    const past = this.closure(parents)
    const why = faultOf(signed, { past: this.#pastOf(past), verify, isSound: this.#isSound })
    if (why !== undefined) return invalid(why)

    const depth = 1 + Math.max(-1, ...parents.map(parent => this.#at(parent).depth))
    const entry: Entry = { ...signed, index: this.#entries.length, past, depth }
    this.#entries.push(entry)
    this.#byId.set(entry.id, entry)
    for (const parent of parents) this.#heads.delete(parent)
    this.#heads.add(entry.id)
    const key = namedBy(entry.op)
    if (key !== undefined) this.#namers.set(key, [...(this.#namers.get(key) ?? []), entry])
    return undefined
  }

  #release(id: Hash, verify: Verify): Entry[] {
    const released: Entry[] = []
    const arrived = [id]
    for (let parent = arrived.shift(); parent !== undefined; parent = arrived.shift()) {
      const children = [...(this.#waiting.get(parent) ?? [])].sort()
      this.#waiting.delete(parent)
      for (const child of children) {
        const signed = this.#pending.get(child)
        if (signed === undefined || signed.op.parents.some(p => !this.#byId.has(p))) continue
        this.#pending.delete(child)
        this.#pendingBytes -= signed.bytes.length
        if (this.#accept(signed, verify) !== undefined) continue
        released.push(this.#last())
        arrived.push(child)
      }
    }
    return released
  }

  #pastOf(past: Bits): Past {
    return {
      find: id => {
        const entry = this.#byId.get(id)
        return entry !== undefined && holds(past, entry.index) ? entry.op : undefined
      },
      names: key => (this.#namers.get(key) ?? []).some(({ index }) => holds(past, index)),
      isKnownSound: key => this.#namers.has(key),
    }
  }

  #at(id: Hash): Entry {
    const entry = this.#byId.get(id)
    if (entry === undefined) throw new Error(`bug: op ${id} is not in the log`)
    return entry
  }

  #last(): Entry {
    return this.#entries.at(-1) as Entry
  }
}

/** An order of ops that every peer agrees on and in which parents come first. */
export function order(a: Entry, b: Entry): number {
  return a.depth - b.depth || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}

function invalid(why: string): Extract<Added, { kind: 'invalid' }> {
  return { kind: 'invalid', why }
}
