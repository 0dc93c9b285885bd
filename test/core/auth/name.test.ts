import { expect, test } from 'vitest'
import { isName, nameFrom, parseName, uniqueName } from '../../../src/core/auth/name.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import { name } from './keys.ts'

const REFUSED = [
  '',
  'a'.repeat(65),
  'é'.repeat(33),
  '-bob',
  '.bob',
  'bob.',
  'bob.lock',
  'bo..b',
  'bo/b',
  'bo@b',
  'bo:b',
  'bo b',
  'bo\tb',
  'bo\u0000b',
  'bo\u202eb',
  'bo\u200bb',
  'bo~b',
  'bo^b',
  'bo?b',
  'bo*b',
  'bo[b',
  'bo\\b',
  'ag_bob',
  'AG_bob',
  'knot',
  'Knotted',
]

test('S102: an op holds no name that git, a path or a shell would take for something else', () => {
  for (const text of REFUSED) expect(isName(text), JSON.stringify(text)).toBe(false)
  for (const text of ['bob', 'Bob_2', 'b.o-b', 'a'.repeat(64), 'Zoë', '林檎', 'å'.repeat(32)]) {
    expect(isName(text), text).toBe(true)
  }
})

test('S103: a chosen name is in NFC and of letters, marks and digits', () => {
  expect(parseName('Zoe\u0308')).toEqual({ kind: 'name', name: 'Zo\u00eb' })
  expect(parseName('नमस्ते').kind).toBe('name')
  expect(parseName('bob🍎').kind).toBe('bad')
  for (const text of REFUSED) expect(parseName(text).kind, JSON.stringify(text)).toBe('bad')
})

test('S103: the refusal of a name says which and why', () => {
  expect(parseName('bo b')).toEqual({
    kind: 'bad',
    why: '"bo b" cannot be a name: use letters, digits, ".", "_" and "-".',
  })
})

test('S104: a name that is taken in either case gets the first free number', () => {
  expect(uniqueName(name('bob'), ['alice'])).toBe('bob')
  expect(uniqueName(name('bob'), ['BOB'])).toBe('bob-2')
  expect(uniqueName(name('bob'), ['bob', 'bob-2', 'bob-4'])).toBe('bob-3')
  const long = uniqueName(name('é'.repeat(32)), ['é'.repeat(32)])
  expect(long).toBe(`${'é'.repeat(31)}-2`)
  expect(utf8(long).length).toBeLessThanOrEqual(64)
})

test('nameFrom() makes a legal name of any text', () => {
  expect(nameFrom('Ada Lovelace')).toBe('ada-lovelace')
  expect(nameFrom("  Conan O'Brien <conan@example.org> ")).toBe('conan-o-brien-conan-example.org')
  expect(nameFrom('Zoe\u0308')).toBe('zo\u00eb')
  expect(nameFrom('林 檎')).toBe('林-檎')
  expect(nameFrom('Knot Bot')).toBe('agent-knot-bot')
  expect(nameFrom('ag_x')).toBe('agent-ag_x')
  expect(nameFrom('x.lock')).toBe('x.lock-agent')
  for (const text of [...REFUSED, '🍎', '...', '---', 'a'.repeat(500), '.lock'.repeat(20)]) {
    expect(isName(nameFrom(text)), JSON.stringify(text)).toBe(true)
  }
  expect(nameFrom('🍎')).toBe('agent')
})
