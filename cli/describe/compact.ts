/** What `knot compact` did, as a person reads it. */
import type { Output } from '../../src/api/types.ts'
import { cleanLine, table } from '../print.ts'

/** The volume, the log and the mirror, each before and after. */
export function describeCompact(done: Output<'compact'>): string {
  const { volume, log, mirror, closed, ms } = done
  const same = `${volume.to} (nothing to end)`
  const ended = volume.from === volume.to ? same : `${volume.from} ended, ${volume.to} begins`
  const took = ms === undefined ? '' : ` in ${ms} ms`
  const rows = [
    ['volume', done.waits === undefined ? ended : `${volume.from} goes on`],
    ['room.log', `${bytes(log.before)} to ${bytes(log.after)}${took}`],
    ...(closed === undefined ? [] : [['kept', cleanLine(closed)]]),
    ['mirror', `${bytes(mirror.before.bytes)} to ${bytes(mirror.after.bytes)}`],
    ['objects', `${loose(mirror.before)} to ${loose(mirror.after)}`],
  ]
  return table(rows)
}

function loose({ packs, loose: lone }: Output<'compact'>['mirror']['before']): string {
  return `${packs} packs and ${lone} lone ones`
}

function bytes(count: number): string {
  if (count < 10_000) return `${count} B`
  return count < 10_000_000 ? `${Math.round(count / 1000)} kB` : `${Math.round(count / 1e6)} MB`
}
