/**
 * Globs of locks: which paths of the repository a lock is about, and whether two of them can be
 * about the same one.
 *
 * A glob is relative to the root and is compared with paths as git stores them: character by
 * character, case and all. Nothing is normalised, because git too keeps an `é` of one code point
 * apart from one of two. It covers what it matches and everything below, so `src` covers `src/a`.
 * Peers write globs, so no answer may take longer than the product of two lengths: each question
 * is a walk over a grid that visits every pair of places once, and never goes back.
 */
import { utf8 } from './bytes/text.ts'
import { GLOB_MAX_BYTES, GLOBS_MAX, GLOBS_MAX_BYTES } from './limits.ts'

/** A glob that reads: its text without a slash at the end, and what that stands for. */
export type Glob = { readonly text: string; readonly segments: readonly Segment[] }

/** Between two slashes: any number of folders, or what one name must look like. */
type Segment = typeof MANY | readonly Token[]

/** One character, any number of them, or the ranges that one is out of: from, to, from, to… */
type Token = number | typeof MANY | readonly number[]

const MANY = '*'
const LAST_CHARACTER = 0x10ffff
const DOT = 0x2e
const SLASH: [number, number] = [0x2f, 0x2f]
const ANY_CHARACTER: Token = complement(SLASH)

export type ParsedGlob = { kind: 'glob'; glob: Glob } | { kind: 'bad'; why: string }

/** Reads one glob as it was typed, or as a peer wrote it; `why` is a clause about "it". */
export function parseGlob(text: string): ParsedGlob {
  const why = flawOf(text)
  if (why !== undefined) return { kind: 'bad', why }
  const trimmed = text.endsWith('/') ? text.slice(0, -1) : text
  const segments: Segment[] = []
  for (const part of trimmed.split('/')) {
    const read = parseSegment(part)
    if (read.kind === 'bad') return read
    // Twice any number of folders is any number of folders.
    if (read.segment !== MANY || segments.at(-1) !== MANY) segments.push(read.segment)
  }
  // As in git, `a/**` is what is inside `a`, not `a`: one name, and whatever is below it.
  if (segments.at(-1) === MANY) segments.splice(-1, 1, [MANY])
  return { kind: 'glob', glob: { text: trimmed, segments } }
}

export type ParsedGlobs =
  | { kind: 'globs'; globs: Glob[] }
  /** Without `glob` it is the whole that is wrong. */
  | { kind: 'bad'; glob?: string; why: string }

/** Reads the globs of one lock: at least one, and within what two locks may cost to compare. */
export function parseGlobs(texts: readonly string[]): ParsedGlobs {
  if (texts.length === 0) return { kind: 'bad', why: 'there is no glob' }
  if (texts.length > GLOBS_MAX) {
    return { kind: 'bad', why: `there are ${texts.length} globs, and a lock takes ${GLOBS_MAX}` }
  }
  const globs: Glob[] = []
  let bytes = 0
  for (const text of texts) {
    const read = parseGlob(text)
    if (read.kind === 'bad') return { kind: 'bad', glob: text, why: read.why }
    globs.push(read.glob)
    bytes += utf8(text).length
  }
  if (bytes <= GLOBS_MAX_BYTES) return { kind: 'globs', globs }
  const why = `the globs have ${bytes} bytes together, and a lock takes ${GLOBS_MAX_BYTES}`
  return { kind: 'bad', why }
}

/** Whether a path from the root, as git lists it, is matched or lies below what is. */
export function matches({ segments }: Glob, path: string): boolean {
  const names = path.split('/')
  if (names.includes('')) return false
  const exact = names.map((name) => [...name].map((each) => each.codePointAt(0) as number))
  return haveCommonPath(segments, exact, 'nothing')
}

/** Whether some path could be covered by both: exact, but that it takes `.` for a name too. */
export function overlap(a: Glob, b: Glob): boolean {
  return haveCommonPath(a.segments, b.segments, 'everything')
}

/** The first glob of each side that can be about the same path. */
export function overlapOf(
  left: readonly Glob[],
  right: readonly Glob[],
): { left: Glob; right: Glob } | undefined {
  for (const one of left) {
    const other = right.find((each) => overlap(one, each))
    if (other !== undefined) return { left: one, right: other }
  }
  return undefined
}

function flawOf(text: string): string | undefined {
  if (text === '') return 'it is empty'
  if (text.length > GLOB_MAX_BYTES || utf8(text).length > GLOB_MAX_BYTES) {
    return `it is longer than ${GLOB_MAX_BYTES} bytes`
  }
  if (!text.isWellFormed()) return 'it is no well-formed text'
  if (/\p{Cc}/u.test(text)) return 'it has a control character in it'
  if (text.startsWith('/')) return 'it begins with /, and globs begin at the repository’s root'
  if (text.includes('//')) return 'it has two slashes in a row'
  return undefined
}

type ParsedSegment = { kind: 'segment'; segment: Segment } | { kind: 'bad'; why: string }

function parseSegment(text: string): ParsedSegment {
  if (/^\*{2,}$/.test(text)) return { kind: 'segment', segment: MANY }
  const characters = [...text]
  const tokens: Token[] = []
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]
    if (character === '[') {
      const read = parseClass(characters, at + 1)
      if (read.kind === 'bad') return read
      tokens.push(read.ranges)
      at = read.end
    } else if (character === '?') tokens.push(ANY_CHARACTER)
    else if (character !== '*') {
      if (character === '\\') at++
      const code = characters[at]?.codePointAt(0)
      if (code === undefined) return { kind: 'bad', why: ESCAPES_NOTHING }
      tokens.push(code)
    } else if (tokens.at(-1) !== MANY) tokens.push(MANY)
  }
  if (tokens.length <= 2 && tokens.every((token) => token === DOT)) {
    return { kind: 'bad', why: `it has "${text}" for a segment, and no path in git has` }
  }
  return { kind: 'segment', segment: tokens }
}

const ESCAPES_NOTHING = 'it has a \\ with nothing to escape behind it'

type ParsedClass = { kind: 'class'; ranges: number[]; end: number } | { kind: 'bad'; why: string }

/** Reads a class from behind its `[`; as in git, a `]` that comes first stands for itself. */
function parseClass(characters: readonly string[], start: number): ParsedClass {
  const negated = characters[start] === '!' || characters[start] === '^'
  const first = negated ? start + 1 : start
  const pairs: [number, number][] = []
  for (let at = first; at < characters.length; at++) {
    if (characters[at] === ']' && at > first) {
      // As in git, a slash is in no class, in a negated one neither.
      const others = complement(sorted(negated ? [...pairs, SLASH] : pairs))
      const ranges = negated ? others : complement(sorted([...pairsOf(others), SLASH]))
      return { kind: 'class', ranges, end: at }
    }
    if (characters[at] === '[' && characters[at + 1] === ':') {
      return { kind: 'bad', why: 'it has a [:class:] by name, which knot does not know: use [a-z]' }
    }
    if (characters[at] === '\\') at++
    const from = characters[at]?.codePointAt(0)
    let to = from
    if (characters[at + 1] === '-' && characters[at + 2] !== ']') {
      at += characters[at + 2] === '\\' ? 3 : 2
      to = characters[at]?.codePointAt(0)
    }
    if (from === undefined || to === undefined) break
    if (from > to) return { kind: 'bad', why: 'it has a range that runs backwards, as in [z-a]' }
    pairs.push([from, to])
  }
  return { kind: 'bad', why: 'it has a [ without its ]; \\[ stands for the character' }
}

function sorted(pairs: readonly [number, number][]): number[] {
  const ranges: number[] = []
  for (const [from, to] of pairs.toSorted((a, b) => a[0] - b[0])) {
    const last = ranges.at(-1)
    if (last === undefined || from > last + 1) ranges.push(from, to)
    else ranges[ranges.length - 1] = Math.max(last, to)
  }
  return ranges
}

function pairsOf(ranges: readonly number[]): [number, number][] {
  return ranges.flatMap((from, at) => at % 2 === 0 ? [[from, ranges[at + 1] as number]] : [])
}

/** Every other character that a path may have. */
function complement(ranges: readonly number[]): number[] {
  const rest: number[] = []
  let from = 1
  for (let at = 0; at < ranges.length; at += 2) {
    if ((ranges[at] as number) > from) rest.push(from, (ranges[at] as number) - 1)
    from = (ranges[at + 1] as number) + 1
  }
  if (from <= LAST_CHARACTER) rest.push(from, LAST_CHARACTER)
  return rest
}

/**
 * Whether a path leads through both to their ends, where the left one goes on with everything and
 * the right one with what `below` says. A place in the grid is how far each of them has come.
 */
function haveCommonPath(
  left: readonly Segment[],
  right: readonly Segment[],
  below: 'everything' | 'nothing',
): boolean {
  let row = new Uint8Array(right.length + 1)
  row[0] = 1
  for (let i = 0; ; i++) {
    const next = new Uint8Array(right.length + 1)
    const one = left[i]
    for (let j = 0; j <= right.length; j++) {
      if (row[j] === 0) continue
      const other = right[j]
      const otherStays = other === MANY || (other === undefined && below === 'everything')
      if (one !== undefined && (one === MANY || otherStays)) next[j] = 1
      if (other === undefined) continue
      if (other === MANY || one === MANY || one === undefined) row[j + 1] = 1
      else if (next[j + 1] === 0 && haveCommonName(one, other)) next[j + 1] = 1
    }
    if (i === left.length) return row[right.length] === 1
    row = next
  }
}

/** The same for one name. Neither ends before a character that it needs. */
function haveCommonName(left: readonly Token[], right: readonly Token[]): boolean {
  let row = new Uint8Array(right.length + 1)
  row[0] = 1
  for (let i = 0; ; i++) {
    const next = new Uint8Array(right.length + 1)
    const one = left[i]
    for (let j = 0; j <= right.length; j++) {
      if (row[j] === 0) continue
      const other = right[j]
      if (one !== undefined && (one === MANY || other === MANY)) next[j] = 1
      if (other === undefined) continue
      if (one === MANY || other === MANY) row[j + 1] = 1
      else if (one !== undefined && haveCommonCharacter(one, other)) next[j + 1] = 1
    }
    if (i === left.length) return row[right.length] === 1
    row = next
  }
}

type Character = Exclude<Token, typeof MANY>

function haveCommonCharacter(one: Character, other: Character): boolean {
  if (typeof one === 'number') return typeof other === 'number' ? one === other : holds(other, one)
  if (typeof other === 'number') return holds(one, other)
  for (let i = 0, j = 0; i < one.length && j < other.length; ) {
    const [oneTo, otherTo] = [one[i + 1] as number, other[j + 1] as number]
    if ((one[i] as number) <= otherTo && (other[j] as number) <= oneTo) return true
    if (oneTo < otherTo) i += 2
    else j += 2
  }
  return false
}

function holds(ranges: readonly number[], character: number): boolean {
  for (let at = 0; at < ranges.length; at += 2) {
    if (character < (ranges[at] as number)) return false
    if (character <= (ranges[at + 1] as number)) return true
  }
  return false
}
