/** Questions, for people only: a script is never asked, and never waits. */
import type { Readable, Writable } from 'node:stream'
import type { KnotContext } from './context.ts'

/** Whether somebody sits there: what is typed and what is read are both a terminal. */
export function asks({ stdin, stdout }: Pick<KnotContext, 'stdin' | 'stdout'>): boolean {
  const isTerminal = (stream: unknown) => (stream as { isTTY?: boolean }).isTTY === true
  return isTerminal(stdin) && isTerminal(stdout)
}

/** Asks yes or no; anything but yes is no, and so is the end of the input. */
export async function confirm(
  question: string,
  { stdin, stderr, signal }: { stdin: Readable; stderr: Writable; signal: AbortSignal },
): Promise<boolean> {
  const { createInterface } = process.getBuiltinModule('node:readline/promises')
  const lines = createInterface({ input: stdin, output: stderr })
  const ended = new AbortController()
  lines.once('close', () => ended.abort())
  try {
    const waiting = AbortSignal.any([signal, ended.signal])
    const said = await lines.question(`${question} [y/N] `, { signal: waiting })
    return /^y(es)?$/i.test(said.trim())
  } catch {
    return false
  } finally {
    lines.close()
  }
}
