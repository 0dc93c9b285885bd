/**
 * The vectors of test/vectors/sync.json, for whoever writes knot again in another language:
 * `node test/core/sync/vectors.ts > test/vectors/sync.json` after a change of format.
 */
import { hex } from '../../../src/core/bytes/text.ts'
import { Writer } from '../../../src/core/bytes/writer.ts'
import { factId, type Place } from '../../../src/core/room/facts.ts'
import { type Beat, encodeBeat } from '../../../src/core/sync/beat.ts'
import { decodeFrame, encodeFrame, type Frame } from '../../../src/core/sync/wire.ts'
import { alice, bob, room } from '../room/cast.ts'
import { frames } from './frames.ts'

/** A beat of somebody who reaches far, and one of somebody who does not. */
export const beats: readonly Beat[] = [
  {
    actor: alice.actor,
    counter: 1_700_000_000_000,
    addresses: ['192.168.1.7:7117', '[fe80::1%en0]:7117'],
    integrates: 'yes',
  },
  { actor: alice.actor, counter: 0, addresses: [], integrates: 'no' },
]

const places: readonly Place[] = [
  { actor: alice.actor, topic: 'refs', n: 0 },
  { actor: alice.actor, topic: 'chat', n: 127 },
  { actor: bob.actor, topic: 'verdicts', n: 128 },
]

/** Bytes that no reader takes, by what is wrong with them. */
function refused(): { wrong: string; bytes: Uint8Array }[] {
  const [hello] = frames.map(encodeFrame) as [Uint8Array]
  const actor = new Uint8Array(40)
  const run = new Writer().u8(3).uint(0).raw(actor).uint(1)
  const want = new Writer().u8(5).uint(0).uint(2).raw(actor).uint(0)
  const held = new Writer().u8(8).uint(1)
  return [
    { wrong: 'nothing', bytes: new Uint8Array() },
    { wrong: 'an unknown kind', bytes: Uint8Array.of(12) },
    { wrong: 'another version', bytes: Uint8Array.of(1, 1) },
    { wrong: 'a frame that is cut', bytes: hello.subarray(0, -1) },
    { wrong: 'a frame that goes on', bytes: Uint8Array.of(...hello, 0) },
    { wrong: 'a count not in its shortest form', bytes: Uint8Array.of(4, 0x80, 0) },
    { wrong: 'a run of no changes', bytes: run.uint(0).raw(new Uint8Array(64)).done() },
    { wrong: 'a want of one stream twice', bytes: want.raw(actor).uint(0).done() },
    { wrong: 'a fact id of 15 digits', bytes: held.text('a'.repeat(15)).done() },
  ]
}

export function makeVectors() {
  return {
    note: 'Bytes are hex. Keys sign by Ed25519; the room of the beats is the one named here.',
    room,
    author: alice.key,
    frames: frames.map((frame) => ({ frame: shown(frame), bytes: hex(encodeFrame(frame)) })),
    refused: refused().map(({ wrong, bytes }) => ({ wrong, bytes: hex(bytes) })),
    beats: beats.map((beat) => ({ beat, bytes: hex(encodeBeat(room, beat, alice)) })),
    facts: places.map((place) => ({ ...place, id: factId(place) })),
  }
}

/** A frame with its bytes as hex. */
export function shown(frame: Frame): unknown {
  const plain = (_: string, value: unknown) => (value instanceof Uint8Array ? hex(value) : value)
  return JSON.parse(JSON.stringify(frame, plain))
}

/** Why a reader refuses bytes; undefined when it takes them. */
export function whyNot(bytes: Uint8Array): string | undefined {
  const read = decodeFrame(bytes)
  return read.kind === 'malformed' ? read.why : undefined
}

if (import.meta.main) console.log(JSON.stringify(makeVectors(), undefined, 1))
