/**
 * The daemon's own log, `.knot/daemon.log` and the older file that a rotation leaves beside it.
 *
 * Most lines are JSON; what a daemon printed before it could write any, or Node as it crashed, is
 * there as it is, and is shown as it is.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { StringDecoder } from 'node:string_decoder'

/** A line; without a time when it is not one that the daemon wrote itself. */
export type LogLine = { at?: string; event?: string; text: string }

/** A place in a file that may meanwhile have got another name. */
export type LogPlace = { file: number; at: number }

const POLL_MS = 200
const CHUNK_BYTES = 64 << 10

/** Every line that is kept, oldest first, and where the newest file ended. */
export function readLines(knot: string): { lines: LogLine[]; from: LogPlace | undefined } {
  const path = join(knot, 'daemon.log')
  const lines: LogLine[] = []
  let from: LogPlace | undefined
  for (const name of [`${path}.1`, path]) {
    const file = opened(name)
    from = undefined
    if (file === undefined) continue
    const reader = readerOf(file)
    lines.push(...reader.read())
    from = { file: inodeOf(file), at: reader.at() }
    closeSync(file)
  }
  return { lines, from }
}

/** Lines from a place on, as they come, also from the file that follows when the log is rotated. */
export async function* followLines(
  knot: string,
  from: LogPlace | undefined,
  signal: AbortSignal,
): AsyncGenerator<LogLine, void, void> {
  const path = join(knot, 'daemon.log')
  // Until it is seen that the name leads elsewhere, the open file is the one that grows.
  let file = continued(path, from)
  let reader = file === undefined ? undefined : readerOf(file, from?.at)
  try {
    while (!signal.aborted) {
      const next = opened(path)
      const other = next !== undefined && (file === undefined || inodeOf(next) !== inodeOf(file))
      // After the other one is seen to be there, nothing more comes into this one.
      if (reader !== undefined) yield* reader.read()
      if (next !== undefined && other) {
        if (file !== undefined) closeSync(file)
        file = next
        reader = readerOf(file)
        continue
      }
      if (next !== undefined) closeSync(next)
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** The file in which a place is, under either of its names. */
function continued(path: string, from: LogPlace | undefined): number | undefined {
  if (from === undefined) return undefined
  for (const name of [path, `${path}.1`]) {
    const file = opened(name)
    if (file === undefined || inodeOf(file) === from.file) return file
    closeSync(file)
  }
  return undefined
}

function readerOf(file: number, start = 0) {
  const decoder = new StringDecoder('utf8')
  const chunk = Buffer.alloc(CHUNK_BYTES)
  let at = start
  let rest = ''
  return {
    /** Where the first line begins that was not read whole. */
    at: () => at - Buffer.byteLength(rest),
    read(): LogLine[] {
      const lines: LogLine[] = []
      for (let got = take(); got > 0; got = take()) {
        const parts = (rest + decoder.write(chunk.subarray(0, got))).split('\n')
        rest = parts.pop() ?? ''
        lines.push(...parts.filter((part) => part !== '').map(lineOf))
      }
      return lines
    },
  }

  function take(): number {
    // Shorter than what was read: somebody emptied the file, and it begins anew.
    if (fstatSync(file).size < at) [at, rest] = [0, '']
    const got = readSync(file, chunk, 0, chunk.length, at)
    at += got
    return got
  }
}

function lineOf(source: string): LogLine {
  try {
    const { at, event, text, ...more } = JSON.parse(source) as Record<string, unknown>
    if (typeof at !== 'string' || Number.isNaN(Date.parse(at))) return { text: source }
    const named = typeof event === 'string' ? { event } : {}
    if (typeof text === 'string') return { at, ...named, text }
    const said = Object.keys(more).length === 0 ? '' : ` ${JSON.stringify(more)}`
    return { at, ...named, text: `${String(event ?? '')}${said}` }
  } catch {
    return { text: source }
  }
}

function opened(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch {
    return undefined
  }
}

function inodeOf(file: number): number {
  return fstatSync(file).ino
}
