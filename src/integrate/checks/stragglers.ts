/**
 * Processes that outlive their check: those that left its process group, and those of a daemon
 * that was killed. All of them carry the folder of the check in their environment, which a child
 * inherits. One that cleared its environment *and* left the group is only ended by a sandbox.
 */
import { readdir, readFile } from 'node:fs/promises'

/** The variable that marks every process of a check with its folder. */
export const MARK = 'KNOT_CHECK'

/** Kills every process that was started by a check in this folder. Linux only; elsewhere none. */
export async function killStragglers(folder: string): Promise<number> {
  const mark = `${MARK}=${folder}`
  let killed = 0
  for (const entry of await readdir('/proc').catch(() => [])) {
    const pid = Number(entry)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    if (!environment.split('\0').includes(mark)) continue
    try {
      process.kill(pid, 'SIGKILL')
      killed += 1
    } catch {
      // It ended by itself meanwhile.
    }
  }
  return killed
}
