/** What an agent is called before its room has said anything about it. */
import { Failure } from '../src/api/errors.ts'
import { nameFrom, parseName } from '../src/core/auth/name.ts'
import type { KnotContext } from './context.ts'

/** A name as it was typed for this agent; one that git or knot would misread is refused. */
export function typedName(option: string | undefined): string | undefined {
  if (option === undefined) return undefined
  const parsed = parseName(option)
  if (parsed.kind === 'name') return parsed.name
  throw new Failure('USAGE', parsed.why, `--name ${nameFrom(option)}`)
}

/** `--name`, else KNOT_NAME, else git's user.name; undefined leaves the choice to the daemon. */
export async function agentName(
  option: string | undefined,
  context: KnotContext,
): Promise<string | undefined> {
  const given = typedName(option) ?? context.env['KNOT_NAME']
  if (given !== undefined && given !== '') return given

  const { execFile } = await import('node:child_process')
  const { cwd, env, signal } = context
  return await new Promise((resolve) => {
    execFile('git', ['config', 'user.name'], { cwd, env, signal }, (_error, stdout) => {
      resolve(stdout.trim() === '' ? undefined : stdout.trim())
    })
  })
}
