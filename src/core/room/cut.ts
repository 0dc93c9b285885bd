/**
 * A cut: the record of the term chain that ends one volume and begins the next.
 *
 * It says how much of each stream counts for what is carried over, and the hash of that. Nobody
 * else is believed about either.
 */
import type { ActorId, Hash } from '../brand.ts'
import { decode, type Decoded, type Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import {
  AUTH_HEADS_MAX,
  CARRIED_MAX_BYTES,
  CUT_MAX_BYTES,
  FRONTIER_MAX,
  OP_NUMBER_MAX,
} from '../limits.ts'

/** The last change of a stream that counts. */
export type Reached = { readonly actor: ActorId; readonly seq: number; readonly hash: Hash }

export type Cut = {
  /** Of the volume that ends. */
  readonly number: number
  /** By actor, ascending; of a stream that is not among them nothing counts. */
  readonly frontier: readonly Reached[]
  /** The auth heads that the leader knew, ascending. */
  readonly heads: readonly Hash[]
  /** Which facts are carried over; 1 is the rule of `carried.ts`. */
  readonly rule: 1
  /** The hash of the carried state, and how many bytes it has. */
  readonly carried: Hash
  readonly size: number
}

/** The payload of a cut's record. */
export function encodeCut({ number, rule, carried, size, heads, frontier }: Cut): Uint8Array {
  const w = new Writer().uint(number).uint(rule).id(carried).uint(size)
  w.list(heads, (head) => w.id(head))
  w.list(frontier, ({ actor, seq, hash }) => w.id(actor).uint(seq).id(hash))
  return w.done()
}

/** Reads such a payload; refuses every other spelling of one cut. */
export function decodeCut(bytes: Uint8Array): Decoded<Cut> {
  return decode(bytes, (r): Cut => {
    if (bytes.length > CUT_MAX_BYTES) r.fail(`a cut of ${bytes.length} bytes`)
    const number = r.uint(OP_NUMBER_MAX)
    const rule = r.uint()
    if (rule !== 1) return r.fail(`rule ${rule} is of a newer knot`)
    const carried = r.id<Hash>(32)
    const size = r.uint(CARRIED_MAX_BYTES)
    const heads = ascending(r, r.list(AUTH_HEADS_MAX, () => r.id<Hash>(32)), (head) => head)
    const frontier = r.list(FRONTIER_MAX, () => readReached(r))
    return { number, rule, carried, size, heads, frontier: ascending(r, frontier, actorOf) }
  })
}

function readReached(r: Reader): Reached {
  const actor = r.id<ActorId>(40)
  const seq = r.uint(OP_NUMBER_MAX)
  return seq === 0 ? r.fail('no change has seq 0') : { actor, seq, hash: r.id<Hash>(32) }
}

function actorOf({ actor }: Reached): string {
  return actor
}

function ascending<T>(r: Reader, items: T[], keyOf: (item: T) => string): T[] {
  const wrong = items.some((item, at) => at > 0 && keyOf(item) <= keyOf(items[at - 1] as T))
  return wrong ? r.fail('out of order') : items
}
