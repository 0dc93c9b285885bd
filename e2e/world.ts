/** What tests ask of this machine: processes, and the patience to wait for a condition. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Generous: the machine may be loaded by the tests beside this one. */
const PATIENCE_MS = 30_000
const AGAIN_MS = 50

/** Waits until a condition holds; fails with its name, and the last error that it threw. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  ms = PATIENCE_MS,
): Promise<void> {
  let trouble: unknown
  for (const began = Date.now(); Date.now() - began < ms; await sleep(AGAIN_MS)) {
    try {
      if (await holds()) return
      trouble = undefined
    } catch (error) {
      trouble = error
    }
  }
  const cause = trouble instanceof Error ? `: ${trouble.message}` : ''
  throw new Error(`not within ${ms / 1000} s: ${what}${cause}`)
}

/** Whether a process runs. One that ended and whose parent never asked does not. */
export function isAlive(pid: number): boolean {
  return (stateOf(pid) ?? 'Z') !== 'Z'
}

/** The processes of this machine whose words fit. */
export function processesOf(fits: (argv: string[]) => boolean): { pid: number; argv: string[] }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), argv: wordsOf(Number(name)) }))
    .filter(({ pid, argv }) => argv.length > 0 && fits(argv) && isAlive(pid))
}

/** Memory that a process has in use, in MiB. */
export function memoryOf(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1]) / 1024
}

function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2)[0]
  } catch {
    return undefined
  }
}

function wordsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
  } catch {
    return []
  }
}
