/** A row of the table: what was measured, beside its floor, and what was asked of it. */
import { type Spread, spread } from './measure.ts'

/** A bound: of which figure, and whether it counts alone or as a multiple of the floor's median. */
export type Bound = { figure: 'median' | 'p95'; atMost: number; times: 'floor' | 'one' }

/** What was measured, in its unit. */
export type Row = {
  row: string
  what: string
  unit: 'ms' | '% CPU' | 'MiB'
  found: Spread
  floor?: { what: string; found: Spread }
  asked: Bound[]
}

/** One figure of a row held against its bound. */
export type Held = Bound & { is: number; holds: boolean }

/** Makes a row of samples. Both lists are of the same rounds. */
export function rowOf(
  about: Pick<Row, 'row' | 'what'> & { unit?: Row['unit']; asked?: Bound[] },
  samples: readonly number[],
  floor?: { what: string; samples: readonly number[] },
): Row {
  const { unit = 'ms', asked = [], ...rest } = about
  const row: Row = { ...rest, unit, found: spread(samples), asked }
  if (floor !== undefined) row.floor = { what: floor.what, found: spread(floor.samples) }
  return row
}

/** Holds a row against every bound that was asked for. */
export function held({ found, floor, asked }: Row): Held[] {
  return asked.map((bound) => {
    const is = found[bound.figure] / (bound.times === 'floor' ? floor?.found.median ?? NaN : 1)
    return { ...bound, is, holds: is <= bound.atMost }
  })
}
