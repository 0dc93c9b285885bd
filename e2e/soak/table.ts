/** What a soak found, as numbers and as a table. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Peer } from '../peers.ts'
import { behind, slopeOf } from './slope.ts'

/** What a daemon said that it uses; bytes, but for the handles. */
export type Use = { at: number; heap: number; external: number; rss: number; handles: number }

/** What became of one daemon: slopes are a minute. */
export type Found = {
  peer: string
  pid: number
  facts: number
  heap: { last: number; slope: number | undefined; quiet: number | undefined }
  external: { last: number; slope: number | undefined }
  /** Also in the last half of what was looked at: it settles later than the heap does. */
  rss: { last: number; slope: number | undefined; late: number | undefined }
  handles: { first: number; last: number }
  descriptors: number
  files: Record<string, number>
}

/** Reads everything that is said of one daemon. */
export function foundOf(
  peer: Peer,
  seen: { pid: number; facts: number; working: readonly Use[]; quiet: readonly Use[] },
): Found {
  const { pid, facts, working, quiet } = seen
  const last = quiet.at(-1) ?? working.at(-1)
  if (last === undefined) throw new Error(`${peer.name}: no readings; soak for a minute at least`)
  const slope = (of: 'heap' | 'external' | 'rss', uses = working) =>
    slopeOf(uses.map((use) => ({ at: use.at, value: use[of] })))
  return {
    peer: peer.name,
    pid,
    facts,
    heap: { last: last.heap, slope: slope('heap'), quiet: slope('heap', quiet) },
    external: { last: last.external, slope: slope('external') },
    rss: { last: last.rss, slope: slope('rss'), late: slope('rss', behind(working, 1 / 2)) },
    handles: { first: working[0]?.handles ?? NaN, last: last.handles },
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    files: {
      room: sizeOf(peer.knotPath('room')),
      'repo.git': sizeOf(peer.knotPath('repo.git')),
      check: sizeOf(peer.knotPath('check')),
      'daemon.log': sizeOf(peer.knotPath('daemon.log')),
    },
  }
}

/** Prints it for people. */
export function print(found: readonly Found[], minutes: number): void {
  const [one] = found
  const facts = one?.facts ?? NaN
  console.log(`${minutes} min, ${facts.toFixed(0)} changes a minute; slopes are a minute`)
  for (const { peer, heap, external, rss, handles, descriptors, files } of found) {
    const each = (((heap.slope ?? NaN) + (external.slope ?? NaN)) / facts / 1024).toFixed(1)
    const sizes = Object.entries(files).map(([name, bytes]) => `${name} ${mega(bytes)}`)
    console.log([
      `${peer.padEnd(6)} heap ${mega(heap.last)}, slope ${mega(heap.slope)}`,
      `external ${mega(external.last)}, slope ${mega(external.slope)} (${each} KiB a change)`,
      `heap when nobody does anything, slope ${mega(heap.quiet)}`,
      `resident ${mega(rss.last)}, slope ${mega(rss.slope)}, in the last third ${mega(rss.late)}`,
      `handles ${handles.first} → ${handles.last}, descriptors ${descriptors}`,
      sizes.join(', '),
    ].join('\n       '))
  }
}

function mega(bytes: number | undefined): string {
  return bytes === undefined ? 'unknown' : `${(bytes / 2 ** 20).toFixed(2)} MiB`
}

function sizeOf(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return 0
  if (!stat.isDirectory()) return stat.size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}
