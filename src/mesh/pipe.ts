/** Two ends of one duplex in memory, with a window like a real stream's; no clock, no timers. */
import { STREAM_WINDOW_BYTES } from '../core/limits.ts'
import type { ByteStream, Chunk } from './port.ts'

/** What one end writes the other reads, in whole chunks. */
export function pipe(): [ByteStream, ByteStream] {
  const there = createFlow()
  const back = createFlow()
  const abort = (why: string) => {
    there.abort(why)
    back.abort(why)
  }
  return [
    { read: back.read, write: there.write, end: there.end, abort },
    { read: there.read, write: back.write, end: back.end, abort },
  ]
}

function createFlow() {
  let chunks: Uint8Array[] = []
  let bytes = 0
  let over: Exclude<Chunk, { kind: 'bytes' }> | undefined
  let waiting: (() => void)[] = []

  const aborted = () => over?.kind === 'gone'
  const changed = () => {
    const woken = waiting
    waiting = []
    for (const wake of woken) wake()
  }
  const change = () => new Promise<void>((resolve) => waiting.push(resolve))

  return {
    async read(): Promise<Chunk> {
      for (;;) {
        const first = chunks.shift()
        if (first !== undefined) {
          bytes -= first.length
          changed()
          return { kind: 'bytes', bytes: first }
        }
        if (over !== undefined) return over
        await change()
      }
    },
    async write(chunk: Uint8Array): Promise<'sent' | 'gone'> {
      if (over !== undefined) return 'gone'
      chunks.push(chunk)
      bytes += chunk.length
      changed()
      while (over === undefined && bytes > STREAM_WINDOW_BYTES) await change()
      return aborted() ? 'gone' : 'sent'
    },
    async end() {
      over ??= { kind: 'end' }
      changed()
    },
    abort(why: string) {
      // An end that was read for good stays one; what nobody read is lost, as on a real stream.
      chunks = []
      bytes = 0
      if (over?.kind !== 'gone') over = { kind: 'gone', why }
      changed()
    },
  }
}
