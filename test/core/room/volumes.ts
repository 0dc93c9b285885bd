/**
 * The vectors of test/vectors/volumes.json:
 * `node test/core/room/volumes.ts > test/vectors/volumes.json` after a change of format.
 */
import type { Hash } from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { hex, utf8 } from '../../../src/core/bytes/text.ts'
import { carriedHash, encodeCarried } from '../../../src/core/room/carried.ts'
import { type Cut, encodeCut } from '../../../src/core/room/cut.ts'
import { factId } from '../../../src/core/room/facts.ts'
import { openNext } from '../../../src/core/room/genesis.ts'
import type { Origin } from '../../../src/core/room/origin.ts'
import { placeIn } from '../../../src/core/room/place.ts'
import { signingBytes } from '../../../src/core/room/stream.ts'
import { alice, bob, room } from './cast.ts'

const hash = (name: string): Hash => hashOf(utf8(name))
const [first, second] = [alice.actor, bob.actor].sort() as [typeof alice.actor, typeof bob.actor]

/** Facts in the order of a carried state. */
export const carried: readonly Origin[] = [
  { place: { actor: first, topic: 'chat', n: 3 }, value: '{"at":1,"term":0,"text":"hi"}' },
  { place: { actor: first, topic: 'tasks', n: 0 }, value: '{"kind":"add","title":"tëst"}' },
  { place: { actor: second, topic: 'chat', n: 2 ** 31 + 7 }, value: '{"text":"later"}' },
]

/** A cut of the second volume. */
export const cut: Cut = {
  number: 1,
  rule: 1,
  carried: carriedHash(encodeCarried(carried)),
  size: encodeCarried(carried).length,
  heads: [hash('a head')],
  frontier: [
    { actor: first, seq: 300, hash: hash('one') },
    { actor: second, seq: 1, hash: hash('two') },
  ],
}

export function makeVectors() {
  const volume = openNext(room, { number: 2, cut: hash('a record'), facts: carried })
  const last = { actor: first, seq: 1, hash: hash('one') }
  return {
    note: 'Everything in hex, but for values. The cut ends volume 1; the genesis is of volume 2.',
    room,
    carried: { facts: carried, bytes: hex(encodeCarried(carried)), hash: cut.carried },
    cut: { ...cut, bytes: hex(encodeCut(cut)) },
    genesis: { number: 2, record: hash('a record'), actor: volume.actor, id: volume.id, bytes: hex(volume.bytes) },
    signing: { ...last, message: hex(signingBytes(volume, last)) },
    facts: [0, 1].map((number) => {
      const place = { actor: first, topic: 'chat' as const, n: placeIn(number, 5) }
      return { number, ...place, id: factId(place) }
    }),
  }
}

if (import.meta.main) console.log(JSON.stringify(makeVectors(), undefined, 1))
