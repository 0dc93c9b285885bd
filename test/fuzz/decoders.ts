/**
 * Every reader of bytes that come from others: on damaged bytes it never throws, keeps no more than
 * the bytes are worth, and what it takes has this one spelling.
 */
import { readFileSync } from 'node:fs'
import {
  decodeJoinAnswer,
  decodeJoinRequest,
  encodeJoinAnswer,
  encodeJoinRequest,
} from '../../src/core/auth/join.ts'
import { formatLink, parseLink } from '../../src/core/auth/link.ts'
import { decodeOp, type SignedOp } from '../../src/core/auth/op.ts'
import type { RoomId } from '../../src/core/brand.ts'
import type { Decoded } from '../../src/core/bytes/reader.ts'
import { base64url, fromHex, fromUtf8, utf8 } from '../../src/core/bytes/text.ts'
import { decodeEntry, encodeEntry } from '../../src/core/lease/journal.ts'
import {
  decodeCertificate,
  decodeMessage,
  encodeCertificate,
  encodeMessage,
} from '../../src/core/lease/message.ts'
import { decodeRecord, encodeRecord } from '../../src/core/lease/record.ts'
import { FRAME_MAX_BYTES } from '../../src/core/limits.ts'
import { decodeChange } from '../../src/core/room/decode.ts'
import { encodeChange } from '../../src/core/room/encode.ts'
import { type Facts, readFact } from '../../src/core/room/facts.ts'
import { readTopLevel } from '../../src/core/settings/toml.ts'
import { encodeBeat, readBeat } from '../../src/core/sync/beat.ts'
import { decodeFrame, encodeFrame } from '../../src/core/sync/wire.ts'
import { readWord, writeWord } from '../../src/core/sync/word.ts'
import { frameCutter, frameOf } from '../../src/mesh/frames.ts'
import { rawOp } from '../core/auth/ops.ts'
import { samples } from '../core/room/drafts.ts'
import { alice } from '../core/room/cast.ts'
import { dice, joined, mutated, type Roll } from './mutate.ts'
import { weigh } from './weigh.ts'

export type Decoder = {
  readonly name: string
  readonly samples: readonly Uint8Array[]
  /** Reads; answers the value and the bytes that it is written as again, or nothing. */
  readonly read: (bytes: Uint8Array) => { value: unknown; again: Uint8Array | undefined } | undefined
}

/** What a decoded value may weigh: ids are hex, and a run of ops is expanded to at most 1,000. */
const WEIGHT_PER_BYTE = 64
const WEIGHT_MAX_FREE = 400_000

/** Damages one sample of each decoder; answers how many were still read. Throws on a fault. */
export function fuzzDecoders(seed: number): number {
  const roll = dice(seed)
  let taken = 0
  for (const { name, samples, read } of DECODERS) {
    for (let n = 0; n < 20; n++) {
      const bytes = mutated(pick(samples, roll), pick(samples, roll), roll)
      const found = read(bytes)
      if (found === undefined) continue
      taken++
      const weight = weigh(found.value, [bytes.buffer])
      if (weight > WEIGHT_PER_BYTE * bytes.length + WEIGHT_MAX_FREE) {
        throw new Error(`${name} keeps ${weight} bytes of ${bytes.length}: ${hexOf(bytes)}`)
      }
      if (found.again !== undefined && !Buffer.from(bytes).equals(found.again)) {
        throw new Error(`${name} reads two spellings: ${hexOf(bytes)}`)
      }
    }
  }
  return taken + fuzzCutter(roll)
}

/** A stream of frames in chunks of any size gives those frames, and no length is believed. */
function fuzzCutter(roll: Roll): number {
  const bodies = Array.from({ length: roll(4) }, () => new Uint8Array(roll(300)).fill(roll(256)))
  const lie = new DataView(new ArrayBuffer(4))
  lie.setUint32(0, FRAME_MAX_BYTES + 1 + roll(2 ** 31 - FRAME_MAX_BYTES))
  const lies = roll(2) === 0
  const stream = joined(...bodies.map(frameOf), ...(lies ? [new Uint8Array(lie.buffer)] : []))
  const cutter = frameCutter()
  const found: Uint8Array[] = []
  let oversize: number | undefined
  for (let at = 0; at < stream.length && oversize === undefined; ) {
    const size = roll(9) + 1
    const cut = cutter.push(stream.subarray(at, at + size))
    found.push(...cut.frames)
    oversize = cut.oversize
    at += size
  }
  const right = found.length === bodies.length && found.every((body, n) => same(body, bodies[n]))
  if (!right || (oversize !== undefined) !== lies) throw new Error('the cutter lost a frame')
  return found.length
}

type Vectors = Record<string, unknown>
const vectors = (name: string): Vectors =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')) as Vectors
const [auth, chain, sync, room] = ['auth', 'chain', 'sync', 'room'].map(vectors) as [
  Vectors, Vectors, Vectors, Vectors,
]

const bytesOf = (text: string): Uint8Array => fromHex(text) as Uint8Array
/** Every string below `bytes`, or every string, of a part of the vectors. */
const each = (part: unknown): Uint8Array[] =>
  Object.values(part as Record<string, { bytes: string } | string>).map((one) =>
    bytesOf(typeof one === 'string' ? one : one.bytes))

const roomId = room['room'] as RoomId
const always = () => true
/** A signer whose signature is already there. */
const signedAs = (signature: Uint8Array) => ({ key: alice.key, sign: () => signature })

const word = writeWord(roomId, {
  actor: alice.actor, n: 7, commit: '5'.repeat(40) as never, base: '6'.repeat(40) as never, at: 9 as never,
}, alice)

function of<T>(
  name: string,
  samples: readonly Uint8Array[],
  { decode, encode }: { decode: (bytes: Uint8Array) => Decoded<T>; encode: (value: T) => Uint8Array },
): Decoder {
  return {
    name,
    samples,
    read(bytes) {
      const read = decode(bytes)
      if (read.kind !== 'ok') return undefined
      return { value: read.value, again: encode(read.value) }
    },
  }
}

const join = auth['join'] as { bytes: string; answers: { bytes: string }[] }
const link = (auth['link'] as { text: string }).text

export const DECODERS: readonly Decoder[] = [
  of('frame', each(sync['frames']), { decode: decodeFrame, encode: encodeFrame }),
  of('lease message', each(chain['messages']), { decode: decodeMessage, encode: encodeMessage }),
  of('record', each(chain['records']), { decode: decodeRecord, encode: encodeRecord }),
  of('journal entry', each(chain['journal']), { decode: decodeEntry, encode: encodeEntry }),
  of('certificate', [bytesOf(chain['certificate'] as string)], {
    decode: decodeCertificate, encode: encodeCertificate,
  }),
  of('auth op', each(auth['ops']), { decode: decodeOp, encode: encodeOp }),
  of('join request', [bytesOf(join.bytes)], { decode: decodeJoinRequest, encode: encodeJoinRequest }),
  of('join answer', each(join.answers), { decode: decodeJoinAnswer, encode: encodeJoinAnswer }),
  {
    name: 'change',
    samples: each(room['changes']),
    read(bytes) {
      const read = decodeChange(bytes)
      return read.kind === 'ok' ? { value: read, again: encodeChange(read.change).bytes } : undefined
    },
  },
  {
    name: 'beat',
    samples: each(sync['beats']),
    read(bytes) {
      const beat = readBeat(roomId, bytes, always)
      if (beat === undefined) return undefined
      return { value: beat, again: encodeBeat(roomId, beat, signedAs(bytes.slice(-64))) }
    },
  },
  {
    name: 'word',
    samples: [Uint8Array.from(Buffer.from(word, 'base64url'))],
    read(bytes) {
      const read = readWord(roomId, base64url(bytes), always)
      if (read === undefined) return undefined
      const again = writeWord(roomId, read, signedAs(bytes.slice(-64)))
      return { value: read, again: Uint8Array.from(Buffer.from(again, 'base64url')) }
    },
  },
  {
    name: 'link',
    samples: [utf8(link), utf8(`${link.split('/', 3).join('/')}`)],
    read(bytes) {
      const read = parseLink(fromUtf8(bytes) ?? '')
      if (read.kind !== 'link') return undefined
      // Quotes, spaces and empty addresses around it are let go: what is read is read again.
      const again = parseLink(formatLink(read.link))
      if (again.kind !== 'link') throw new Error('a link does not read back')
      return { value: read, again: undefined }
    },
  },
  {
    name: 'fact',
    samples: Object.values(samples).flat().map((fact) => utf8(JSON.stringify(fact))),
    read(bytes) {
      const text = fromUtf8(bytes) ?? ''
      const topics = Object.keys(samples) as (keyof Facts)[]
      const value = topics.map((topic) => readFact(topic, text)).find((fact) => fact !== undefined)
      return value === undefined ? undefined : { value, again: undefined }
    },
  },
  {
    name: 'settings',
    samples: [utf8('# checks\n[review]\nask = ["a", "b"]\nms = 5\non = true\ntext = "é\\n"\n')],
    read(bytes) {
      const value = readTopLevel(fromUtf8(bytes) ?? '')
      return { value, again: undefined }
    },
  },
]

/** An op written anew from what was read of it, with the signature that it came with. */
function encodeOp({ op, bytes }: SignedOp): Uint8Array {
  return rawOp(op, bytes.slice(-64))
}

function pick<T>(from: readonly T[], roll: Roll): T {
  return from[roll(from.length)] as T
}

function same(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && Buffer.from(a).equals(b)
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 400)).toString('hex')
}
