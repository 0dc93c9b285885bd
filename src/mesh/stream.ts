/**
 * A libp2p stream as a ByteStream. All that is awkward about libp2p's streams is dealt with here;
 * each oddity was measured on @libp2p/utils 7.4 and @libp2p/yamux 8.0.
 */
import type { Stream } from '@libp2p/interface'
import { STREAM_END_MS, STREAM_HELD_BYTES } from '../core/limits.ts'
import type { ByteStream } from './port.ts'

/** Chunks held at most, however small they are: a chunk costs more memory than its bytes. */
const HELD_CHUNKS = 1_024

/** Wraps a stream whose protocol has been negotiated; nobody else may listen to it. */
export function byteStream(stream: Stream): ByteStream {
  const reader = createReader(stream)
  const writer = createWriter(stream)
  return {
    read: reader.read,
    write: writer.write,
    async end() {
      // close() waits for the bytes before it for as long as the other side does not read.
      try {
        await stream.close({ signal: AbortSignal.timeout(STREAM_END_MS) })
      } catch (error) {
        stream.abort(error as Error)
      }
    },
    abort(why) {
      reader.drop()
      stream.abort(new Error(why))
    },
  }
}

// Neither `for await` nor lpStream slow the sender down; only pause() does, and only while the
// window (STREAM_WINDOW_BYTES) is smaller than libp2p's own read buffer of 4 MiB.
function createReader(stream: Stream): Pick<ByteStream, 'read'> & { drop(): void } {
  let held: Uint8Array[] = []
  let heldBytes = 0
  let finished = false
  let ended = stream.readableEnded
  let gone: string | undefined
  let wake = (): void => {}

  const tooMuch = () => heldBytes >= STREAM_HELD_BYTES || held.length >= HELD_CHUNKS

  // pause() inside the listener is undone by the resume() that may be delivering this very message.
  const holdBack = () => {
    queueMicrotask(() => {
      if (tooMuch() && stream.readStatus === 'readable') stream.pause()
    })
  }

  stream.addEventListener('message', ({ data }) => {
    for (const bytes of data instanceof Uint8Array ? [data] : data) {
      held.push(bytes)
      heldBytes += bytes.length
    }
    if (tooMuch()) holdBack()
    wake()
  })
  stream.addEventListener('remoteCloseWrite', () => {
    finished = true
  })
  stream.addEventListener('end', () => {
    ended = true
    wake()
  })
  stream.addEventListener('close', ({ error }) => {
    if (error !== undefined) gone ??= error.message
    // Bytes may still wait behind a pause; `end` comes after them.
    else if (stream.readBufferLength === 0) ended = true
    wake()
  })

  return {
    async read() {
      for (;;) {
        if (heldBytes > 0) {
          const bytes = joined(held, heldBytes)
          held = []
          heldBytes = 0
          return { kind: 'bytes', bytes }
        }
        if (gone !== undefined) return { kind: 'gone', why: gone }
        // A connection that closes in good order also ends its streams, in the middle of anything.
        if (ended) return finished ? { kind: 'end' } : { kind: 'gone', why: 'connection closed' }
        if (stream.readStatus === 'paused') {
          resume(stream)
          continue
        }
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    drop() {
      held = []
      heldBytes = 0
    },
  }
}

function resume(stream: Stream): void {
  try {
    stream.resume()
  } catch {
    // It has delivered what was buffered, then failed to widen the window of a closed connection.
  }
}

function createWriter(stream: Stream): Pick<ByteStream, 'write'> {
  let wakes: (() => void)[] = []
  // In a microtask: libp2p moves its queue in one, after it has told of the drain.
  const wake = () => {
    queueMicrotask(() => {
      const woken = wakes
      wakes = []
      for (const each of woken) each()
    })
  }
  stream.addEventListener('drain', wake)
  stream.addEventListener('idle', wake)
  stream.addEventListener('close', wake)

  const closed = () => stream.status !== 'open' || stream.writeStatus === 'closed'
  // `drain` tells of any widening of the window, however small: a writer that went on at each
  // would fill the queue without bound. And onDrain() waits only the first time.
  const full = () => stream.writableNeedsDrain || stream.writeBufferLength > 0

  return {
    async write(bytes) {
      if (closed()) return 'gone'
      try {
        stream.send(bytes)
      } catch {
        return 'gone'
      }
      while (!closed() && full()) {
        await new Promise<void>((resolve) => {
          wakes.push(resolve)
        })
      }
      return closed() ? 'gone' : 'sent'
    },
  }
}

function joined(chunks: Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array
  const all = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}
