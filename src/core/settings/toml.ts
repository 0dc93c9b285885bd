/**
 * The part of TOML that knot's settings are written in: `key = value` on one line, where a value is
 * a "string", a 'literal', a whole number, true, false, or a list of strings.
 */

/** A value of a setting. */
export type TomlValue = string | number | boolean | readonly string[]

/** A line that sets something. */
export type TomlEntry = { key: string; value: TomlValue; line: number }

/** What a text sets before its first table, and where that table begins. */
export type ReadToml =
  | { kind: 'ok'; entries: TomlEntry[]; table: number | undefined }
  | { kind: 'malformed'; line: number; why: string }

/** Reads the lines before the first table, strictly; tables are others' to read. */
export function readTopLevel(text: string): ReadToml {
  const entries: TomlEntry[] = []
  for (const [index, source] of text.split(/\r?\n/).entries()) {
    const line = index + 1
    const content = source.trim()
    if (content === '' || content.startsWith('#')) continue
    if (content.startsWith('[')) return { kind: 'ok', entries, table: line }
    const [, key = '', written = ''] = /^([A-Za-z0-9_-]+)\s*=\s*(.*)$/.exec(content) ?? []
    const malformed = (why: string): ReadToml => ({ kind: 'malformed', line, why })
    if (key === '') return malformed(`"${content}" is not of the form key = value`)
    const value = readValue(written)
    if (value === undefined) {
      return malformed(`${key} must be "text", a number, true, false or ["a", "b"], on one line`)
    }
    if (entries.some((entry) => entry.key === key)) return malformed(`${key} is given twice`)
    entries.push({ key, value, line })
  }
  return { kind: 'ok', entries, table: undefined }
}

/** Reads what stands behind an equals sign, a comment included; undefined when it is no value. */
export function readValue(source: string): TomlValue | undefined {
  const [, bare] = /^(true|false|\d{1,9})\s*(#.*)?$/.exec(source) ?? []
  if (bare !== undefined) return /^\d/.test(bare) ? Number(bare) : bare === 'true'
  const [, list] = /^\[(.*)\]\s*(#.*)?$/.exec(source) ?? []
  if (list !== undefined) return readList(list)
  const [, literal] = /^'([^']*)'\s*(#.*)?$/.exec(source) ?? []
  if (literal !== undefined) return literal
  const [, basic] = /^"((?:[^"\\]|\\["\\nt])*)"\s*(#.*)?$/.exec(source) ?? []
  return basic === undefined ? undefined : unescaped(basic)
}

/** Writes a value so that `readValue` gives it back. */
export function writeValue(value: TomlValue): string {
  if (typeof value === 'string') {
    return `"${value.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`
  }
  return typeof value === 'object' ? `[${value.map(writeValue).join(', ')}]` : String(value)
}

function readList(source: string): string[] | undefined {
  const items: string[] = []
  let rest = source.trim()
  while (rest !== '') {
    const [whole, basic, literal] = /^(?:"((?:[^"\\]|\\["\\nt])*)"|'([^']*)')\s*/.exec(rest) ?? []
    if (whole === undefined) return undefined
    items.push(basic === undefined ? (literal ?? '') : unescaped(basic))
    rest = rest.slice(whole.length)
    if (rest !== '' && !rest.startsWith(',')) return undefined
    rest = rest.slice(1).trim()
  }
  return items
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, char: string) => ESCAPES[char] ?? char)
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t' }
