/** The agent's key on disk: one file, readable by its owner only, written once. */
import { chmod, stat } from 'node:fs/promises'
import type { PublicKey } from '../core/brand.ts'
import { base64url, fromBase64url, fromUtf8, utf8 } from '../core/bytes/text.ts'
import { SMALL_FILE_MAX_BYTES } from '../core/limits.ts'
import type { Fault } from './disk.ts'
import { codeOf, faultOf } from './disk.ts'
import { publicKeyOf } from './ed25519.ts'
import type { Written } from './files.ts'
import { readWhole, writeOnce } from './files.ts'
import { isRecord, parseJson } from './json.ts'
import { nodeDisk } from './node-disk.ts'

export type StoredKey = { seed: Uint8Array; public: PublicKey; made: string }

export type ReadKey =
  | { kind: 'ok'; key: StoredKey }
  | { kind: 'missing' }
  | { kind: 'corrupt'; why: string }
  /** Others may read it. `closeKey` repairs that; whether the key was copied it cannot say. */
  | { kind: 'too-open'; mode: number; key: StoredKey; why: string }
  | { kind: 'failed'; fault: Fault }

/** Writes a key file. Answers 'exists' where one is: a key is never overwritten. */
export function writeKey(
  path: string,
  { seed, made }: { seed: Uint8Array; made: Date },
): Promise<Written> {
  const file = {
    v: 1,
    kind: 'ed25519',
    seed: base64url(seed),
    public: publicKeyOf(seed),
    made: made.toISOString(),
  }
  return writeOnce(nodeDisk, path, utf8(`${JSON.stringify(file, undefined, 2)}\n`))
}

/** Reads a key file and checks that its two halves belong together. */
export async function readKey(path: string): Promise<ReadKey> {
  const read = await readWhole(nodeDisk, path, SMALL_FILE_MAX_BYTES)
  if (read.kind === 'missing' || read.kind === 'failed') return read
  if (read.kind === 'too-large') return corrupt(path, `it has ${read.size} bytes`)

  const parsed = parseKey(path, read.bytes)
  if (parsed.kind !== 'ok') return parsed
  try {
    const mode = (await stat(path)).mode & 0o777
    if ((mode & 0o077) === 0) return parsed
    const shown = mode.toString(8).padStart(4, '0')
    const why = `${path} has mode ${shown}: other users may read the key; run chmod 600 ${path}`
    return { kind: 'too-open', mode, key: parsed.key, why }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { kind: 'missing' }
    return { kind: 'failed', fault: faultOf(error, path) }
  }
}

/** Puts one key file in the place of another; after a crash it is the one or the other. */
export async function replaceKey(
  from: string,
  to: string,
): Promise<{ kind: 'ok' } | { kind: 'failed'; fault: Fault }> {
  try {
    await nodeDisk.rename({ from, to, over: 'replace' })
    return { kind: 'ok' }
  } catch (error) {
    return { kind: 'failed', fault: faultOf(error, to) }
  }
}

/** Makes a key file readable by its owner only. */
export async function closeKey(
  path: string,
): Promise<{ kind: 'ok' } | { kind: 'failed'; fault: Fault }> {
  try {
    await chmod(path, 0o600)
    return { kind: 'ok' }
  } catch (error) {
    return { kind: 'failed', fault: faultOf(error, path) }
  }
}

function parseKey(path: string, bytes: Uint8Array): Extract<ReadKey, { kind: 'ok' | 'corrupt' }> {
  const text = fromUtf8(bytes)
  if (text === undefined) return corrupt(path, 'it is not UTF-8')
  const parsed = parseJson(text)
  if (parsed.kind === 'bad')
    return corrupt(path, `line ${parsed.line}, column ${parsed.column}: ${parsed.why}`)

  const file = parsed.value
  if (!isRecord(file)) return corrupt(path, 'it is not a JSON object')
  if (file['v'] !== 1 || file['kind'] !== 'ed25519') {
    return corrupt(path, 'it is not an Ed25519 key of format 1; use the knot that wrote it')
  }
  const seed = typeof file['seed'] === 'string' ? fromBase64url(file['seed']) : undefined
  if (seed?.length !== 32) return corrupt(path, 'its seed is not 32 bytes in base64url')
  const made = file['made']
  if (typeof made !== 'string' || Number.isNaN(Date.parse(made)))
    return corrupt(path, 'its date is no date')

  // A seed with one wrong digit is a perfectly good key: somebody else's.
  const derived = publicKeyOf(seed)
  if (file['public'] !== derived)
    return corrupt(path, 'its public half does not belong to its seed')
  return { kind: 'ok', key: { seed, public: derived, made } }
}

function corrupt(path: string, why: string): { kind: 'corrupt'; why: string } {
  const fix = 'restore it from a backup, or move it away and join as a new agent'
  return { kind: 'corrupt', why: `${path} is no usable key: ${why}; ${fix}` }
}
