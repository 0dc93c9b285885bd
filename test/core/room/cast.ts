/** The people of these tests, their keys, and what they write. */
import { createPrivateKey, createPublicKey, sign, verify as nodeVerify } from 'node:crypto'
import {
  type ActorId,
  type Hash,
  type PublicKey,
  type RoomId,
  actorOf,
} from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { fromHex, utf8 } from '../../../src/core/bytes/text.ts'
import type { Signer, Verify } from '../../../src/core/crypto.ts'
import type { Fact } from '../../../src/core/room/change.ts'
import { openVolume } from '../../../src/core/room/genesis.ts'
import {
  type StreamState,
  type Written,
  openStream,
  writeChange,
} from '../../../src/core/room/stream.ts'
import { TOPICS } from '../../../src/core/room/topics.ts'

export const room = hashOf(utf8('a room')) as RoomId
export const volume = openVolume(room, 0)

/** Auth heads by name. `later` and `latest` are after `now`. */
export const heads = (...names: string[]): Hash[] => names.map(name => hashOf(utf8(name))).sort()
export const now = heads('now')
export const later = heads('later')

export type Person = Signer & { readonly actor: ActorId }

export function person(name: string): Person {
  const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')
  const key = createPrivateKey({
    key: Buffer.concat([pkcs8, fromHex(hashOf(utf8(name))) as Uint8Array]),
    format: 'der',
    type: 'pkcs8',
  })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  const text = spki.subarray(-32).toString('hex') as PublicKey
  return {
    key: text,
    actor: actorOf(text, '0000000000000001'),
    sign: message => Uint8Array.from(sign(undefined, message, key)),
  }
}

export const alice = person('alice')
export const bob = person('bob')

/** The platform's Ed25519. */
export const verify: Verify = (key, message, signature) => {
  const spki = Buffer.from('302a300506032b6570032100', 'hex')
  const der = Buffer.concat([spki, fromHex(key) as Uint8Array])
  return nodeVerify(
    undefined,
    message,
    createPublicKey({ key: der, format: 'der', type: 'spki' }),
    signature,
  )
}

/** A stream as its author writes it: every change, with the state after it. */
export type Pen = {
  readonly author: Person
  stream: StreamState
  readonly changes: Uint8Array[]
  readonly hashes: Hash[]
}

export function pen(author: Person): Pen {
  return { author, stream: openStream(volume, author.actor), changes: [], hashes: [] }
}

export type Line = Omit<Fact, 'n'>

/** Writes the next change of a pen's stream. */
export function write(to: Pen, facts: readonly Line[], under: readonly Hash[] = now): Uint8Array {
  const written = ok(writeChange(volume, to.stream, { facts, time: 1_700_000_000, heads: under }))
  to.stream = written.stream
  to.changes.push(written.bytes)
  to.hashes.push(written.hash)
  return written.bytes
}

/** A pen that has written some changes of one chat fact each. */
export function written(author: Person, count: number): Pen {
  const by = pen(author)
  for (let i = 0; i < count; i++) write(by, [chat(`line ${i}`)])
  return by
}

export function chat(text: string): Line {
  return { topic: 'chat', value: JSON.stringify({ text }) }
}

export function ok(result: Written): Extract<Written, { kind: 'ok' }> {
  if (result.kind !== 'ok') throw new Error(result.why)
  return result
}

/** Pseudo-random integers below a bound, the same for the same seed. */
export function dice(seed: number): (below: number) => number {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const TEXTS = ['{}', '{"text":"hé 👋"}', '', '{"a":1}', '{"a":1}', 'x'.repeat(200), '\u0000\ufeff']

/** Some facts to write, mostly few. */
export function lines(roll: (below: number) => number): Line[] {
  const count = roll(20) === 0 ? roll(300) + 1 : roll(3) + 1
  return Array.from({ length: count }, () => ({
    topic: TOPICS[roll(TOPICS.length)] as Line['topic'],
    value: (TEXTS[roll(TEXTS.length)] as string) + (roll(2) === 0 ? String(roll(1e6)) : ''),
  }))
}
