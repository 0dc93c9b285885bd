import { describe, expect, test } from 'vitest'
import {
  type Glob, matches, overlap, overlapOf, parseGlob, parseGlobs,
} from '../../src/core/globs.ts'
import { GLOB_MAX_BYTES, GLOBS_MAX, GLOBS_MAX_BYTES } from '../../src/core/limits.ts'
import { dice } from './room/cast.ts'

function glob(text: string): Glob {
  const read = parseGlob(text)
  if (read.kind === 'bad') throw new Error(`${text}: ${read.why}`)
  return read.glob
}

function why(text: string): string | undefined {
  const read = parseGlob(text)
  return read.kind === 'bad' ? read.why : undefined
}

/** Every path of up to so many characters over a, b and the slash. */
function pathsUpTo(length: number): string[] {
  let texts = ['']
  const paths: string[] = []
  for (let size = 1; size <= length; size++) {
    texts = texts.flatMap((text) => ['a', 'b', '/'].map((each) => text + each))
    texts = texts.filter((text) => !/^\/|\/\//.test(text))
    paths.push(...texts.filter((text) => !text.endsWith('/')))
  }
  return paths
}

/** Another way to the same answer: the globs of the property test as a regular expression. */
function expression(text: string): RegExp {
  const names = text.replace(/\/$/, '').split('/')
  const parts = names.map((name, at) => {
    const slash = at === names.length - 1 ? '' : '/'
    if (/^\*\*+$/.test(name)) return slash === '' ? '[^/]+' : '([^/]+/)*'
    return name.replace(/\*+/g, '[^/]*').replaceAll('?', '[^/]').replaceAll('[!a]', '[^a/]') + slash
  })
  return new RegExp(`^${parts.join('')}(/.+)?$`)
}

describe('S730: what a glob covers', () => {
  const covers: [string, string[], string[]][] = [
    ['src', ['src', 'src/x', 'src/x/y'], ['srcs', 'a/src', 'Src']],
    ['src/', ['src', 'src/x/y'], ['srcs']],
    ['src/*.ts', ['src/a.ts', 'src/.ts', 'src/a.ts/b'], ['src/a/b.ts', 'a.ts', 'src/a.tsx']],
    ['*', ['a', 'a/b/c'], []],
    ['?', ['a', 'é', '👋', 'a/b'], ['ab', 'e\u0301']],
    ['**/test', ['test', 'a/test', 'a/b/test/c'], ['a/tests', 'atest']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b', 'a/b/c'], ['ab', 'b', 'a/x']],
    ['a/**', ['a/b', 'a/b/c'], ['a', 'ab']],
    ['**', ['a', 'a/b'], []],
    ['a/***/**/b', ['a/b', 'a/x/y/b'], ['a']],
    ['a**b', ['ab', 'axb'], ['a/b']],
    ['[a-c]x', ['ax', 'cx'], ['dx', 'x', '/x']],
    ['[!a-c]x', ['dx', '-x'], ['ax', '/x', 'x']],
    ['[^a]', ['b'], ['a']],
    ['[]a]', [']', 'a'], ['b']],
    ['[a-]', ['a', '-'], ['b']],
    ['[\\]-\\^]', [']', '^'], ['\\', 'a']],
    ['\\*', ['*'], ['a', '\\*']],
    ['\\a\\\\', ['a\\'], ['a']],
    ['{a,b}', ['{a,b}'], ['a', 'b']],
    ['!a', ['!a'], ['b']],
    ['caf\u00e9', ['caf\u00e9'], ['cafe\u0301']],
    ['...', ['...'], ['..a']],
  ]
  test.each(covers)('%s', (text, covered, others) => {
    for (const path of covered) expect([path, matches(glob(text), path)]).toEqual([path, true])
    for (const path of others) expect([path, matches(glob(text), path)]).toEqual([path, false])
  })
})

test('S731: what is no glob is refused, with the reason', () => {
  const reasons: [string, RegExp][] = [
    ['', /empty/], ['/src', /begins with \//], ['/', /begins with \//], ['a//b', /two slashes/],
    ['a//', /two slashes/], ['..', /"\.\." for a segment/], ['a/./b', /"\." for a segment/],
    ['a/../b', /"\.\." for/], ['\\.\\.', /for a segment/], ['a\0', /control/], ['a\nb', /control/],
    ['a\u009b', /control/], ['\ud800', /well-formed/], ['[a', /without its \]/],
    ['[]', /without its \]/], ['[a/b]', /without its \]/], ['[a\\', /without its \]/],
    ['[z-a]', /backwards/], ['[[:alpha:]]', /\[a-z\]/], ['a\\', /nothing to escape/],
    ['a\\/b', /nothing to escape/], ['x'.repeat(GLOB_MAX_BYTES + 1), /longer than 1024 bytes/],
    ['é'.repeat(GLOB_MAX_BYTES / 2 + 1), /longer than 1024 bytes/],
  ]
  for (const [text, reason] of reasons) expect(why(text) ?? text).toMatch(reason)
  expect(why('x'.repeat(GLOB_MAX_BYTES))).toBeUndefined()
})

test('S731: the globs of a lock are bounded together', () => {
  const many = (count: number, text: string) => parseGlobs(Array<string>(count).fill(text))
  expect(many(0, 'a')).toMatchObject({ kind: 'bad', why: 'there is no glob' })
  expect(many(GLOBS_MAX, 'a')).toMatchObject({ kind: 'globs' })
  expect(many(GLOBS_MAX + 1, 'a')).toMatchObject({ kind: 'bad', why: expect.stringContaining('and a lock takes 64') })
  expect(many(2, 'a'.repeat(GLOBS_MAX_BYTES / 2))).toMatchObject({ kind: 'globs' })
  expect(many(3, 'a'.repeat(GLOBS_MAX_BYTES / 2))).toMatchObject({ kind: 'bad' })
  expect(parseGlobs(['a', '/b'])).toMatchObject({ kind: 'bad', glob: '/b' })
})

describe('S732: two globs overlap when a path could be under both', () => {
  const pairs: [string, string, boolean][] = [
    ['src', 'src/a/b.ts', true], ['src', 'srcs', false], ['src/*.ts', 'src/a.*', true],
    ['src/*.ts', 'src/a.js', false], ['src/*.ts', 'src/*.js', false],
    ['**/a', 'b', true], ['**', 'x', true], ['a/**', 'a', true], ['a/**/z', 'a/b', true],
    ['?', 'ab', false], ['[a-c]', '[c-e]', true], ['[a-c]', '[d-e]', false],
    ['[!a]', 'a', false], ['[!a]', '[!b]', true], ['[.-0]', '[! -.0-\u{10ffff}]', false],
    ['*a', 'b*', true], ['a*b', 'a*c', false], ['a*b', '*ab*', true], ['ä', 'a\u0308', false], ['\\*', '*', true],
  ]
  test.each(pairs)('%s and %s: %s', (a, b, expected) => {
    expect(overlap(glob(a), glob(b))).toBe(expected)
    expect(overlap(glob(b), glob(a))).toBe(expected)
  })

  test('as trying every path says', () => {
    const roll = dice(730)
    const parts = ['a', 'b', '*', '?', '**', '/', '/', '[ab]', '[!a]']
    const globs: Glob[] = []
    while (globs.length < 150) {
      const text = Array.from({ length: 1 + roll(4) }, () => parts[roll(parts.length)]).join('')
      const read = parseGlob(text)
      if (read.kind === 'glob') globs.push(read.glob)
    }
    // Each step to a common path uses up a part of one of the two, so none is longer than 8.
    const paths = pathsUpTo(8)
    const covered = globs.map(({ text }) => {
      const like = expression(text)
      return new Set(paths.flatMap((path, at) => (like.test(path) ? [at] : [])))
    })
    const short = pathsUpTo(5)
    let found = 0
    for (const [i, one] of globs.entries()) {
      for (const [at, path] of short.entries()) {
        const said = [one.text, path, matches(one, path)]
        expect(said).toEqual([one.text, path, covered[i]?.has(paths.indexOf(path, at))])
      }
      for (const [j, other] of globs.entries()) {
        const common = [...covered[i] as Set<number>].find((path) => covered[j]?.has(path))
        const said = [one.text, other.text, overlap(one, other)]
        expect(said).toEqual([one.text, other.text, common !== undefined])
        if (common !== undefined) found++
      }
    }
    expect(found).toBeGreaterThan(globs.length ** 2 / 10)
    expect(found).toBeLessThan(globs.length ** 2 * 0.9)
  })

  test('the first pair is named', () => {
    const [a, b, c] = [glob('a'), glob('b/*'), glob('b/c')]
    expect(overlapOf([a, b], [c])).toEqual({ left: b, right: c })
    expect(overlapOf([a], [b, c])).toBeUndefined()
  })
})

test('S733: no glob makes the answer slow', () => {
  const half = GLOBS_MAX_BYTES / 2
  const bombs = [
    '**/a/'.repeat(half / 5 - 1) + 'b', '**/*/'.repeat(half / 5 - 1) + 'c',
    '*a'.repeat(half / 2), '*?'.repeat(half / 2), '?*'.repeat(half / 2 - 1) + 'b',
    '**/**/'.repeat(half / 6), '*a/'.repeat(half / 3), '[!a]*'.repeat(half / 5),
    '*[a-b]'.repeat(half / 6), `*${'a'.repeat(half - 1)}`, `[${'ac'.repeat(half / 2 - 1)}]`,
  ].map(glob)
  for (const one of bombs) {
    for (const other of bombs) {
      const start = performance.now()
      overlap(one, other)
      expect(performance.now() - start).toBeLessThan(1_000)
    }
  }
  const path = 'a/'.repeat(2_000) + 'a'
  const start = performance.now()
  for (const each of bombs) matches(each, path)
  expect(performance.now() - start).toBeLessThan(5_000)
})
