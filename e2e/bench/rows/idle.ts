/** What a room costs while nobody does anything. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { memoryOf } from '../../world.ts'
import type { Ground } from '../ground.ts'
import { type Row, rowOf } from '../row.ts'

const SETTLE_MS = 3_000
const IDLE_MS = 10_000
/** What /proc counts in, on every Linux there is. */
const TICK_MS = 10

/** Processor time and memory of each daemon of a room of three, over ten seconds. */
export async function idle(ground: Ground): Promise<Row[]> {
  const { peers } = await ground.three()
  const pids = peers.flatMap((peer) => peer.daemons())
  if (pids.length !== peers.length) throw new Error(`${pids.length} daemons for ${peers.length}`)
  await sleep(SETTLE_MS)
  const before = pids.map(cpuMs)
  const began = performance.now()
  await sleep(IDLE_MS)
  const ms = performance.now() - began
  const share = pids.map((pid, n) => (100 * (cpuMs(pid) - (before[n] ?? 0))) / ms)
  return [
    rowOf({ row: 'idle', what: 'a daemon of three, 10 s', unit: '% CPU' }, share),
    rowOf({ row: 'idle', what: 'a daemon of three, resident', unit: 'MiB' }, pids.map(memoryOf)),
  ]
}

/** Milliseconds of processor time that a process has used, its threads included. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return TICK_MS * (Number(fields[11]) + Number(fields[12]))
}
