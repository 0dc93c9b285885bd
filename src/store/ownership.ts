/**
 * One writer for a room's logs. Two daemons started at the same moment would write over each other
 * and promise opposite things, and node:fs has no lock that dies with its process.
 *
 * Owners take numbers: `room/writer.<n>` names the process that holds the room, and only the
 * highest counts. A file is never taken over in place and the highest is never removed, so that
 * nobody who read the directory a while ago can bring back a number that somebody has passed.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromUtf8, utf8 } from '../core/bytes/text.ts'
import { OWNERSHIP_TRIES_MAX, SMALL_FILE_MAX_BYTES } from '../core/limits.ts'
import type { Fault } from './disk.ts'
import { codeOf, faultOf } from './disk.ts'
import { readWhole, writeAtomically, writeOnce } from './files.ts'
import type { Home } from './home.ts'
import { isRecord, parseJson } from './json.ts'
import { nodeDisk } from './node-disk.ts'

export type Ownership =
  | { kind: 'ok'; release: () => Promise<void> }
  | { kind: 'held'; pid: number; why: string }
  | { kind: 'failed'; fault: Fault }

/**
 * Takes the room for this process, until `release` or its end. Owners on other machines, or in
 * containers with process ids of their own, are not seen: `.knot/` is for one machine.
 */
export async function ownRoom(home: Pick<Home, 'room'>): Promise<Ownership> {
  const mine = utf8(JSON.stringify({ pid: process.pid, started: await startOf(process.pid) }))
  try {
    for (let tries = 0; tries < OWNERSHIP_TRIES_MAX; tries++) {
      const highest = (await numbers(home)).at(-1) ?? 0
      const pid = await holder(home, highest)
      if (pid !== undefined) return heldBy(home, pid)

      const next = highest + 1
      const taken = await writeOnce(nodeDisk, at(home, next), mine)
      if (taken.kind === 'failed') return taken
      if (taken.kind === 'ok' && (await isHighest(home, next))) return owned(home, next)
    }
  } catch (error) {
    return { kind: 'failed', fault: faultOf(error, home.room) }
  }
  const why = `${home.room}: too many processes want it at once; start knot again`
  return { kind: 'failed', fault: { code: 'EAGAIN', path: home.room, why } }
}

/** The live process that holds the room; undefined when none does. */
export async function ownerOf(home: Pick<Home, 'room'>): Promise<number | undefined> {
  try {
    return await holder(home, (await numbers(home)).at(-1) ?? 0)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

async function owned(home: Pick<Home, 'room'>, n: number): Promise<Ownership> {
  for (const old of await numbers(home)) if (old < n) await remove(at(home, old))
  return {
    kind: 'ok',
    async release() {
      // Emptied, not removed. Failing is harmless: the end of the process releases it as well.
      await writeAtomically(nodeDisk, at(home, n), utf8('{}'))
    },
  }
}

/** Whether nobody has passed this number meanwhile; otherwise it is given back. */
async function isHighest(home: Pick<Home, 'room'>, n: number): Promise<boolean> {
  if ((await numbers(home)).at(-1) === n) return true
  await remove(at(home, n))
  return false
}

/** The live process that holds a number; undefined when it was released or its process is gone. */
async function holder(home: Pick<Home, 'room'>, n: number): Promise<number | undefined> {
  const read = await readWhole(nodeDisk, at(home, n), SMALL_FILE_MAX_BYTES)
  // A file that is there and cannot be read may name anybody.
  if (read.kind === 'failed') throw Object.assign(new Error(read.fault.why), read.fault)
  const parsed = read.kind === 'ok' ? parseJson(fromUtf8(read.bytes) ?? '') : undefined
  if (parsed?.kind !== 'ok' || !isRecord(parsed.value)) return undefined
  const { pid, started } = parsed.value
  if (typeof pid !== 'number' || !isAlive(pid)) return undefined
  // Process ids are used again. Where the system does not tell the start, being alive is enough.
  const now = await startOf(pid)
  return now === undefined || started === undefined || now === started ? pid : undefined
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}

/** When a process started, in the words of Linux: this boot, and ticks since; else undefined. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    // The name of the program, in parentheses, may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie was killed and waits for a parent that, in many containers, never asks.
    return fields[0] === 'Z' ? 'zombie' : `${boot.trim()}/${fields[19]}`
  } catch {
    return undefined
  }
}

async function numbers(home: Pick<Home, 'room'>): Promise<number[]> {
  const names = await readdir(home.room)
  const found = names.map(name => /^writer\.([1-9]\d{0,14})$/.exec(name)?.[1])
  return found
    .filter(n => n !== undefined)
    .map(Number)
    .sort((a, b) => a - b)
}

async function remove(path: string): Promise<void> {
  await nodeDisk.remove(path).catch(error => {
    if (codeOf(error) !== 'ENOENT') throw error
  })
}

function at(home: Pick<Home, 'room'>, n: number): string {
  return join(home.room, `writer.${n}`)
}

function heldBy(home: Pick<Home, 'room'>, pid: number): Ownership {
  return { kind: 'held', pid, why: `${home.room} is in use by process ${pid}; end that one first` }
}
