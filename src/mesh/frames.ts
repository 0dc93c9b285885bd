/**
 * Frames: 4 bytes of length, big-endian, then that many bytes. A length beyond the bound is refused
 * when its header is there, before anything of its body is kept.
 */
import { FRAME_MAX_BYTES } from '../core/limits.ts'

const HEADER_BYTES = 4
/** First memory for a body: the rest comes as the bytes do, or a header alone would cost 4 MiB. */
const BODY_START_BYTES = 64 << 10

/** A frame as it goes over the wire. */
export function frameOf(body: Uint8Array): Uint8Array {
  if (body.length > FRAME_MAX_BYTES) {
    throw new Error(`bug: a frame of ${body.length} bytes; the limit is ${FRAME_MAX_BYTES}`)
  }
  const bytes = new Uint8Array(HEADER_BYTES + body.length)
  new DataView(bytes.buffer).setUint32(0, body.length)
  bytes.set(body, HEADER_BYTES)
  return bytes
}

/** The frames that became whole, oldest first, and a length that is too large, if one came. */
export type Cut = { frames: Uint8Array[]; oversize: number | undefined }

/** Cuts a series of chunks into frames; what it returns is never shared with the chunks. */
export type Cutter = { push(chunk: Uint8Array): Cut }

/** Cuts a stream of bytes into frames, and checks each length before it keeps anything. */
export function frameCutter(): Cutter {
  const header = new Uint8Array(HEADER_BYTES)
  let headerAt = 0
  let body: Uint8Array | undefined
  let bodyAt = 0
  let length = 0

  return {
    push(chunk) {
      const frames: Uint8Array[] = []
      let at = 0
      while (at < chunk.length) {
        if (body === undefined) {
          const part = chunk.subarray(at, at + HEADER_BYTES - headerAt)
          header.set(part, headerAt)
          headerAt += part.length
          at += part.length
          if (headerAt < HEADER_BYTES) break
          length = new DataView(header.buffer).getUint32(0)
          if (length > FRAME_MAX_BYTES) return { frames, oversize: length }
          body = new Uint8Array(Math.min(length, BODY_START_BYTES))
          bodyAt = 0
        }
        const part = chunk.subarray(at, at + length - bodyAt)
        body = withRoom(body, bodyAt + part.length, length)
        body.set(part, bodyAt)
        bodyAt += part.length
        at += part.length
        if (bodyAt < length) break
        frames.push(body)
        body = undefined
        headerAt = 0
      }
      return { frames, oversize: undefined }
    },
  }
}

function withRoom(body: Uint8Array, needed: number, most: number): Uint8Array {
  if (needed <= body.length) return body
  const larger = new Uint8Array(Math.min(most, Math.max(needed, body.length * 2)))
  larger.set(body)
  return larger
}
