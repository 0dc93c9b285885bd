/** The table of test/vectors/ed25519.json: where libraries disagree, and that knot does not. */
import { createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hashes, verify as nobleVerify } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { expect, test } from 'vitest'
import { isSoundKey, verifyReference } from '../../src/core/auth/ed25519.ts'
import type { PublicKey } from '../../src/core/brand.ts'
import { verifyFast } from '../../src/store/ed25519.ts'

type Row = {
  name: string
  message: string
  key: string
  signature: string
  node: boolean
  noble: boolean
  knot: boolean
  admitted: boolean
}

const table = JSON.parse(
  readFileSync(new URL('../vectors/ed25519.json', import.meta.url), 'utf8'),
) as { versions: { openssl: string; noble: string }; speccheck: Row[]; edges: Row[] }
const rows = [...table.speccheck, ...table.edges]

hashes.sha512 = sha512
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

test('S760: knot’s two implementations give the table’s verdict on every row', () => {
  for (const { name, key, message, signature, knot, admitted } of rows) {
    const asked = [key as PublicKey, bytes(message), bytes(signature)] as const
    expect([name, verifyFast(...asked)]).toEqual([name, knot])
    expect([name, verifyReference(...asked)]).toEqual([name, knot])
    expect([name, isSoundKey(key as PublicKey)]).toEqual([name, admitted])
  }
})

test('S760: what two libraries judge differently is refused, or not by a key that gets in', () => {
  const disputed = rows.filter(({ node, noble }) => node !== noble)
  // The table says something only if there is something to disagree about.
  expect(disputed.length).toBeGreaterThan(20)
  expect(disputed.filter(({ knot }) => knot)).toEqual([])
  const accepted = rows.filter(({ knot, admitted }) => knot && admitted)
  expect(accepted.map(({ node, noble }) => node && noble)).not.toContain(false)
  expect(accepted.map(({ name }) => name)).toEqual([
    'A of order 1 times L (0 times T); the equation holds',
    'honest',
  ])
})

test('S760: of the 12 published cases the one holds that needs no cofactor and no small order', () => {
  expect(table.speccheck).toHaveLength(12)
  expect(table.speccheck.flatMap(({ knot }, n) => (knot ? [n] : []))).toEqual([3])
  // Its key is of mixed order: such a key never enters a room.
  expect(table.speccheck[3]?.admitted).toBe(false)
})

test('S760: @noble/ed25519 says what the table says that it says', () => {
  for (const { name, key, message, signature, noble } of rows) {
    const say = () => nobleVerify(bytes(signature), bytes(message), bytes(key), { zip215: false })
    expect([name, orNot(say)]).toEqual([name, noble])
  }
})

// Older releases of OpenSSL take small orders, which is why knot looks at the bytes itself.
const known = process.versions.openssl === table.versions.openssl
test.runIf(known)('S760: node:crypto says what the table says that it says', () => {
  for (const { name, key, message, signature, node } of rows) {
    expect([name, orNot(() => byNode(key, message, signature))]).toEqual([name, node])
  }
})

function byNode(key: string, message: string, signature: string): boolean {
  const der = Buffer.from(`302a300506032b6570032100${key}`, 'hex')
  const held = createPublicKey({ key: der, format: 'der', type: 'spki' })
  return verify(null, bytes(message), held, bytes(signature))
}

function orNot(say: () => boolean): boolean {
  try {
    return say()
  } catch {
    return false
  }
}
