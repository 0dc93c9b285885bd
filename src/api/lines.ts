/**
 * The line protocol under the local API: one JSON value a line, in bytes.
 *
 * It works on bytes and not on decoded text because a connection may stop being
 * lines: after its first line a git helper's connection is a raw pipe, and what
 * was read too far is handed back untouched.
 */
import type { Socket } from 'node:net'
import { API_LINE_MAX_BYTES } from '../core/limits.ts'
import { Failure } from './errors.ts'

const NEWLINE = 0x0a

/** What a reader met: a value, something that is not JSON, or a line over the limit. */
export type Line =
  | { kind: 'value'; value: unknown }
  | { kind: 'malformed' }
  | { kind: 'too-long' }

/** Stops reading lines and gives the socket back, paused, with the unread bytes in front. */
export type Detach = () => void

/** Calls `onLine` for each line of a socket, in order, until it detaches or the socket ends. */
export function readLines(socket: Socket, onLine: (line: Line, detach: Detach) => void): void {
  const parts: Buffer[] = []
  let held = 0
  let reading = true

  const detach = () => {
    reading = false
    socket.pause()
    socket.off('data', onData)
  }

  const take = (last: Buffer): string => {
    const line = Buffer.concat([...parts, last]).toString('utf8')
    parts.length = 0
    held = 0
    return line
  }

  function onData(chunk: Buffer): void {
    let from = 0
    for (let end; (end = chunk.indexOf(NEWLINE, from)) >= 0; ) {
      const tooLong = held + end - from > API_LINE_MAX_BYTES
      const line = tooLong ? undefined : take(chunk.subarray(from, end))
      from = end + 1
      if (line !== '') onLine(line === undefined ? { kind: 'too-long' } : parse(line), detach)
      if (reading) continue
      if (from < chunk.length) socket.unshift(chunk.subarray(from))
      return
    }
    if (from === chunk.length) return
    parts.push(chunk.subarray(from))
    held += chunk.length - from
    if (held > API_LINE_MAX_BYTES) onLine({ kind: 'too-long' }, detach)
  }

  socket.on('data', onData)
}

function parse(line: string): Line {
  try {
    return { kind: 'value', value: JSON.parse(line) }
  } catch {
    return { kind: 'malformed' }
  }
}

/** Writes a value as a line; settles when the socket wants more or has closed. */
export type LineWriter = (value: unknown) => Promise<void>

/** Makes the one writer of a socket: writers that wait for it to drain share one listener. */
export function lineWriter(socket: Socket): LineWriter {
  let draining: Promise<void> | undefined

  const drained = () =>
    new Promise<void>((resolve) => {
      const done = () => {
        socket.off('drain', done)
        socket.off('close', done)
        draining = undefined
        resolve()
      }
      socket.on('drain', done)
      socket.on('close', done)
    })

  return async (value) => {
    if (socket.destroyed || socket.writableEnded) return
    const line = Buffer.from(`${JSON.stringify(value)}\n`)
    if (line.length > API_LINE_MAX_BYTES) {
      const size = `${line.length} bytes are too many for one line (${API_LINE_MAX_BYTES})`
      throw new Failure('LINE_TOO_LONG', size, 'send or ask for less at once')
    }
    if (socket.write(line)) return
    draining ??= drained()
    await draining
  }
}
