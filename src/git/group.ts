/**
 * A process in a group of its own, so that all it started can be stopped with it.
 *
 * A descendant that calls setsid leaves the group and is not stopped: only a sandbox with its own
 * process ids ends those too.
 */
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Readable, Writable } from 'node:stream'
import { KILL_GRACE_MS } from '../core/limits.ts'

export type Ending =
  | { kind: 'exited'; code: number }
  | { kind: 'signalled'; signal: string }
  | { kind: 'not-started'; why: string }

export type Group = {
  /** Undefined when the process could not be started. */
  pid: number | undefined
  stdin: Writable
  stdout: Readable
  stderr: Readable
  /** Settles when the first process is gone and the rest of its group was killed. Never rejects. */
  ended: Promise<Ending>
  /** Settles a moment after `ended`, when what the group wrote has been read. Never rejects. */
  drained: Promise<void>
  /** Asks the group to end, and ends it by force after a grace. */
  stop: () => void
}

/** Starts a command as the leader of a new process group. */
export function startGroup(
  [command, ...args]: readonly [string, ...string[]],
  { cwd, env }: { cwd: string; env: Readonly<Record<string, string>> },
): Group {
  const child = spawn(command, args, { cwd, env, detached: true, stdio: 'pipe' })
  const { pid, stdin, stdout, stderr } = child
  // A process that ends before it has read its input is an outcome, told by `ended`.
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => {})
  let force: NodeJS.Timeout | undefined
  let over = false

  const ended = new Promise<Ending>((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ kind: 'not-started', why: error.message })
    })
    child.once('exit', (code, signal) => {
      over = true
      clearTimeout(force)
      killGroup(pid, 'SIGKILL')
      resolve(
        code === null
          ? { kind: 'signalled', signal: signal ?? 'unknown' }
          : { kind: 'exited', code },
      )
    })
  })
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
    child.once('error', () => resolve())
  })
  const drained = ended.then(() => Promise.race([closed, afterGrace()]))
  const stop = () => {
    if (over || force !== undefined) return
    killGroup(pid, 'SIGTERM')
    force = setTimeout(() => killGroup(pid, 'SIGKILL'), KILL_GRACE_MS)
  }
  return { pid, stdin, stdout, stderr, ended, drained, stop }
}

/** Collects the last bytes of one or several streams, in the order in which they come. */
export function tailOf(streams: Readable | readonly Readable[], mostBytes: number): () => Buffer {
  let kept: Buffer[] = []
  let bytes = 0
  const keep = (chunk: Buffer) => {
    kept.push(chunk)
    bytes += chunk.length
    // Joined only now and then, so that a flood of small chunks costs linear time.
    if (bytes > 2 * mostBytes) {
      kept = [Buffer.concat(kept).subarray(-mostBytes)]
      bytes = mostBytes
    }
  }
  for (const stream of [streams].flat()) stream.on('data', keep)
  return () => Buffer.concat(kept).subarray(-mostBytes)
}

// A process that left the group may hold the pipes open for ever.
function afterGrace(): Promise<void> {
  return sleep(KILL_GRACE_MS, undefined, { ref: false })
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal)
  } catch {
    // ESRCH: nobody of the group is left, which is what was asked for.
  }
}
