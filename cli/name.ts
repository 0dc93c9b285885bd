/** What an agent is called before its room has said anything about it. */
import type { KnotContext } from './context.ts'

/** `--name`, else KNOT_NAME, else git's user.name; undefined leaves the choice to the daemon. */
export async function agentName(
  option: string | undefined,
  context: KnotContext,
): Promise<string | undefined> {
  const given = option ?? context.env['KNOT_NAME']
  if (given !== undefined && given !== '') return given

  const { execFile } = await import('node:child_process')
  const { cwd, env, signal } = context
  return await new Promise((resolve) => {
    execFile('git', ['config', 'user.name'], { cwd, env, signal }, (_error, stdout) => {
      resolve(stdout.trim() === '' ? undefined : stdout.trim())
    })
  })
}
