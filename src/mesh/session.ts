/**
 * One sync session: frames both ways over one stream. Frames leave in the order of `send`; the
 * outbox is bounded, and a peer that does not read is cut off rather than waited for with memory.
 */
import { FRAMES_AT_ONCE, OUTBOX_MAX_BYTES } from '../core/limits.ts'
import { frameCutter, frameOf } from './frames.ts'
import type { ByteStream, SendOutcome } from './port.ts'

/** Small frames that wait together leave together. */
const BATCH_BYTES = 64 << 10

/** What a session tells its owner; `ended` comes once, and nothing after it. */
export type SessionEvents = {
  frame(bytes: Uint8Array): void | Promise<void>
  drained(): void
  ended(why: string): void
}

export type Session = {
  /** Starts to read; what came before waits. */
  begin(): void
  send(frame: Uint8Array): SendOutcome
  end(why: string): void
}

/** Makes a session of a stream, which is the session's own from here on. */
export function createSession(stream: ByteStream, events: SessionEvents): Session {
  let over = false
  const end = (why: string) => {
    if (over) return
    over = true
    stream.abort(why)
    events.ended(why)
  }

  const outbox = createOutbox(stream, {
    drained: () => {
      if (!over) events.drained()
    },
    gone: () => end('the peer hung up'),
  })

  const read = async () => {
    const cutter = frameCutter()
    while (!over) {
      const chunk = await stream.read()
      if (chunk.kind === 'end') return end('the peer closed the session')
      if (chunk.kind === 'gone') return end(chunk.why)
      const { frames, oversize } = cutter.push(chunk.bytes)
      for (let at = 0; at < frames.length; at += FRAMES_AT_ONCE) {
        if (over) return
        // Together: whoever takes them may have one flush for all of them.
        await Promise.all(frames.slice(at, at + FRAMES_AT_ONCE).map((each) => events.frame(each)))
      }
      if (oversize !== undefined) return end(`the peer announced a frame of ${oversize} bytes`)
    }
  }

  return {
    begin() {
      read().catch((error: unknown) => end(`a frame failed: ${(error as Error).message}`))
    },
    send(frame) {
      if (over) return 'gone'
      const outcome = outbox.put(frameOf(frame))
      if (outcome === 'gone') end('the peer is too slow: its outbox is full')
      return outcome
    },
    end,
  }
}

function createOutbox(stream: ByteStream, events: { drained(): void; gone(): void }) {
  let waiting: Uint8Array[] = []
  let bytes = 0
  let full = false
  let writing = false

  const write = async () => {
    writing = true
    while (waiting.length > 0) {
      const batch = nextBatch(waiting)
      waiting = waiting.slice(batch.frames)
      if ((await stream.write(batch.bytes)) === 'gone') return events.gone()
      bytes -= batch.bytes.length
      if (full && bytes <= OUTBOX_MAX_BYTES / 4) {
        full = false
        events.drained()
      }
    }
    writing = false
  }

  return {
    put(frame: Uint8Array): SendOutcome {
      if (bytes + frame.length > OUTBOX_MAX_BYTES) return 'gone'
      waiting.push(frame)
      bytes += frame.length
      if (!writing) {
        write().catch(() => events.gone())
      }
      if (bytes > OUTBOX_MAX_BYTES / 2) full = true
      return full ? 'full' : 'sent'
    },
  }
}

function nextBatch(waiting: readonly Uint8Array[]): { frames: number; bytes: Uint8Array } {
  let frames = 0
  let length = 0
  for (const frame of waiting) {
    if (frames > 0 && length + frame.length > BATCH_BYTES) break
    frames++
    length += frame.length
  }
  const first = waiting[0] as Uint8Array
  if (frames === 1) return { frames, bytes: first }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const frame of waiting.slice(0, frames)) {
    bytes.set(frame, at)
    at += frame.length
  }
  return { frames, bytes }
}
