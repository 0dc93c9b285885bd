/**
 * The one door to short git commands: a command goes in, its exit code and output come out.
 *
 * simple-git takes silence on stderr for success, so a `merge-tree` that found a conflict (exit
 * code 1, quiet) would land. Here the exit code is the answer, and a code that the caller did not
 * name is an error.
 */
import { simpleGit, type SimpleGit, type SimpleGitOptions } from 'simple-git'
import { GIT_COMMAND_MS, GIT_OUTPUT_MAX_BYTES } from '../core/limits.ts'
import { commandEnvironment, type Repository } from './repository.ts'

export type GitCommand = {
  at: Repository
  signal: AbortSignal
  input?: string | Uint8Array
  /** Variables for this command only. */
  env?: Readonly<Record<string, string>>
  /** When it counts as hung; GIT_COMMAND_MS when left out. */
  timeoutMs?: number
  /** Exit codes that are outcomes; only 0 when left out. */
  okCodes?: readonly number[]
  /** Hears what git says of its progress, as it comes. */
  onStderr?: (text: string) => void
}

export type GitOutput = { code: number; stdout: Buffer; stderr: string }

/** A git command ended in a way that its caller has no outcome for, as on a full disk. */
export class GitError extends Error {
  readonly code: number

  constructor(args: readonly string[], { code, stderr }: GitOutput) {
    const said = stderr.trim() || 'it said nothing'
    super(`git ${args[0] ?? ''} failed with exit code ${code}: ${said}`)
    this.name = 'GitError'
    this.code = code
  }
}

/** Runs git and answers its exit code, which is one of `okCodes`; throws GitError otherwise. */
export async function run(args: readonly string[], command: GitCommand): Promise<GitOutput> {
  const output = await spawnGit(args, command)
  if (!(command.okCodes ?? [0]).includes(output.code)) throw new GitError(args, output)
  return output
}

/** Runs git and answers its whole output as text, without the line feed at its end. */
export async function ask(args: readonly string[], command: GitCommand): Promise<string> {
  const { stdout } = await run(args, command)
  return stdout.toString('utf8').replace(/\n$/, '')
}

/** Splits NUL-terminated output. Bytes that are not UTF-8 become U+FFFD. */
export function nulls(output: Buffer): string[] {
  const parts = output.toString('utf8').split('\0')
  if (parts.at(-1) === '') parts.pop()
  return parts
}

// simple-git refuses these for the sake of callers who pass on what a user typed. Every argument
// here is our own, and these options are how hooks and foreign configuration are switched off.
const OWN_ARGUMENTS: NonNullable<SimpleGitOptions['unsafe']> = {
  allowUnsafeConfigPaths: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeHooksPath: true,
  allowUnsafeTemplateDir: true,
}

async function spawnGit(args: readonly string[], command: GitCommand): Promise<GitOutput> {
  command.signal.throwIfAborted()
  const { timeoutMs = GIT_COMMAND_MS } = command
  const limits = new AbortController()
  const over = (what: string) => limits.abort(new Error(`git ${args[0] ?? ''} ${what}`))
  const timer = setTimeout(over, timeoutMs, `ran longer than ${timeoutMs} ms`)
  const stop = AbortSignal.any([command.signal, limits.signal])
  const outputs: GitOutput[] = []
  try {
    const git = openGit(command, stop, (output) => outputs.push(output))
    git.outputHandler((_binary, stdout, stderr) => {
      stderr.on('data', (chunk: Buffer) => command.onStderr?.(chunk.toString('utf8')))
      capped([stdout, stderr], () => over(`printed more than ${GIT_OUTPUT_MAX_BYTES} bytes`))
    })
    await git.raw([...args])
  } finally {
    clearTimeout(timer)
  }
  stop.throwIfAborted()
  const [output] = outputs
  if (output === undefined) throw new Error('bug: simple-git ended without an exit code')
  return output
}

function openGit(
  { at, input = '', env: more }: GitCommand,
  abort: AbortSignal,
  answer: (output: GitOutput) => void,
): SimpleGit {
  const env = { ...commandEnvironment(at), ...more }
  return simpleGit({
    baseDir: at.cwd,
    abort,
    config: [...at.config],
    allowEnvironment: Object.keys(env).filter((name) => name.startsWith('GIT_')),
    unsafe: OWN_ARGUMENTS,
    // Only `close` means that the output is whole; the default also settles 50 ms after `exit`.
    completion: { onClose: true, onExit: false },
    input: () => Buffer.from(input),
    // Called for every ending; answering undefined makes simple-git content with any.
    errors: (_error, { exitCode, stdOut, stdErr }) => {
      const stderr = Buffer.concat(stdErr).toString('utf8')
      answer({ code: exitCode, stdout: Buffer.concat(stdOut), stderr })
      return undefined
    },
  }).env(env)
}

function capped(streams: readonly NodeJS.ReadableStream[], onOverflow: () => void): void {
  let bytes = 0
  for (const stream of streams) {
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > GIT_OUTPUT_MAX_BYTES) onOverflow()
    })
    // simple-git waits another 50 ms for the output of a silent command. An empty chunk at the end
    // of the stream tells it that there is none: `update-ref` costs 3 ms instead of 53.
    stream.once('end', () => stream.emit('data', Buffer.alloc(0)))
  }
}
