/**
 * `npm run fuzz -- --seconds N [--seed S] [--rounds R]`: damaged changes against the gate and
 * Automerge, and damaged bytes against every decoder, round after round, each with a seed of its
 * own. A fault, or a round that does not end, is told with the one line that repeats it.
 */
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { fuzzDecoders } from './decoders.ts'
import { fuzzGate } from './gate.ts'

/** A round takes some 50 ms; one that has not ended by now never will. */
const ROUND_MS = 30_000

/** One round of everything. */
export function round(seed: number): { tried: number; accepted: number; read: number } {
  return { ...fuzzGate(seed), read: fuzzDecoders(seed) }
}

type Asked = { seed: number; seconds: number; rounds: number }
type Word = { kind: 'round'; seed: number; tried: number; accepted: number; read: number }
  | { kind: 'fault'; seed: number; why: string }

function work({ seed, seconds, rounds }: Asked): void {
  const end = performance.now() + seconds * 1000
  for (let n = 0; n < rounds && performance.now() < end; n++) {
    try {
      parentPort?.postMessage({ kind: 'round', seed: seed + n, ...round(seed + n) } satisfies Word)
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
      parentPort?.postMessage({ kind: 'fault', seed: seed + n, why } satisfies Word)
      return
    }
  }
}

function watch(asked: Asked): void {
  const sum = { rounds: 0, tried: 0, accepted: 0, read: 0 }
  let seed = asked.seed
  const failed = (why: string) => {
    console.error(`${why}\nrepeat it with: npm run fuzz -- --seed ${seed} --rounds 1`)
    process.exit(1)
  }
  const worker = new Worker(new URL(import.meta.url), { workerData: asked })
  const hung = () => failed(`round ${seed} did not end in ${ROUND_MS / 1000} s`)
  let timer = setTimeout(hung, ROUND_MS)
  worker.on('message', (word: Word) => {
    if (word.kind === 'fault') return failed(word.why)
    clearTimeout(timer)
    timer = setTimeout(hung, ROUND_MS)
    seed = word.seed + 1
    sum.rounds++
    for (const what of ['tried', 'accepted', 'read'] as const) sum[what] += word[what]
  })
  worker.on('error', (error) => failed(String(error)))
  worker.on('exit', () => {
    clearTimeout(timer)
    const { rounds, tried, accepted, read } = sum
    console.log(`${rounds} rounds from seed ${asked.seed}: ${tried} damaged changes, of which the ` +
      `gate took ${accepted} and Automerge all of those; ${read} damaged messages still read.`)
  })
}

if (!isMainThread && parentPort !== null) work(workerData as Asked)
else if (import.meta.main) {
  const { values } = parseArgs({
    options: { seconds: { type: 'string' }, seed: { type: 'string' }, rounds: { type: 'string' } },
  })
  const number = (text: string | undefined, otherwise: number): number => {
    const given = text === undefined ? otherwise : Number(text)
    if (given > 0) return given
    console.error(`"${text}" is not a number above 0: npm run fuzz -- --seconds 60 --seed 7`)
    process.exit(2)
  }
  const seed = number(values.seed, 1 + Math.floor(Math.random() * 1e9))
  watch({
    seed,
    seconds: number(values.seconds, values.rounds === undefined ? 60 : 1e6),
    rounds: number(values.rounds, Infinity),
  })
}
