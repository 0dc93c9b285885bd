/** What a command may touch of the world; a test gives it another one. */
import type { BaseContext } from 'clipanion'

/** Clipanion's streams and environment, and what knot needs beside them. */
export type KnotContext = BaseContext & {
  cwd: string
  /** The daemon's program, started with this process's own Node. */
  knotd: string
  /** Aborted when the person has had enough. */
  signal: AbortSignal
  now: () => number
  platform: NodeJS.Platform
}

/** Whether a stream gets colours: a terminal does, unless NO_COLOR or FORCE_COLOR decides. */
export function isColoured(stream: unknown, env: KnotContext['env']): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false
  const forced = env['FORCE_COLOR']
  if (forced !== undefined && forced !== '') return forced !== '0'
  return (stream as { isTTY?: boolean }).isTTY === true && env['TERM'] !== 'dumb'
}
