/**
 * How a stream begins. That a stream could be opened does not mean that the other side took it
 * (libp2p resolves before the limits and the handler have spoken), so whoever takes one says so
 * with its first byte, and whoever opened it waits for that byte.
 */
import type { ByteStream, Chunk } from './port.ts'

/** `busy` asks to come again later; a stream that is not wanted at all is reset without a word. */
export type Greeting = 'taken' | 'busy'

const CODES: Record<Greeting, number> = { taken: 1, busy: 2 }

/** Says what becomes of a stream that the other side opened. */
export function greet(stream: ByteStream, greeting: Greeting): Promise<'sent' | 'gone'> {
  return stream.write(Uint8Array.of(CODES[greeting]))
}

export type Greeted =
  | { kind: 'taken'; stream: ByteStream }
  | { kind: 'busy' }
  | { kind: 'gone'; why: string }

/** Waits for the first byte; what came with it is read from the stream that is returned. */
export async function greeted(stream: ByteStream, signal: AbortSignal): Promise<Greeted> {
  const chunk = await withSignal(stream, signal, () => stream.read())
  if (chunk.kind === 'end') return { kind: 'gone', why: 'the peer closed the stream' }
  if (chunk.kind === 'gone') return chunk
  if (chunk.bytes[0] === CODES.taken) {
    return { kind: 'taken', stream: pushedBack(stream, chunk.bytes.subarray(1)) }
  }
  if (chunk.bytes[0] === CODES.busy) return { kind: 'busy' }
  stream.abort('not a greeting')
  return { kind: 'gone', why: `the peer began with byte ${chunk.bytes[0]}, not with a greeting` }
}

/** Runs one wait on a stream and aborts the stream when the signal comes first. */
export async function withSignal<T>(
  stream: ByteStream,
  signal: AbortSignal,
  wait: () => Promise<T>,
): Promise<T> {
  const abort = () => stream.abort(reasonOf(signal))
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  try {
    return await wait()
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Why a signal was aborted, for people. */
export function reasonOf(signal: AbortSignal): string {
  const reason: unknown = signal.reason
  if (reason instanceof Error && reason.name === 'TimeoutError') return 'no answer in time'
  if (reason instanceof Error && reason.name === 'AbortError') return 'given up'
  return reason instanceof Error ? reason.message : String(reason)
}

function pushedBack(stream: ByteStream, bytes: Uint8Array): ByteStream {
  if (bytes.length === 0) return stream
  let first: Chunk | undefined = { kind: 'bytes', bytes }
  return {
    ...stream,
    async read() {
      const chunk = first ?? (await stream.read())
      first = undefined
      return chunk
    },
  }
}
