import { expect, test } from 'vitest'
import { type Address, formatLink, parseAddress, parseLink } from '../../../src/core/auth/link.ts'
import type { RoomId } from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { base64url, utf8 } from '../../../src/core/bytes/text.ts'
import { seedOf } from './keys.ts'

const link = {
  room: hashOf(utf8('room')) as RoomId,
  secret: seedOf('secret'),
  seed: seedOf('seed'),
  addresses: ['192.168.1.7:4001', 'fd00::7:4001', 'box.local:4001'] as Address[],
}
const text = formatLink(link)

function kind(pasted: string): string {
  return parseLink(pasted).kind
}

test('S144: a link holds the room, its secret, the seed of the invite, and addresses', () => {
  expect(parseLink(text)).toEqual({ kind: 'link', link })
  expect(text.split('/')).toHaveLength(4)
})

test('S144: a link has no character that a shell takes for its own', () => {
  expect(text).toMatch(/^[A-Za-z0-9_:/.,-]+$/)
})

test('S144: a link is read without its addresses', () => {
  const bare = text.slice(0, text.indexOf('/', 8))
  expect(parseLink(bare)).toEqual({ kind: 'link', link: { ...link, addresses: [] } })
  expect(parseLink(`${bare}/`)).toEqual({ kind: 'link', link: { ...link, addresses: [] } })
  expect(formatLink({ ...link, addresses: [] })).toBe(bare)
})

test('S144: a link is read as it is pasted, with quotes or in angle brackets', () => {
  for (const pasted of [` ${text}\n`, `"${text}"`, `'${text}'`, `<${text}>`]) {
    expect(kind(pasted)).toBe('link')
  }
})

test('S145: what is wrong with a link is named', () => {
  const payload = text.slice(7, 142)
  expect(kind('')).toBe('not-a-link')
  expect(kind('https://example.org/x')).toBe('not-a-link')
  expect(kind('knot://')).toBe('cut-short')
  for (const size of [1, 2, 3, 5, 64, 134]) {
    expect(kind(`knot://${payload.slice(0, size)}`), `${size}`).toBe('cut-short')
  }
  expect(kind(`knot://${payload}A`)).toBe('damaged')
  expect(kind(`knot://${payload.slice(0, 134)}=`)).toBe('damaged')
  expect(kind(`knot://${payload.slice(0, 64)} ${payload.slice(65)}`)).toBe('damaged')
  expect(kind(`knot://${base64url(new Uint8Array(101).fill(2))}`)).toBe('unknown-version')
  expect(kind(`knot://${base64url(new Uint8Array(200).fill(2))}`)).toBe('unknown-version')
  expect(kind(`${text},`.padEnd(3_000, 'x'))).toBe('damaged')
  expect(kind(`knot://${payload}/here`)).toBe('bad-address')
  expect(kind(`knot://${payload}/${Array(17).fill('a:1').join(',')}`)).toBe('bad-address')
})

test('S145: a wrong letter anywhere in a link is noticed without dialling anybody', () => {
  for (let at = 11; at < 141; at++) {
    const wrong = text[at] === 'A' ? 'B' : 'A'
    expect(kind(text.slice(0, at) + wrong + text.slice(at + 1)), `${at}`).toBe('damaged')
  }
})

test('S145: the sentence says what to do', () => {
  expect(parseLink(text.slice(0, 100))).toEqual({
    kind: 'cut-short',
    why: 'The link was cut short: 42 characters are missing. Copy all of it.',
  })
  expect(parseLink(`${text},nowhere`)).toMatchObject({ why: expect.stringContaining('"nowhere"') })
})

test('S144: an address is a host or an IP address without brackets, and a port', () => {
  for (const [given, read] of [
    ['10.0.0.1:1', '10.0.0.1:1'],
    ['Box.Local:4001', 'box.local:4001'],
    ['[fe80::1]:4001', 'fe80::1:4001'],
    ['::1:4001', '::1:4001'],
    ['1:2:3:4:5:6:7:8:80', '1:2:3:4:5:6:7:8:80'],
  ] as const) {
    expect(parseAddress(given), given).toBe(read)
  }
  const bad = ['', 'a', 'a:', ':1', 'a:0', 'a:65536', '256.0.0.1:1', '1.2.3:1', '-a:1', 'a b:1']
  const worse = ['[a]:1', '1::2::3:80', 'fe80::1%eth0:1', 'a,b:1', `${'a'.repeat(254)}:1`]
  for (const given of [...bad, ...worse]) {
    expect(parseAddress(given), given).toBeUndefined()
  }
})
