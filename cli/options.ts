/** Reading what people type; each refusal names the value, the reason and the fix. */
import { addAbortSignal, type Readable } from 'node:stream'
import { Failure } from '../src/api/errors.ts'
import { ASK_QUEUED_MAX_MS, ASK_QUEUED_MS } from '../src/core/limits.ts'

/** A whole number within bounds. */
export function whole(
  option: string,
  text: string,
  { min, max }: { min: number; max: number },
): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  const reason = `${option} ${JSON.stringify(text)} is not a whole number from ${min} to ${max}.`
  throw new Failure('USAGE', reason, `${option} ${min}`)
}

/** One of a few words. */
export function oneOf<Word extends string>(option: string, text: string, words: Word[]): Word {
  const found = words.find((word) => word === text)
  if (found !== undefined) return found
  const reason = `${option} ${JSON.stringify(text)} is not one of ${words.join(', ')}.`
  throw new Failure('USAGE', reason, `${option} ${words[0]}`)
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A length of time like 30m, 2h or 7d, in milliseconds. */
export function milliseconds(option: string, text: string): number {
  const [, digits, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? []
  if (digits !== undefined) return Number(digits) * UNITS[unit as keyof typeof UNITS]
  const reason = `${option} ${JSON.stringify(text)} is not a length of time.`
  throw new Failure('USAGE', reason, `${option} 2h (s, m, h or d)`)
}

/** How long a command that says `--wait` does so, in milliseconds; undefined without it. */
export function patience(
  { wait, timeout }: { wait: boolean; timeout: string | undefined },
): number | undefined {
  if (!wait && timeout !== undefined) {
    const reason = '--timeout says how long to wait, and --wait that it should.'
    throw new Failure('USAGE', reason, `--wait --timeout ${timeout}`)
  }
  if (!wait) return undefined
  const ms = timeout === undefined ? ASK_QUEUED_MS : milliseconds('--timeout', timeout)
  if (ms <= ASK_QUEUED_MAX_MS) return ms
  throw new Failure('USAGE', `--timeout ${timeout} is more than a day.`, '--timeout 24h')
}

/** Everything on standard input, up to a limit that the daemon would refuse anyway. */
export async function textFrom(
  input: Readable,
  { max, signal }: { max: number; signal: AbortSignal },
): Promise<string> {
  addAbortSignal(signal, input)
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of input) {
    parts.push(Buffer.from(part as Uint8Array))
    bytes += parts.at(-1)?.length ?? 0
    if (bytes <= max) continue
    const reason = `standard input has more than ${max} bytes.`
    throw new Failure('INPUT_INVALID', reason, 'put longer text into a file and commit it')
  }
  return Buffer.concat(parts).toString('utf8')
}
