/** Joins a ByteStream to a pair of Node streams, such as a child process or a socket. */
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import type { ByteStream } from './port.ts'

/** Resolves when both directions are over; `broken` when one of them ended before its time. */
export async function splice(
  stream: ByteStream,
  local: { from: Readable; to: Writable },
): Promise<'done' | 'broken'> {
  const breakOff = (why: string) => {
    stream.abort(why)
    local.from.destroy()
    local.to.destroy()
    return 'broken' as const
  }
  const outward = send(local.from, stream).catch(() => breakOff('the local side broke off'))
  const inward = receive(stream, local.to).catch(() => breakOff('the local side broke off'))
  const both = await Promise.all([outward, inward])
  return both.includes('broken') ? breakOff('broken off') : 'done'
}

async function send(from: Readable, stream: ByteStream): Promise<'done' | 'broken'> {
  for await (const chunk of from) {
    if ((await stream.write(chunk as Uint8Array)) === 'gone') return 'broken'
  }
  await stream.end()
  return 'done'
}

async function receive(stream: ByteStream, to: Writable): Promise<'done' | 'broken'> {
  const failed = new AbortController()
  to.on('error', () => failed.abort())
  to.once('close', () => failed.abort())
  for (;;) {
    const chunk = await stream.read()
    if (chunk.kind === 'gone') {
      to.destroy()
      return 'broken'
    }
    if (chunk.kind === 'end') {
      to.end()
      return 'done'
    }
    if (!to.write(chunk.bytes)) await once(to, 'drain', { signal: failed.signal })
  }
}
