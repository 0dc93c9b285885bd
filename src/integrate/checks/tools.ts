/** The programs that checks need: where they are, and which version answered. */
import { access, constants } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { STDERR_MAX_BYTES, TOOL_VERSION_MS } from '../../core/limits.ts'
import { startGroup, tailOf } from '../../git/group.ts'

/** The PATH of a check: what was installed for the folder that it is of comes first. */
export function toolPath(root: string, { folder }: { folder?: string }, path: string): string {
  if (folder === undefined) return path
  return [join(root, folder, 'node_modules', '.bin'), path].join(delimiter)
}

/** The program that a shell with this PATH would start; `./tool` is looked for in `folder`. */
export async function findTool(
  tool: string,
  path: string,
  folder = '/',
): Promise<string | undefined> {
  const candidates = tool.includes('/')
    ? [resolve(folder, tool)]
    : path.split(delimiter).filter((entry) => isAbsolute(entry)).map((entry) => join(entry, tool))
  for (const candidate of candidates) {
    const executable = await access(candidate, constants.X_OK).then(() => true, () => false)
    if (executable) return candidate
  }
  return undefined
}

/** The first line that a tool says about its version; "unknown" when it says none in time. */
export async function versionOf(
  { tool, program }: { tool: string; program: string },
  { cwd, env }: { cwd: string; env: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<string> {
  // The shell is part of every system, and dash has no version to ask for.
  if (tool === 'sh') return 'POSIX'
  const group = startGroup([program, tool === 'go' ? 'version' : '--version'], { cwd, env })
  group.stdin.end()
  const texts = [tailOf(group.stdout, STDERR_MAX_BYTES), tailOf(group.stderr, STDERR_MAX_BYTES)]
  const until = AbortSignal.any([signal, AbortSignal.timeout(TOOL_VERSION_MS)])
  if (until.aborted) group.stop()
  until.addEventListener('abort', group.stop, { once: true })
  await group.ended
  await group.drained
  signal.throwIfAborted()
  const said = texts.map((text) => text().toString('utf8')).join('\n')
  return said.split(/\r?\n/).find((line) => line.trim() !== '')?.trim().slice(0, 100) ?? 'unknown'
}
