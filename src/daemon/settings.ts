/** The settings of a checkout's daemon, from every place where they may stand. */
import { join } from 'node:path'
import { Failure } from '../api/errors.ts'
import { fromUtf8, utf8 } from '../core/bytes/text.ts'
import { SMALL_FILE_MAX_BYTES } from '../core/limits.ts'
import {
  type Held, KEYS, type Key, type Layer, parseSetting, readSettingsIn, RULES, settle, tomlKey,
  variableOf,
} from '../core/settings/settings.ts'
import { type TomlValue, writeValue } from '../core/settings/toml.ts'
import { type Config, updateConfig } from '../store/config.ts'
import { readWhole, writeAtomically } from '../store/files.ts'
import { type Home, makeFolder } from '../store/home.ts'
import { nodeDisk } from '../store/node-disk.ts'

type Env = Readonly<Record<string, string | undefined>>

/** What holds for a checkout; a mistake anywhere is a failure that names place, value and fix. */
export async function settingsOf(
  { root, home, config, env }: { root: string; home: Home; config: Config; env: Env },
): Promise<Held[]> {
  const layers = [
    fromEnvironment(env),
    { origin: 'checkout', from: home.config, values: pick(config) } as const,
    await fromFile('project', join(root, '.knot.toml')),
    await fromFile('user', userFile(env)),
  ]
  return settle(layers.filter((layer) => layer !== undefined))
}

/** The config with every setting that somebody gave; what nobody gave stays absent. */
export function withSettings(config: Config, held: readonly Held[]): Config {
  const given = held.filter(({ origin }) => origin !== 'default')
  return { ...config, ...Object.fromEntries(given.map(({ key, value }) => [key, value])) }
}

/** The file of a user's own settings. */
export function userFile(env: Env): string | undefined {
  const home = env['HOME'] ?? ''
  const folder = env['XDG_CONFIG_HOME'] || (home === '' ? undefined : join(home, '.config'))
  return folder === undefined ? undefined : join(folder, 'knot', 'config.toml')
}

/** Changes one setting of a checkout or of the user; without a value it is taken out. */
export async function changeSetting(
  { home, env }: { home: Home; env: Env },
  { key, value, of }: { key: Key; value: TomlValue | undefined; of: 'checkout' | 'user' },
): Promise<string> {
  if (of === 'user') return await changeUser(userFile(env), key, value)
  const written = await updateConfig(nodeDisk, home.config, (before) => {
    if (before === undefined) throw new Failure('NOT_INITIALISED', `${home.config} is missing`)
    const { [key]: _, ...rest } = before
    return { ...rest, ...(value === undefined ? {} : { [key]: value }) }
  })
  if (written.kind === 'ok') return home.config
  const why = written.kind === 'corrupt' ? written.why : written.fault.why
  throw new Failure('CONFIG_CORRUPT', why, `mend ${home.config}`)
}

function pick(config: Config): Layer['values'] {
  const given = KEYS.filter((key) => config[key] !== undefined)
  return Object.fromEntries(given.map((key) => [key, config[key]]))
}

function fromEnvironment(env: Env): Layer {
  const values: Record<string, TomlValue> = {}
  const from: string[] = []
  for (const key of KEYS) {
    const text = env[variableOf(key)] ?? ''
    if (text === '') continue
    const value = parseSetting(key, text)
    if (value === undefined) {
      const why = `${variableOf(key)} is ${JSON.stringify(text)}; it must be ${RULES[key].is}`
      throw new Failure('CONFIG_CORRUPT', why, `unset ${variableOf(key)}`)
    }
    values[key] = value
    from.push(variableOf(key))
  }
  return { origin: 'environment', from: from.join(', '), values }
}

async function fromFile(
  origin: 'project' | 'user',
  path: string | undefined,
): Promise<Layer | undefined> {
  const text = path === undefined ? undefined : await textOf(path)
  if (path === undefined || text === undefined) return undefined
  const read = readSettingsIn(text, origin)
  if (read.kind === 'ok') return { origin, from: path, values: read.values }
  throw new Failure('CONFIG_CORRUPT', `${path}:${read.line}: ${read.why}`, `mend ${path}`)
}

async function textOf(path: string): Promise<string | undefined> {
  const read = await readWhole(nodeDisk, path, SMALL_FILE_MAX_BYTES)
  if (read.kind === 'missing') return undefined
  const text = read.kind === 'ok' ? fromUtf8(read.bytes) : undefined
  if (text !== undefined) return text
  const why = read.kind === 'failed' ? read.fault.why : `${path} is no text file of settings`
  throw new Failure('CONFIG_CORRUPT', why, `mend ${path}`)
}

/** Changes the line of one key, and leaves every other line as its owner wrote it. */
async function changeUser(
  path: string | undefined,
  key: Key,
  value: TomlValue | undefined,
): Promise<string> {
  if (path === undefined) throw new Failure('FAILED', 'HOME is not set', 'set HOME')
  if (!RULES[key].given.includes('user')) {
    const why = `${key} is a matter of one checkout`
    throw new Failure('USAGE', why, `knot config set ${key} <value>, without --user`)
  }
  const before = (await textOf(path)) ?? ''
  const mine = new RegExp(`^\\s*${tomlKey(key)}\\s*=`)
  const others = before.split('\n').filter((line) => !mine.test(line))
  const body = others.join('\n').replace(/\n*$/, '')
  const line = value === undefined ? [] : [`${tomlKey(key)} = ${writeValue(value)}`]
  const text = [...(body === '' ? [] : [body]), ...line].map((one) => `${one}\n`).join('')
  const read = readSettingsIn(text, 'user')
  if (read.kind === 'malformed') {
    throw new Failure('CONFIG_CORRUPT', `${path}:${read.line}: ${read.why}`, `mend ${path}`)
  }
  await makeFolder(path)
  const written = await writeAtomically(nodeDisk, path, utf8(text))
  if (written.kind === 'failed') throw new Failure('FAILED', written.fault.why)
  return path
}
