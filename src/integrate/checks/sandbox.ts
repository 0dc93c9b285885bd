/**
 * A sandbox for checks, where the system has bubblewrap: everything is read-only but the folder of
 * the check; `.knot/` with its keys and socket, and the usual places of credentials, are empty.
 *
 * The network stays on. Go, Cargo, Maven and pip fetch while they test, and a failure for lack of
 * network looks like a failing test, which would send good work back to its author.
 */
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { TOOL_VERSION_MS } from '../../core/limits.ts'
import { startGroup } from '../../git/group.ts'
import { findTool } from './tools.ts'

export type Sandbox = { kind: 'bubblewrap'; path: string } | { kind: 'none'; why: string }

/** What a sandboxed command may see and touch. */
export type Confinement = {
  /** Where it runs; writable. */
  folder: string
  /** Other writable folders: its home and the caches of its tools. */
  writable: readonly string[]
  /** Folders inside a hidden one that it still may read: the mirror's objects. */
  readable: readonly string[]
  /** Folders and files that are empty for it. */
  hidden: readonly string[]
}

/** Finds bubblewrap and tries it once: many systems have it but forbid user namespaces. */
export async function findSandbox(
  path: string,
  signal: AbortSignal,
): Promise<Sandbox> {
  const found = await findTool('bwrap', path)
  if (found === undefined) return { kind: 'none', why: 'bubblewrap (bwrap) is not installed' }
  const sandbox: Sandbox = { kind: 'bubblewrap', path: found }
  const nothing = { folder: '/', writable: [], readable: [], hidden: [] }
  const group = startGroup(confine(sandbox, ['true'], nothing), { cwd: '/', env: { PATH: path } })
  group.stdin.end()
  group.stdout.resume()
  group.stderr.resume()
  const until = AbortSignal.any([signal, AbortSignal.timeout(TOOL_VERSION_MS)])
  until.addEventListener('abort', group.stop, { once: true })
  const ending = await group.ended
  signal.throwIfAborted()
  if (ending.kind === 'exited' && ending.code === 0) return sandbox
  return { kind: 'none', why: 'bubblewrap is installed, but this system does not let it work' }
}

/** Puts a command into the sandbox, by its arguments alone. */
export function confine(
  sandbox: Sandbox,
  command: readonly [string, ...string[]],
  { folder, writable, readable, hidden }: Confinement,
): readonly [string, ...string[]] {
  if (sandbox.kind === 'none') return command
  return [
    sandbox.path,
    // Its own process ids: whatever the check starts ends with it, setsid or not.
    '--unshare-pid', '--unshare-ipc', '--die-with-parent', '--new-session',
    '--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp',
    ...hidden.flatMap((path) => hide(path)),
    // After what hides them: later arguments lie on top.
    ...readable.flatMap((path) => ['--ro-bind', path, path]),
    ...(folder === '/' ? [] : [folder, ...writable]).flatMap((path) => ['--bind', path, path]),
    '--chdir', folder, '--', ...command,
  ]
}

/** The places of credentials that exist on this machine, and the agent's own `.knot/`. */
export function secretPlaces({ folder, home }: { folder: string; home: string }): string[] {
  const places = SECRETS.map((name) => join(home, name))
  places.push('/run/user', '/var/run/docker.sock', '/run/docker.sock', dirname(folder))
  return places.filter((path) => existsSync(path))
}

const SECRETS = ['.ssh', '.aws', '.azure', '.gnupg', '.kube', '.docker', '.netrc', '.npmrc',
  '.git-credentials', '.config/gh', '.config/gcloud', '.config/git', '.cargo/credentials.toml',
  '.pypirc', '.claude', '.codex', '.cursor', '.gradle/gradle.properties', '.m2/settings.xml']

function hide(path: string): string[] {
  return statSync(path).isDirectory() ? ['--tmpfs', path] : ['--ro-bind', '/dev/null', path]
}
