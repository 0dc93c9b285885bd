/**
 * Writes knot's canonical binary form, the one that is hashed and signed:
 * fixed-size fields raw, everything else behind a length in unsigned LEB128.
 */
import { fromHex, utf8 } from './text.ts'

/** Bytes that grow. What has no form is a bug of the caller, and throws. */
export class Writer {
  #bytes = new Uint8Array(256)
  #length = 0

  /** Bytes as they are. */
  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  /** A hex id as raw bytes, without a length: the reader knows its size. */
  id(text: string): this {
    const bytes = fromHex(text)
    if (bytes === undefined) throw new Error(`bug: not hex: ${text}`)
    return this.raw(bytes)
  }

  /** One byte, 0 to 255. */
  u8(value: number): this {
    if ((value & 0xff) !== value) throw new Error(`bug: not a byte: ${value}`)
    this.#reserve(1)
    this.#bytes[this.#length++] = value
    return this
  }

  /** An integer from 0 to 2^53 - 1 in the shortest unsigned LEB128. */
  uint(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`bug: not an uint: ${value}`)
    let rest = value
    while (rest >= 0x80) {
      this.u8((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    return this.u8(rest)
  }

  /** Length, then the bytes. */
  bytes(bytes: Uint8Array): this {
    return this.uint(bytes.length).raw(bytes)
  }

  /** Length in bytes, then UTF-8. */
  text(text: string): this {
    return this.bytes(utf8(text))
  }

  /** Count, then each item. */
  list<T>(items: readonly T[], write: (item: T) => void): this {
    this.uint(items.length)
    for (const item of items) write(item)
    return this
  }

  /** What was written so far, as a copy of its own. */
  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const wider = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more))
    wider.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = wider
  }
}
