/** Taking samples: in turn, so that a machine whose speed drifts drifts for all of them alike. */
import { spawn } from 'node:child_process'

/** What some samples come to. */
export type Spread = { n: number; median: number; p95: number; min: number; max: number }

/** Orders samples and reads off what is quoted of them. */
export function spread(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? NaN
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[sorted.length >> 1]]
  const median = ((low ?? NaN) + (high ?? NaN)) / 2
  return { n: sorted.length, median, p95: at(0.95), min: sorted[0] ?? NaN, max: at(1) }
}

/** One way of doing a thing; gives what it cost, and is told which round it is. */
export type Way = (round: number) => Promise<number>

/**
 * Takes every way once in each round, each round in the opposite order of the one before. The
 * first `warm` rounds are not counted.
 */
export async function inTurn<Name extends string>(
  { rounds, warm = 1 }: { rounds: number; warm?: number },
  ways: Record<Name, Way>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(ways) as Name[]
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as
    Record<Name, number[]>
  for (let round = 0; round < warm + rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const cost = await ways[name](round)
      if (round >= warm) samples[name].push(cost)
    }
  }
  return samples
}

/** Milliseconds that something took. */
export async function timed(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await act()
  return performance.now() - began
}

/** Runs a program to its end, with nothing to read and nobody listening; it must end with 0. */
export function ends(
  [program = '', ...args]: readonly string[],
  at: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<void> {
  const child = spawn(program, args, { ...at, stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) return resolve()
      reject(new Error(`${program} ${args.join(' ')} ended with ${code}\n${errors}`))
    })
  })
}
