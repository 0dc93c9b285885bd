/**
 * What can be set, by whom, and who wins: flags before the environment, that before this checkout,
 * that before the project, that before the user, and all of them before the default.
 */
import { utf8 } from '../bytes/text.ts'
import { isCapabilities } from '../capability.ts'
import { ADDRESS_MAX_BYTES, CAPABILITIES_MAX, PEER_ADDRESSES_MAX } from '../limits.ts'
import { readTopLevel, type TomlValue } from './toml.ts'

/** The settings of one daemon. */
export type Settings = {
  /** TCP port; 0 for any. */
  port: number
  /** Addresses to listen on. */
  listen: readonly string[]
  /** Whether public addresses are refused, in both directions. */
  lanOnly: boolean
  /** Whether this agent may lead and integrate. */
  integrate: boolean
  /** Whether the shared remote is used beside the mesh. */
  transport: 'auto' | 'mesh' | 'upstream'
  /** What this agent can do, among the tasks that say what they need. */
  capabilities: readonly string[]
}

/** Where a setting was given, the strongest first. */
export const ORIGINS = ['environment', 'checkout', 'project', 'user'] as const
export type Origin = (typeof ORIGINS)[number]

type Rule = { is: string; fits: (value: unknown) => boolean; given: readonly Origin[] }

const BOOLEAN = { is: 'true or false', fits: (value: unknown) => typeof value === 'boolean' }

/** What each setting must be, and where it may stand. */
export const RULES: { readonly [K in keyof Settings]: Rule } = {
  port: {
    is: 'a number from 0 to 65535',
    fits: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535,
    // Two checkouts of one user cannot listen on one port.
    given: ['environment', 'checkout'],
  },
  listen: {
    is: `at most ${PEER_ADDRESSES_MAX} IP addresses of this machine, as in 0.0.0.0`,
    fits: (value) =>
      Array.isArray(value) && value.length <= PEER_ADDRESSES_MAX && value.every(isAddress),
    given: ['environment', 'checkout', 'user'],
  },
  lanOnly: { ...BOOLEAN, given: ORIGINS },
  integrate: { ...BOOLEAN, given: ['environment', 'checkout', 'user'] },
  transport: {
    is: 'auto, mesh or upstream',
    fits: (value) => value === 'auto' || value === 'mesh' || value === 'upstream',
    given: ORIGINS,
  },
  capabilities: {
    is: `a list of at most ${CAPABILITIES_MAX} words, each once, as in rust,web`,
    fits: isCapabilities,
    given: ['environment', 'checkout', 'user'],
  },
}

/** What holds when nobody says anything. */
export const DEFAULTS: Settings = {
  port: 0, listen: ['0.0.0.0'], lanOnly: false, integrate: true, transport: 'auto',
  capabilities: [],
}

export type Key = keyof Settings

/** Every key, in the order in which they are shown. */
export const KEYS = Object.keys(RULES) as Key[]

function isAddress(value: unknown): boolean {
  if (typeof value !== 'string' || utf8(value).length > ADDRESS_MAX_BYTES) return false
  if (value.includes(':')) return /^[\da-f:.]{2,45}(%\w+)?$/i.test(value)
  const parts = value.split('.')
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)
}

/** A key as people may write it: `lanOnly`, `lan_only` or `lan-only`. */
export function parseKey(text: string): Key | undefined {
  const camel = text.replace(/[_-]([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return KEYS.find((key) => key === camel)
}

/** The key in TOML. */
export function tomlKey(key: Key): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** The variable of the environment. */
export function variableOf(key: Key): string {
  return `KNOT_${tomlKey(key).toUpperCase()}`
}

/** Reads a value as it stands in a variable or behind a command; undefined when it is none. */
export function parseSetting(key: Key, text: string): TomlValue | undefined {
  const value = valueOf(key, text.trim())
  return RULES[key].fits(value) ? value : undefined
}

function valueOf(key: Key, text: string): TomlValue {
  if (key === 'listen' || key === 'capabilities') return text.split(',').map((part) => part.trim())
  if (key === 'port') return /^\d{1,5}$/.test(text) ? Number(text) : text
  const word = { true: true, '1': true, false: false, '0': false }[text]
  return word ?? text
}

/** The settings that one place gives. */
export type Layer = { origin: Origin; from: string; values: Partial<Settings> }

export type ReadLayer =
  | { kind: 'ok'; values: Partial<Settings> }
  | { kind: 'malformed'; line: number; why: string }

/** Reads the settings in the text of a TOML file; a key that means nothing there is a mistake. */
export function readSettingsIn(text: string, origin: 'project' | 'user'): ReadLayer {
  const read = readTopLevel(text)
  if (read.kind === 'malformed') return read
  if (origin === 'user' && read.table !== undefined) {
    return { kind: 'malformed', line: read.table, why: 'there are no tables in this file' }
  }
  const values: Record<string, TomlValue> = {}
  for (const { key: written, value, line } of read.entries) {
    const key = parseKey(written)
    const malformed = (why: string): ReadLayer => ({ kind: 'malformed', line, why })
    if (key === undefined || written !== tomlKey(key)) {
      return malformed(`"${written}" is no setting here; there are ${namesFor(origin)}`)
    }
    const { is, fits, given } = RULES[key]
    if (!given.includes(origin)) {
      return malformed(`${written} is a matter of one checkout: knot config set ${key} <value>`)
    }
    if (!fits(value)) return malformed(`${written} is ${JSON.stringify(value)}; it must be ${is}`)
    values[key] = value
  }
  return { kind: 'ok', values: values as Partial<Settings> }
}

function namesFor(origin: Origin): string {
  return KEYS.filter((key) => RULES[key].given.includes(origin)).map(tomlKey).join(', ')
}

/** One setting as it holds, and who said so. */
export type Held = { key: Key; value: TomlValue; origin: Origin | 'default'; from: string }

/** What holds, given the layers in any order. */
export function settle(layers: readonly Layer[]): Held[] {
  const strongest = [...layers].sort(
    (a, b) => ORIGINS.indexOf(a.origin) - ORIGINS.indexOf(b.origin),
  )
  return KEYS.map((key) => {
    const layer = strongest.find(({ values }) => values[key] !== undefined)
    const value = layer?.values[key]
    if (layer === undefined || value === undefined) {
      return { key, value: DEFAULTS[key], origin: 'default', from: '' }
    }
    return { key, value, origin: layer.origin, from: layer.from }
  })
}
