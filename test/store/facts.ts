/** Honest changes as an agent makes them, and one that is not, for tests of the document. */
import * as A from '@automerge/automerge'
import { sha256 } from '../../src/core/bytes/hash.ts'
import { fromHex, utf8 } from '../../src/core/bytes/text.ts'
import { Writer } from '../../src/core/bytes/writer.ts'

type Handle = ReturnType<typeof A.getBackend>

/** A volume's first change: the topics, made by an actor of its own. */
export function genesisOf(topics: readonly string[]): Uint8Array {
  const handle = A.getBackend(A.init({ actor: '00'.repeat(40) }))
  for (const topic of topics) handle.putObject('_root', topic, {})
  return handle.getChangeByHash(handle.commit('', 0) as string) as Uint8Array
}

/** One agent writing facts: topic, own actor, bucket of 256, key; each change on its last one. */
export class Author {
  readonly actor: string
  readonly #handle: Handle
  readonly #counts = new Map<string, number>()

  constructor(genesis: Uint8Array, n: number) {
    this.actor = n.toString(16).padStart(80, '0')
    this.#handle = A.getBackend(A.init({ actor: this.actor }))
    this.#handle.loadIncremental(genesis)
  }

  fact(topic: string, text: string): Uint8Array {
    const n = this.#counts.get(topic) ?? 0
    this.#counts.set(topic, n + 1)
    const own = this.#map(this.#map('_root', topic), this.actor)
    this.#handle.put(this.#map(own, String(n >> 8)), String(n), text, 'str')
    const hash = this.#handle.commit('', 0) as string
    return this.#handle.getChangeByHash(hash) as Uint8Array
  }

  #map(parent: string, key: string): string {
    const found = this.#handle.getWithType(parent, key)
    return found?.[0] === 'map' ? found[1] : this.#handle.putObject(parent, key, {})
  }
}

/**
 * A change of 80 bytes that stands for `count` operations: valid in form, and what the gate exists
 * to stop. Automerge hangs or panics on it, by count.
 */
export function bomb(count: number): Uint8Array {
  const runs = (value: Uint8Array): Uint8Array => new Writer().raw(signed(count)).raw(value).done()
  const columns: [number, Uint8Array][] = [
    [0x15, runs(new Writer().text('a').done())], // key
    [0x34, new Writer().uint(count).done()], // insert: one run of false
    [0x42, runs(new Uint8Array([1]))], // action: put
    [0x56, runs(new Uint8Array([0]))], // value: null
    [0x70, runs(new Uint8Array([0]))], // no predecessors
  ]
  const body = new Writer()
    .uint(0)
    .bytes(new Uint8Array(40).fill(0xbb))
    .uint(1)
    .uint(1)
    .uint(0)
    .text('')
    .uint(0)
  body.list(columns, ([spec, bytes]) => body.uint(spec).uint(bytes.length))
  for (const [, bytes] of columns) body.raw(bytes)

  const chunk = new Writer().u8(1).bytes(body.done()).done()
  const magic = fromHex('856f4a83') as Uint8Array
  return new Writer().raw(magic).raw(sha256(chunk).subarray(0, 4)).raw(chunk).done()
}

/** A change that depends on nothing there is: Automerge would keep it aside for ever. */
export const NOT_A_CHANGE = utf8('not a change at all')

/** Signed LEB128 of a positive number. */
function signed(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x40) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return new Uint8Array([...bytes, rest])
}
