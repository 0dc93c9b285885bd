import { expect, test } from 'vitest'
import { type Decoded, decode, type Reader } from '../../../src/core/bytes/reader.ts'
import { Writer } from '../../../src/core/bytes/writer.ts'
import { dice } from '../room/cast.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)
const why = <T>(read: Decoded<T>) => (read.kind === 'malformed' ? read.why : undefined)

test('S450: a number has one form, the shortest, at every edge of it', () => {
  const edges = [0, 1, 127, 128, 255, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 49 - 1, 2 ** 49]
  for (const value of [...edges, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER]) {
    const written = new Writer().uint(value).done()
    expect(decode(written, (r) => r.uint())).toEqual({ kind: 'ok', value })
    const longer = bytes(...written.slice(0, -1), (written.at(-1) as number) | 0x80, 0)
    expect(why(decode(longer, (r) => r.uint()))).toMatch(/shortest form|too long/)
  }
})

test('S450: a number above 2^53 - 1, or above its bound, is refused', () => {
  const tooLarge = bytes(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10)
  expect(why(decode(tooLarge, (r) => r.uint()))).toBe('number out of range at byte 8')
  expect(why(decode(bytes(...Array<number>(9).fill(0x80), 1), (r) => r.uint()))).toMatch(/too long/)
  expect(why(decode(bytes(0xff, 0xff, 0xff), (r) => r.uint()))).toMatch(/cut short/)
  expect(why(decode(bytes(65), (r) => r.uint(64)))).toMatch(/out of range/)
  expect(decode(bytes(64), (r) => r.uint(64))).toEqual({ kind: 'ok', value: 64 })
})

test('the writer refuses what has no form', () => {
  for (const value of [-1, 0.5, 2 ** 53, Number.NaN]) {
    expect(() => new Writer().uint(value)).toThrow('bug: not an uint')
  }
  for (const value of [-1, 256, 1.5, Number.NaN]) {
    expect(() => new Writer().u8(value)).toThrow('bug: not a byte')
  }
  for (const id of ['0', 'AB', 'zz']) expect(() => new Writer().id(id)).toThrow('bug: not hex')
})

test('S451: a length is held against its bound and what is left, before anything is made', () => {
  const huge = new Writer().uint(2 ** 40).raw(bytes(1, 2)).done()
  expect(why(decode(huge, (r) => r.bytes(Number.MAX_SAFE_INTEGER)))).toMatch(/cut short/)
  expect(why(decode(huge, (r) => r.text(100)))).toMatch(/out of range/)
  let read = 0
  const count = (r: Reader) => r.list(Number.MAX_SAFE_INTEGER, () => read++)
  expect(why(decode(huge, count))).toMatch(/cut short/)
  expect(read).toBe(0)
})

test('S451: every byte is read, and none twice', () => {
  expect(why(decode(bytes(1, 2), (r) => r.u8()))).toBe('bytes left over at byte 1')
  expect(why(decode(bytes(), (r) => r.u8()))).toBe('cut short at byte 0')
  expect(decode(bytes(1, 2, 3), (r) => [r.u8(), r.rest()])).toEqual({
    kind: 'ok',
    value: [1, bytes(2, 3)],
  })
  expect(decode(bytes(), (r) => r.rest())).toEqual({ kind: 'ok', value: bytes() })
})

test('S451: text is valid UTF-8, and reads back to the same bytes', () => {
  const [bom, astral] = ['\ufeffx', '👋']
  for (const text of ['', 'a', bom, astral, '\u0000']) {
    expect(decode(new Writer().text(text).done(), (r) => r.text(9))).toEqual({
      kind: 'ok',
      value: text,
    })
  }
  const surrogate = bytes(3, 0xed, 0xa0, 0x80)
  const overlong = bytes(2, 0xc0, 0x80)
  for (const wrong of [surrogate, overlong, bytes(1, 0xff)]) {
    expect(why(decode(wrong, (r) => r.text(9)))).toMatch(/not UTF-8/)
  }
})

test('what throws for another reason than its bytes is not called malformed', () => {
  const thrower = () => {
    throw new Error('bug: something else')
  }
  expect(() => decode(bytes(1), thrower)).toThrow('bug: something else')
})

type Item = { kind: number; name: string; body: Uint8Array; ids: string[] }

test('S450: what decodes has one encoding', () => {
  const roll = dice(7)
  const item = (r: Reader): Item => ({
    kind: r.uint(300),
    name: r.text(8),
    body: r.bytes(8),
    ids: r.list(3, () => r.id<string>(2)),
  })
  const encode = (items: readonly Item[]) => {
    const w = new Writer()
    w.list(items, ({ kind, name, body, ids }) => {
      w.uint(kind).text(name).bytes(body)
      w.list(ids, (id) => w.id(id))
    })
    return w.done()
  }
  let decoded = 0
  for (let i = 0; i < 5_000; i++) {
    const random = Uint8Array.from({ length: roll(16) }, () => roll(4))
    const read = decode(random, (r) => r.list(4, () => item(r)))
    if (read.kind === 'malformed') continue
    decoded++
    expect(encode(read.value)).toEqual(random)
  }
  expect(decoded).toBeGreaterThan(50)
})
