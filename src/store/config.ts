/**
 * `.knot/config.json`: what a person sets. knot reads it strictly and keeps what it does not know;
 * a file that it cannot read it never writes.
 */
import type { RoomId } from '../core/brand.ts'
import { fromUtf8, utf8 } from '../core/bytes/text.ts'
import { NAME_MAX_BYTES, SMALL_FILE_MAX_BYTES } from '../core/limits.ts'
import { RULES as SETTING_RULES, type Settings } from '../core/settings/settings.ts'
import type { Disk, Fault } from './disk.ts'
import { readWhole, writeAtomically } from './files.ts'
import { isRecord, parseJson } from './json.ts'

/** The settings that knot knows. A key that is absent has its default. */
export type Config = {
  /** What this agent is called. */
  name: string
  /** The room it belongs to; absent before `knot up` or `knot join`. */
  room?: RoomId
} & Partial<Settings>

/** `unknown` holds every other key of the file; it is written back as it was. */
export type ConfigFile = { config: Config; unknown: Readonly<Record<string, unknown>> }

export type ReadConfig =
  | ({ kind: 'ok' } & ConfigFile)
  | { kind: 'missing' }
  | { kind: 'corrupt'; why: string }
  | { kind: 'failed'; fault: Fault }

/** Reads the settings; `why` names the file, the place, the value and the fix. */
export async function readConfig(disk: Disk, path: string): Promise<ReadConfig> {
  const read = await readWhole(disk, path, SMALL_FILE_MAX_BYTES)
  if (read.kind === 'missing' || read.kind === 'failed') return read
  if (read.kind === 'too-large')
    return corrupt(path, `has ${read.size} bytes; remove what is not a setting`)
  const text = fromUtf8(read.bytes)
  if (text === undefined) return corrupt(path, 'is not UTF-8; save it as UTF-8')

  const parsed = parseJson(text)
  if (parsed.kind === 'bad') {
    const { line, column, why } = parsed
    return corrupt(path, `is no JSON at line ${line}, column ${column}: ${why}; correct it there`)
  }
  const wrong = mistakeIn(parsed.value)
  if (wrong !== undefined) return corrupt(path, wrong)
  return { kind: 'ok', ...split(parsed.value as Record<string, unknown>) }
}

export type WrittenConfig = Exclude<ReadConfig, { kind: 'missing' }>

/**
 * Changes the settings in the file, or begins it. A file that cannot be read is answered as it is
 * and stays as it is.
 */
export async function updateConfig(
  disk: Disk,
  path: string,
  change: (before: Config | undefined) => Config,
): Promise<WrittenConfig> {
  const read = await readConfig(disk, path)
  if (read.kind === 'corrupt' || read.kind === 'failed') return read

  const before = read.kind === 'ok' ? read : undefined
  const config = change(before?.config)
  const file = { v: 1, ...config, ...before?.unknown }
  const wrong = mistakeIn(file)
  if (wrong !== undefined) throw new Error(`bug: settings for ${path}: ${wrong}`)
  const written = await writeAtomically(disk, path, utf8(`${JSON.stringify(file, undefined, 2)}\n`))
  if (written.kind === 'failed') return written
  return { kind: 'ok', config, unknown: before?.unknown ?? {} }
}

type Rule = { fits: (value: unknown) => boolean; is: string }

const RULES: Readonly<Record<keyof Config, Rule>> = {
  name: {
    fits: value => isText(value, NAME_MAX_BYTES),
    is: `text of 1 to ${NAME_MAX_BYTES} bytes`,
  },
  room: {
    fits: value => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
    is: '64 hex digits',
  },
  ...SETTING_RULES,
}

/** What is wrong with the settings, as the rest of a sentence about the file. */
function mistakeIn(file: unknown): string | undefined {
  if (!isRecord(file)) return 'is not a JSON object; begin it with { and end it with }'
  if (file['v'] !== 1)
    return `has format ${shown(file['v'])} where this knot reads 1; use the knot that wrote it`
  if (file['name'] === undefined) return 'has no "name"; add "name": "what this agent is called"'
  for (const [key, { fits, is }] of Object.entries(RULES)) {
    const value = file[key]
    if (value !== undefined && !fits(value))
      return `has "${key}": ${shown(value)}; it must be ${is}`
  }
  return undefined
}

function split(file: Record<string, unknown>): ConfigFile {
  const known = Object.entries(file).filter(([key]) => Object.hasOwn(RULES, key))
  const unknown = Object.entries(file).filter(([key]) => key !== 'v' && !Object.hasOwn(RULES, key))
  return { config: Object.fromEntries(known) as Config, unknown: Object.fromEntries(unknown) }
}

function isText(value: unknown, max: number): boolean {
  return typeof value === 'string' && value !== '' && utf8(value).length <= max
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 80)
}

function corrupt(path: string, wrong: string): { kind: 'corrupt'; why: string } {
  return { kind: 'corrupt', why: `${path} ${wrong}` }
}
