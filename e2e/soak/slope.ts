/** How fast something grows, from readings of it. */

/** One reading: when, in ms, and how much. */
export type Reading = { at: number; value: number }

/** Growth a minute by least squares; undefined of fewer than three readings. */
export function slopeOf(readings: readonly Reading[]): number | undefined {
  const n = readings.length
  if (n < 3) return undefined
  const meanAt = readings.reduce((sum, { at }) => sum + at, 0) / n
  const mean = readings.reduce((sum, { value }) => sum + value, 0) / n
  let above = 0
  let below = 0
  for (const { at, value } of readings) {
    above += (at - meanAt) * (value - mean)
    below += (at - meanAt) ** 2
  }
  return below === 0 ? undefined : (above / below) * 60_000
}

/** The readings behind a share of the time: at first caches fill and code is compiled. */
export function behind<R extends { at: number }>(readings: readonly R[], share: number): R[] {
  const [first, last] = [readings[0]?.at ?? 0, readings.at(-1)?.at ?? 0]
  return readings.filter(({ at }) => at >= first + (last - first) * share)
}
