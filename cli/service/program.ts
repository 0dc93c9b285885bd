/** Runs the program that keeps services: systemctl or launchctl. */
import type { KnotContext } from '../context.ts'

/** How it ended, and what it printed; a program that is not there ended with 127. */
export type Ran = { exit: number; stdout: string; stderr: string }

/** Runs a program to its end. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { env, signal }: KnotContext,
): Promise<Ran> {
  const { execFile } = await import('node:child_process')
  return await new Promise((resolve, reject) => {
    execFile(program, [...args], { env, signal }, (error, stdout, stderr) => {
      if (error === null) return resolve({ exit: 0, stdout, stderr })
      if (error.name === 'AbortError') return reject(error)
      const exit = typeof error.code === 'number' ? error.code : 127
      resolve({ exit, stdout, stderr: stderr === '' ? error.message : stderr })
    })
  })
}
