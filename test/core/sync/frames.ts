/** One frame of every kind, and more of those whose lists may be empty. */
import type { Hash } from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import { factId } from '../../../src/core/room/facts.ts'
import { type Frame, SYNC_VERSION } from '../../../src/core/sync/wire.ts'
import { alice, bob } from '../room/cast.ts'

const hash = (name: string): Hash => hashOf(utf8(name))
const [first, second] = [alice.actor, bob.actor].sort() as [typeof alice.actor, typeof bob.actor]
const frontier = [
  { actor: first, seq: 1, hash: hash('one') },
  { actor: second, seq: 2 ** 31 - 1, hash: hash('two') },
]
const heads = [hash('a head'), hash('another')]
const push = (n: number) => factId({ actor: alice.actor, topic: 'refs', n })

export const frames: readonly Frame[] = [
  { kind: 'hello', version: SYNC_VERSION, volume: 0, actor: alice.actor, authHeads: heads, frontier },
  { kind: 'hello', version: SYNC_VERSION, volume: 300, actor: bob.actor, authHeads: [], frontier: [] },
  { kind: 'auth', heads, ops: [utf8('an op'), utf8('')] },
  { kind: 'auth', heads: [], ops: [] },
  {
    kind: 'run',
    volume: 7,
    actor: alice.actor,
    seq: 300,
    changes: [utf8('a change'), utf8('the next')],
    signature: new Uint8Array(64).fill(7),
  },
  { kind: 'have', volume: 0, frontier },
  { kind: 'have', volume: 0, frontier: [] },
  { kind: 'want', volume: 0, streams: [{ actor: first, seq: 0 }, { actor: second, seq: 128 }] },
  { kind: 'lease', message: utf8('a message') },
  { kind: 'lease', message: utf8('') },
  { kind: 'beat', beat: utf8('a beat') },
  { kind: 'held', pushes: [push(0), push(1)] },
  { kind: 'entered', volume: 1 },
  { kind: 'carry', hash: hash('carried'), at: 524_288 },
  { kind: 'carried', hash: hash('carried'), at: 524_288, bytes: utf8('a part') },
  { kind: 'carried', hash: hash('carried'), at: 0, bytes: utf8('') },
]
