/** A git command that talks to another repository: in a group of its own, and not for ever. */
import { FETCH_MS, GIT_OUTPUT_MAX_BYTES, STDERR_MAX_BYTES } from '../core/limits.ts'
import { startGroup, tailOf } from './group.ts'
import { commandEnvironment, type Repository } from './repository.ts'

export type Transferred =
  | { kind: 'ended'; code: number; stdout: string; stderr: string }
  /** It was ended for what it did, or could not be started. */
  | { kind: 'stopped'; why: string }

/**
 * Runs git until it ends, is silent for `idleMs`, or takes longer than FETCH_MS; rejects only when
 * aborted. What git started, like ssh, ends with it.
 */
export async function transfer(
  args: readonly string[],
  { at, idleMs }: { at: Repository; idleMs: number },
  signal: AbortSignal,
  onStderr: (text: string) => void = () => {},
): Promise<Transferred> {
  signal.throwIfAborted()
  const what = args[0] ?? ''
  const config = at.config.flatMap((setting) => ['-c', setting])
  const env = commandEnvironment(at)
  const group = startGroup(['git', ...config, ...args], { cwd: at.cwd, env })
  group.stdin.end()

  let stopped: string | undefined
  const stop = (why: string) => {
    stopped ??= `the ${what} ${why}`
    group.stop()
  }
  const onAbort = () => stop('was aborted')
  signal.addEventListener('abort', onAbort, { once: true })
  const whole = setTimeout(stop, FETCH_MS, `took longer than ${FETCH_MS} ms`)
  const silent = () => setTimeout(stop, idleMs, `was silent for ${idleMs} ms`)
  let idle = silent()
  const stderr = tailOf(group.stderr, STDERR_MAX_BYTES)
  group.stderr.on('data', (chunk: Buffer) => {
    clearTimeout(idle)
    idle = silent()
    onStderr(chunk.toString('utf8'))
  })
  const stdout: Buffer[] = []
  let bytes = 0
  group.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > GIT_OUTPUT_MAX_BYTES) stop(`printed more than ${GIT_OUTPUT_MAX_BYTES} bytes`)
    else stdout.push(chunk)
  })

  const ending = await group.ended
  await group.drained
  clearTimeout(idle)
  clearTimeout(whole)
  signal.removeEventListener('abort', onAbort)
  signal.throwIfAborted()
  if (stopped !== undefined) return { kind: 'stopped', why: stopped }
  if (ending.kind === 'not-started') return { kind: 'stopped', why: ending.why }
  return {
    kind: 'ended',
    code: ending.kind === 'exited' ? ending.code : 128,
    stdout: Buffer.concat(stdout).toString('utf8'),
    stderr: stderr().toString('utf8'),
  }
}

/** What git complained about: the last lines of its stderr that are no progress. */
export function complaint(stderr: string): string {
  const lines = stderr.split(/[\r\n]+/).filter((line) => line !== '' && !/\d+%/.test(line))
  return lines.slice(-8).join('\n') || 'git failed and said nothing'
}
