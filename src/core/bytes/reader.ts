/**
 * Reads knot's canonical binary form from hostile bytes.
 *
 * Every count and length is checked against a bound and against what is left before anything is
 * allocated, and only the shortest form of a number is taken: what decodes has one encoding.
 */
import { fromUtf8, hex } from './text.ts'

/** Thrown inside a `decode` call only; never leaves it. */
class Malformed {
  readonly why: string
  constructor(why: string) {
    this.why = why
  }
}

export type Decoded<T> = { kind: 'ok'; value: T } | { kind: 'malformed'; why: string }

/** Reads one whole value: `read` must consume every byte. */
export function decode<T>(bytes: Uint8Array, read: (reader: Reader) => T): Decoded<T> {
  const reader = new Reader(bytes)
  try {
    const value = read(reader)
    reader.end()
    return { kind: 'ok', value }
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'malformed', why: error.why }
    throw error
  }
}

/** A place in some bytes. Every method moves it on, or stops the decoding. */
export class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#at
  }

  /** Stops the decoding; `decode` answers malformed. */
  fail(why: string): never {
    throw new Malformed(`${why} at byte ${this.#at}`)
  }

  /** A view of the next `size` bytes. */
  raw(size: number): Uint8Array {
    if (size > this.#bytes.length - this.#at) this.fail('cut short')
    const view = this.#bytes.subarray(this.#at, this.#at + size)
    this.#at += size
    return view
  }

  /** A view of everything that was not read yet. */
  rest(): Uint8Array {
    return this.raw(this.#bytes.length - this.#at)
  }

  /** The next `size` bytes as lower-case hex. */
  id<Id extends string>(size: number): Id {
    return hex(this.raw(size)) as Id
  }

  u8(): number {
    return this.raw(1)[0] as number
  }

  /** An integer in the shortest unsigned LEB128, at most `max` (by default 2^53 - 1). */
  uint(max: number = Number.MAX_SAFE_INTEGER): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.u8()
      value += (byte & 0x7f) * scale
      if (value > max) this.fail('number out of range')
      if (byte < 0x80) {
        if (byte === 0 && scale > 1) this.fail('number not in shortest form')
        return value
      }
      scale *= 0x80
      if (scale > 2 ** 49) this.fail('number too long')
    }
  }

  /** A length of at most `max`, then a view of that many bytes. */
  bytes(max: number): Uint8Array {
    return this.raw(this.uint(max))
  }

  /** A length of at most `max` bytes, then valid UTF-8. */
  text(max: number): string {
    return fromUtf8(this.bytes(max)) ?? this.fail('not UTF-8')
  }

  /** A count of at most `max`, then each item, of at least one byte. */
  list<T>(max: number, read: () => T): T[] {
    const count = this.uint(max)
    if (count > this.#bytes.length - this.#at) this.fail('cut short')
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(read())
    return items
  }

  /** Whether every byte was read. */
  get done(): boolean {
    return this.#at === this.#bytes.length
  }

  /** Fails unless every byte was read. */
  end(): void {
    if (!this.done) this.fail('bytes left over')
  }
}
