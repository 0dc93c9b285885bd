/**
 * What this life of the agent has signed, as two files of its disk say independently.
 *
 * **No sequence is ever signed twice with different bytes, whatever prefix of either file
 * survives.** A change is on disk in room.log, then its seq and hash in journal.log, and only then
 * it leaves. A room.log that lost its tail is behind its witness in the journal. A journal that
 * lost its tail, and with it perhaps a whole life, names another life than room.log. Either way the
 * old life is over. Both files of one earlier moment agree: what peers hold tells that one.
 */
import type { Hash } from '../brand.ts'
import { decode, type Decoded } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import { OP_NUMBER_MAX } from '../limits.ts'

/** The last change that a life signed. */
export type Signed = { readonly volume: number; readonly seq: number; readonly hash: Hash }

/** What the logs say of this life. */
export type Witness = {
  /** By journal.log. */
  readonly incarnation: string
  /** By room.log; undefined when it names none. */
  readonly life: string | undefined
  /** The last that journal.log names for this incarnation. */
  readonly signed: Signed | undefined
  /** Why the term chain cannot go on in this incarnation. */
  readonly rolledBack: string | undefined
}

/** The journal's entry for a change that is about to leave; the first volume is not named. */
export function encodeSigned({ volume, seq, hash }: Signed): Uint8Array {
  const w = new Writer().uint(seq).id(hash)
  return (volume === 0 ? w : w.uint(volume)).done()
}

/** Reads such an entry. */
export function decodeSigned(bytes: Uint8Array): Decoded<Signed> {
  return decode(bytes, (reader) => {
    const [seq, hash] = [reader.uint(OP_NUMBER_MAX), reader.id<Hash>(32)]
    const volume = reader.done ? 0 : reader.uint(OP_NUMBER_MAX)
    return { volume, seq, hash }
  })
}

/** All that the journal says of this life: its incarnation, its words, and its last change. */
export function encodeEssence(all: {
  incarnation: string
  words: readonly Uint8Array[]
  signed: Signed | undefined
}): Uint8Array {
  const { incarnation, words, signed } = all
  const w = new Writer().id(incarnation)
  w.list(words, (word) => w.bytes(word))
  return w.list(signed === undefined ? [] : [encodeSigned(signed)], (one) => w.bytes(one)).done()
}

/** Why the disk may hold less than this life has signed; undefined when it holds all of it. */
export function whyOld(
  { incarnation, life, signed, rolledBack }: Witness,
  { volume, hashAt }: { volume: number; hashAt: (seq: number) => Hash | undefined },
): string | undefined {
  if (rolledBack !== undefined) return rolledBack
  if (life !== incarnation) {
    return `room.log is of incarnation ${life ?? 'none'} and journal.log of ${incarnation}`
  }
  // A log that is in a later volume was written after all that was signed in this one.
  if (signed === undefined || signed.volume < volume) return undefined
  if (signed.volume === volume && hashAt(signed.seq) === signed.hash) return undefined
  return `journal.log says that change ${signed.seq} was signed, and room.log does not have it`
}
