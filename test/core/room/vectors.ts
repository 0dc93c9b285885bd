/**
 * The vectors of test/vectors/room.json, for whoever writes knot again in another language:
 * `node test/core/room/vectors.ts > test/vectors/room.json` after a change of format.
 */
import { fromHex, hex } from '../../../src/core/bytes/text.ts'
import type { Hash } from '../../../src/core/brand.ts'
import type { Run } from '../../../src/core/room/gate.ts'
import { signingBytes } from '../../../src/core/room/stream.ts'
import { alice, chat, later, now, pen, room, volume, write, written } from './cast.ts'
import { POISON } from './poison.ts'
import { run, signed } from './reader.ts'

/** A run in hex, and what becomes of it in a stream that holds `held`. */
type Vector = {
  name: string
  held: string[]
  changes: string[]
  signature: string
  verdict: object
}

const REFUSED = [
  'startOp too high',
  'a map that no op made',
  'an overwrite',
  'a __proto__ key',
  'a map of another author',
  'an unknown topic',
  'maps without a fact',
  'no heads at all',
  'a beginning outside the volume',
  'two predecessors',
  'heads out of order',
  'a predecessor op',
  'a uint as a value',
  '10^9 ops in few bytes',
  'a run of one',
  'a seq in a longer spelling',
  'extra bytes in the change',
  'a flipped checksum',
  'a deflated chunk',
]

export function makeVectors() {
  const page = pen(alice)
  write(page, [chat('hello')])
  write(page, [chat('again'), { topic: 'tasks', value: '{"title":"tëst"}' }])
  write(page, [chat('under later heads')], later)
  write(page, Array.from({ length: 300 }, (_, i) => ({ topic: 'notes', value: `{"n":${i}}` })))

  const changes = page.changes.map((bytes, i) => {
    const hash = page.hashes[i] as Hash
    const message = signingBytes(volume, { actor: alice.actor, seq: i + 1, hash })
    return { bytes: hex(bytes), hash, signing: hex(message), signature: hex(alice.sign(message)) }
  })
  return {
    note: 'Everything in hex. Auth heads: now and later may write; later covers now, not the reverse.',
    room,
    volume: { number: 0, actor: volume.actor, id: volume.id, bytes: hex(volume.bytes) },
    author: { key: alice.key, actor: alice.actor },
    heads: { now, later },
    changes,
    runs: runs(),
  }
}

function runs(): Vector[] {
  const page = written(alice, 3)
  const back = pen(alice)
  write(back, [chat('a')], later)
  write(back, [chat('b')], now)
  const other = written(alice, 1)
  write(other, [chat('another second')])
  const none = { kind: 'none' }

  return [
    vector('a whole run', [], run(page), { ...none, accepted: 3 }),
    vector('held already', page.changes, run(page, 2, 3), { ...none, accepted: 0 }),
    vector('a gap', [], run(page, 2, 3), { kind: 'pending', seq: 2, waits: 'predecessor' }),
    vector('a sibling', page.changes, run(other), { kind: 'fork', seq: 2, sibling: 'in run' }),
    vector('heads going back', [], run(back), { kind: 'invalid', seq: 2, accepted: 1 }),
    vector('a signature over another cut', [], { ...run(page), signature: run(page, 1, 2).signature }, {
      kind: 'unproven',
    }),
    ...POISON.filter(({ name }) => REFUSED.includes(name)).map(({ name, bytes, seq, hash, kind }) =>
      vector(name, page.changes.slice(0, seq - 1), signed(alice, [bytes], { seq, hash }), { kind }),
    ),
  ]
}

function vector(name: string, held: readonly Uint8Array[], shown: Run, verdict: object): Vector {
  const { changes, signature } = shown
  const all = { held: held.map(hex), changes: changes.map(hex), signature: hex(signature) }
  return { name, ...all, verdict }
}

/** Bytes of a vector. */
export function bytesOf(text: string): Uint8Array {
  return fromHex(text) as Uint8Array
}

if (import.meta.main) console.log(JSON.stringify(makeVectors(), undefined, 1))
