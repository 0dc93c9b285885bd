/**
 * Names of agents and rooms.
 *
 * Two rules, one within the other. What an op may hold (`isName`) decides whether the op is valid,
 * so it names code points itself: the Unicode tables of two Node versions differ, and peers that
 * disagree about an op split the room. What a person may choose (`parseName`) is decided once, on
 * one machine, and asks those tables for letters and digits.
 */
import type { Brand } from '../brand.ts'
import { utf8 } from '../bytes/text.ts'
import { NAME_MAX_BYTES } from '../limits.ts'

/** The name of an agent or a room, fit for a path, a ref and a shell word. */
export type Name = Brand<string, 'Name'>

export type ParsedName =
  | { readonly kind: 'name'; readonly name: Name }
  | { readonly kind: 'bad'; readonly why: string }

/** Reads a name as a person chose it; the sentence says what to change. */
export function parseName(text: string): ParsedName {
  const name = text.normalize('NFC')
  const why = fault(name) ?? (/^[\p{L}\p{M}\p{N}._-]*$/u.test(name) ? undefined : LETTERS)
  if (why === undefined) return { kind: 'name', name: name as Name }
  return { kind: 'bad', why: `"${name.slice(0, NAME_MAX_BYTES)}" cannot be a name: ${why}.` }
}

/** Whether an op may hold this name. */
export function isName(text: string): text is Name {
  return fault(text) === undefined
}

/** `wanted`, or the first of `wanted-2`, `wanted-3`… that nobody has in either case. */
export function uniqueName(wanted: Name, taken: Iterable<string>): Name {
  return namer(taken)(wanted)
}

/**
 * Hands out names, each to the first who asks. Remembers the numbers it gave, as a thousand
 * members of one name must not cost a million questions.
 */
export function namer(taken: Iterable<string> = []): (wanted: Name) => Name {
  const used = new Set([...taken].map(fold))
  const next = new Map<string, number>()
  return wanted => {
    const base = fold(wanted)
    let name = wanted
    let n = next.get(base) ?? 2
    for (; used.has(fold(name)); n++) name = shorten(wanted, `-${n}`) as Name
    next.set(base, n)
    used.add(fold(name))
    return name
  }
}

/**
 * The legal name nearest to any text: lower case, as it will be typed, with one hyphen for each
 * stretch of other characters. "Ada Lovelace" gives ada-lovelace; what leaves nothing gives agent.
 */
export function nameFrom(text: string): Name {
  const words = text
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, '-')
  const tidy = trim(words.replace(/\.{2,}/g, '.').replace(/-{2,}/g, '-'))
  for (const attempt of [tidy, `agent-${tidy}`, `${tidy}-agent`]) {
    const name = trim(shorten(attempt, ''))
    if (isName(name)) return name
  }
  return 'agent' as Name
}

const LETTERS = 'use letters, digits, ".", "_" and "-"'

function fault(name: string): string | undefined {
  const size = utf8(name).length
  if (size === 0) return 'it is empty'
  if (size > NAME_MAX_BYTES) return `it has ${size} bytes, over ${NAME_MAX_BYTES}`
  if ([...name].some(char => !isAllowed(char.codePointAt(0) as number))) return LETTERS
  if (/^[.-]/.test(name)) return `it begins with "${name[0]}"`
  if (name.endsWith('.') || name.endsWith('.lock')) return 'git refuses that ending'
  if (name.includes('..')) return 'git refuses ".."'
  if (/^(ag_|knot)/i.test(name)) return 'names that begin with "ag_" or "knot" are knot\'s own'
  return undefined
}

/** Code points that show as nothing, as a space, as a turn of direction, or as nothing agreed. */
const FORBIDDEN: readonly (readonly [first: number, last: number])[] = [
  [0x80, 0xa0],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x1680, 0x1680],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x2000, 0x206f],
  [0x2800, 0x2800],
  [0x3000, 0x3000],
  [0x3164, 0x3164],
  [0xd800, 0xf8ff],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xffff],
  [0x1d173, 0x1d17a],
  [0xe0000, 0x10ffff],
]

function isAllowed(code: number): boolean {
  if (code < 0x80) return /[A-Za-z0-9._-]/.test(String.fromCodePoint(code))
  return !FORBIDDEN.some(([first, last]) => first <= code && code <= last)
}

// Only ASCII: full case folding also differs between versions of Unicode.
function fold(name: string): string {
  return name.replace(/[A-Z]/g, char => char.toLowerCase())
}

/** The text cut between characters so that it fits with the suffix behind it. */
function shorten(text: string, suffix: string): string {
  const chars = [...text]
  while (utf8(chars.join('') + suffix).length > NAME_MAX_BYTES) chars.pop()
  return chars.join('') + suffix
}

function trim(text: string): string {
  return text.replace(/^[.-]+/, '').replace(/[.-]+$/, '')
}
