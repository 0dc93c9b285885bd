/**
 * The daemon's own log: one JSON line for each event, and one older file kept. Written at once and
 * synchronously, because the line that matters is the last one before a crash.
 */
import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs'
import { LINE_MAX_BYTES, LINES_MAX_BYTES } from '../core/limits.ts'

/** What happened; every field must be JSON. */
export type LineEvent = { readonly event: string } & Readonly<Record<string, unknown>>

export type Lines = {
  /** Writes one line. Never throws: a log that cannot be written must not stop what it is about. */
  write(event: LineEvent): void
  /** Lines that could not be written. */
  lost(): number
  close(): void
}

export type OpenLines = { path: string; now: () => Date; maxBytes?: number }

/** Opens the log for appending; the file that is full becomes `<path>.1`. */
export function openLines({ path, now, maxBytes = LINES_MAX_BYTES }: OpenLines): Lines {
  let file: number | undefined
  let size = 0
  let lost = 0

  function open(): void {
    file = openSync(path, 'a', 0o600)
    size = fstatSync(file).size
  }

  function rotate(): void {
    close()
    renameSync(path, `${path}.1`)
    open()
  }

  function close(): void {
    if (file !== undefined) closeSync(file)
    file = undefined
  }

  return {
    write(event) {
      try {
        const line = lineOf(now(), event)
        if (file === undefined) open()
        if (size > 0 && size + line.length > maxBytes) rotate()
        writeSync(file as number, line)
        size += line.length
      } catch {
        lost++
      }
    },
    lost: () => lost,
    close,
  }
}

function lineOf(at: Date, event: LineEvent): Buffer {
  const line = Buffer.from(`${JSON.stringify({ at: at.toISOString(), ...event })}\n`)
  if (line.length <= LINE_MAX_BYTES) return line
  // Half of it, as text, so that what is left is still one line of JSON.
  const cut = line.toString('utf8', 0, LINE_MAX_BYTES / 4)
  return Buffer.from(
    `${JSON.stringify({ at: at.toISOString(), event: event.event.slice(0, 100), cut })}\n`,
  )
}
