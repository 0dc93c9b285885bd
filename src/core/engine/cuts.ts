/**
 * Cuts that the term chain confirmed. Every peer judges one by the chain alone: the first ends
 * volume 0, and each one after it the volume that the one before began.
 */
import { type ChainRecord, hold } from '../lease/record.ts'
import { decodeCut } from '../room/cut.ts'
import type { Effect } from './effect.ts'
import type { ConfirmedCut, Engine } from './state.ts'

/** Takes in a confirmed cut; what comes of it is looked at in the same step. */
export function noteCut(engine: Engine, out: Effect[], record: ChainRecord): void {
  const { payload, seq, leader } = record
  if (payload.kind !== 'cut') throw new Error(`bug: ${payload.kind} is no cut`)
  const read = decodeCut(payload.bytes)
  const isNext = read.kind === 'ok' && read.value.number === engine.cuts.length
  if (!isNext) {
    const why = read.kind === 'ok' ? `it ends volume ${read.value.number}` : read.why
    const text = `record ${seq} of ${leader} is no cut of volume ${engine.cuts.length}: ${why}`
    out.push({ kind: 'note', level: 'warn', text })
    return
  }
  engine.cuts.push({ cut: read.value, id: hold(engine.volume.room, record).id, seq })
  engine.due.add('volume')
}

/** The cut behind which this peer has yet to come; undefined when it is where the room is. */
export function aheadOf({ cuts, volume }: Engine): ConfirmedCut | undefined {
  return cuts.length > volume.number ? cuts.at(-1) : undefined
}
