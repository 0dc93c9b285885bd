/** Serving the mirror: one `git upload-pack` for one stream of a peer. */
import type { Readable, Writable } from 'node:stream'
import { STDERR_MAX_BYTES } from '../core/limits.ts'
import { startGroup, tailOf, type Ending } from './group.ts'
import { commandEnvironment, inside, type Mirror } from './repository.ts'

export type UploadPack = {
  stdin: Writable
  stdout: Readable
  /** How it ended, with what it complained about. Never rejects. */
  done: Promise<{ ending: Ending; stderr: string }>
  kill: () => void
}

/** Starts serving; the caller pipes both streams, and kills it when the peer is gone. */
export function serveUploadPack(mirror: Mirror, signal: AbortSignal): UploadPack {
  // The environment has no GIT_PROTOCOL, whatever the peer asked for: v0 refuses objects that are
  // not advertised, v2 serves every object of the repository.
  const group = startGroup(['git', 'upload-pack', '--strict', '--timeout=60', mirror.path], {
    cwd: mirror.path,
    env: commandEnvironment(inside(mirror)),
  })
  const stderr = tailOf(group.stderr, STDERR_MAX_BYTES)
  if (signal.aborted) group.stop()
  signal.addEventListener('abort', group.stop, { once: true })
  const done = group.ended.then((ending) => {
    signal.removeEventListener('abort', group.stop)
    return { ending, stderr: stderr().toString('utf8') }
  })
  return { stdin: group.stdin, stdout: group.stdout, done, kill: group.stop }
}
