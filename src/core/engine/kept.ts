/**
 * Volumes as they stand in a log: what a volume began with, in parts, then the word that it has
 * begun. Until that word is on disk the volume before goes on, whatever parts are there.
 *
 *     carried   uint volume ‖ uint at ‖ bytes
 *     owed      uint volume ‖ own facts of the volume before, in the order of their writing
 *     volume    uint number ‖ id of the cut's record
 */
import type { ActorId, Hash, RoomId } from '../brand.ts'
import { decode, type Decoded, type Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import {
  CARRIED_MAX_BYTES,
  CARRIED_MAX_FACTS,
  CARRIED_PART_BYTES,
  FACT_MAX_BYTES,
  OP_NUMBER_MAX,
} from '../limits.ts'
import { decodeCarried } from '../room/carried.ts'
import { openNext, openVolume, type Volume } from '../room/genesis.ts'
import type { Origin } from '../room/origin.ts'
import { TOPICS } from '../room/topics.ts'
import { restoreChain } from './chain.ts'
import type { StoreEntry } from './effect.ts'
import type { Engine } from './state.ts'
import { foldCarried, restoreChange } from './streams.ts'

/** What was read of a log so far. */
export type Kept = {
  number: number
  cut: Hash | undefined
  carried: Uint8Array
  owed: Origin[]
  /** Parts of the next volume. */
  next: { parts: Uint8Array[]; owed: Origin[] }
  /** Changes of the volume, and of those before as far as the log still has them. */
  changes: KeptChange[]
}

/** A change as the log has it. */
export type KeptChange = {
  readonly volume: number
  readonly bytes: Uint8Array
  readonly signature: Uint8Array | undefined
}

/** What all entries of a log say about its volume; one that does not read is a bug. */
export function keptOf(entries: readonly StoreEntry[]): Kept {
  const kept = openKept()
  for (const entry of entries) {
    if (!isAboutVolumes(entry)) continue
    const why = keepEntry(kept, entry)
    if (why !== undefined) throw new Error(`bug: kept ${why}`)
  }
  return kept
}

/** Whether an entry is a change, or about the volume of changes. */
export function isAboutVolumes({ kind }: StoreEntry): boolean {
  return kind === 'change' || kind === 'carried' || kind === 'owed' || kind === 'volume'
}

/** Nothing read yet. */
export function openKept(): Kept {
  const next = { parts: [], owed: [] }
  return { number: 0, cut: undefined, carried: new Uint8Array(), owed: [], next, changes: [] }
}

/** The entries with which a volume begins. */
export function begunEntries(begun: {
  number: number
  cut: Hash
  carried: Uint8Array
  owed: readonly Origin[]
}): StoreEntry[] {
  const { number, cut, carried, owed } = begun
  const entries: StoreEntry[] = []
  for (let at = 0; at === 0 || at < carried.length; at += CARRIED_PART_BYTES) {
    const part = carried.subarray(at, at + CARRIED_PART_BYTES)
    const bytes = new Writer().uint(number).uint(at).raw(part).done()
    entries.push({ kind: 'carried', bytes })
  }
  for (const part of inParts(owed)) {
    const w = new Writer().uint(number)
    w.list(part, (origin) => writeOrigin(w, origin))
    entries.push({ kind: 'owed', bytes: w.done() })
  }
  return [...entries, { kind: 'volume', bytes: new Writer().uint(number).id(cut).done() }]
}

/** Takes the next entry of a log about volumes; answers what is wrong with it, or undefined. */
export function keepEntry(kept: Kept, entry: StoreEntry): string | undefined {
  const read = readEntry(kept, entry)
  return read.kind === 'malformed' ? `${entry.kind}: ${read.why}` : undefined
}

/** The volume that a log is in. */
export function volumeKept(room: RoomId, { number, cut, carried }: Kept): Volume {
  if (cut === undefined) return openVolume(room, number)
  return openNext(room, { number, cut, facts: factsOf(carried) })
}

/** Puts back all that the log has of its volume, and what the chain confirmed. */
export function restoreKept(engine: Engine, kept: Kept): void {
  engine.owed = kept.owed
  if (kept.cut !== undefined) {
    engine.carried = { bytes: kept.carried, facts: factsOf(kept.carried) }
    foldCarried(engine)
  }
  for (const change of kept.changes) {
    if (change.volume === kept.number) restoreChange(engine, change)
  }
  restoreChain(engine)
}

function factsOf(carried: Uint8Array): Origin[] {
  const read = decodeCarried(carried)
  if (read.kind === 'malformed') throw new Error(`bug: kept a carried state: ${read.why}`)
  return read.value
}

function readEntry(kept: Kept, entry: StoreEntry): Decoded<void> {
  if (entry.kind === 'change') {
    const { volume, bytes, signature } = entry
    kept.changes.push({ volume, bytes: bytes.slice(), signature: signature?.slice() })
    return { kind: 'ok', value: undefined }
  }
  return decode(entry.bytes, (r) => {
    if (entry.kind === 'carried') return takePart(kept, r)
    if (entry.kind === 'owed') return takeOwed(kept, r)
    if (entry.kind !== 'volume') throw new Error(`bug: ${entry.kind} is not about a volume`)
    const { next } = kept
    kept.number = r.uint(OP_NUMBER_MAX)
    kept.cut = r.id<Hash>(32)
    kept.carried = joined(next.parts)
    kept.owed = next.owed
    kept.next = { parts: [], owed: [] }
    kept.changes = kept.changes.filter(({ volume }) => volume >= kept.number)
  })
}

/** The first part says that whatever stands before it was not finished. */
function takePart({ next }: Kept, r: Reader): void {
  r.uint(OP_NUMBER_MAX)
  const at = r.uint(CARRIED_MAX_BYTES)
  if (at === 0) Object.assign(next, { parts: [], owed: [] })
  next.parts.push(r.rest().slice())
}

function takeOwed({ next }: Kept, r: Reader): void {
  r.uint(OP_NUMBER_MAX)
  next.owed.push(...r.list(CARRIED_MAX_FACTS, () => readOrigin(r)))
}

function writeOrigin(w: Writer, { place: { actor, topic, n }, value }: Origin): void {
  w.id(actor).u8(TOPICS.indexOf(topic)).uint(n).text(value)
}

function readOrigin(r: Reader): Origin {
  const actor = r.id<ActorId>(40)
  const topic = TOPICS[r.u8()] ?? r.fail('no topic')
  return { place: { actor, topic, n: r.uint() }, value: r.text(FACT_MAX_BYTES) }
}

function inParts(owed: readonly Origin[]): Origin[][] {
  const parts: Origin[][] = []
  let size = Infinity
  for (const origin of owed) {
    if (size > CARRIED_PART_BYTES) {
      parts.push([])
      size = 0
    }
    parts.at(-1)?.push(origin)
    size += origin.value.length + 64
  }
  return parts
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const w = new Writer()
  for (const part of parts) w.raw(part)
  return w.done()
}
