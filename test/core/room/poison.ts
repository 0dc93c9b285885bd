/**
 * Changes that must not pass: each is alice's honest second change with one thing wrong, under a
 * right checksum and, where it can be, her own signature.
 */
import { deflateRawSync } from 'node:zlib'
import type { Hash } from '../../../src/core/brand.ts'
import { Reader } from '../../../src/core/bytes/reader.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import { Writer } from '../../../src/core/bytes/writer.ts'
import { topicOp } from '../../../src/core/room/genesis.ts'
import { TOPICS } from '../../../src/core/room/topics.ts'
import { alice, bob, chat, heads, now, volume, write, written } from './cast.ts'
import { type Raw, build, column, hashOfChunk, parse, uint, wrap } from './raw.ts'

export type Poison = {
  readonly name: string
  readonly bytes: Uint8Array
  /** The place and hash that alice signs. */
  readonly seq: number
  readonly hash: Hash
  readonly clause: string
  readonly kind: 'invalid' | 'unproven'
  readonly why: RegExp
}

const page = written(alice, 1)
const first = page.changes[0] as Uint8Array
const second = write(page, [chat('line 1')])
const many = written(alice, 1)
const fourFacts = write(many, [chat('a'), chat('b'), chat('c'), chat('d')])
const other = written(alice, 1)
const newTopic = write(other, [{ topic: 'notes', value: '{}' }])

type Rule = { readonly clause: string; readonly kind: 'invalid' | 'unproven' }
const broken = (clause: string): Rule => ({ clause, kind: 'unproven' })
const wrong = (clause: string): Rule => ({ clause, kind: 'invalid' })
const S152 = broken('S152')
const S153 = broken('S153')
const S154 = wrong('S154')
const S155 = wrong('S155')
const S156 = wrong('S156')
const S157 = broken('S157')
const S158 = broken('S158')
const S159 = broken('S159')
const S165 = broken('S165')
const S168 = wrong('S168')
const S180 = broken('S180')

/** Alice's first change, which every poison follows, and her honest second one. */
export const honest = { first, second }

const from = (bytes: Uint8Array, spoil: (raw: Raw) => void): Uint8Array => {
  const raw = parse(bytes)
  spoil(raw)
  return build(raw)
}
const edit = (spoil: (raw: Raw) => void): Uint8Array => from(second, spoil)
const set = (spec: number, ...bytes: number[]): Uint8Array =>
  edit(raw => {
    column(raw, spec).bytes = Uint8Array.from(bytes)
  })
const map = (spec: number, bytes: Uint8Array): Uint8Array =>
  edit(raw => {
    column(raw, spec).bytes = bytes
  })
const key = (text: string): Uint8Array => map(0x15, new Writer().u8(0x7f).text(text).done())
const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))

const bomb = (): Uint8Array => {
  const raw = parse(second)
  const run = [0x80, 0x94, 0xeb, 0xdc, 0x03] // 10^9 in signed LEB128
  raw.message = new Uint8Array(0)
  raw.columns = [
    { spec: 0x15, bytes: Uint8Array.from([...run, 1, 0x61]) },
    { spec: 0x34, bytes: Uint8Array.from(run) },
    { spec: 0x42, bytes: Uint8Array.from([...run, 1]) },
    { spec: 0x56, bytes: Uint8Array.from([...run, 0]) },
    { spec: 0x70, bytes: Uint8Array.from([...run, 0]) },
  ]
  return build(raw)
}
const columnsOfBomb = (spec: number, value: number): Uint8Array =>
  set(spec, 0x80, 0x94, 0xeb, 0xdc, 0x03, value)

/** Some kilobytes that inflate to 32 MiB. */
const deflateBomb = (): Uint8Array => {
  const body = deflateRawSync(new Uint8Array(32 << 20), { level: 9 })
  return wrap(2, new Writer().bytes(Uint8Array.from(body)).done())
}

const deflated = (): Uint8Array => {
  const body = deflateRawSync(second.subarray(11), { level: 0 })
  return wrap(2, new Writer().bytes(Uint8Array.from(body)).done())
}

const longLength = (): Uint8Array => {
  // 116 as f4 00: the same number in a longer spelling.
  const body = second.subarray(second[9] as number >= 0x80 ? 11 : 10)
  const length = uint(body.length)
  const last = length.length - 1
  const spelled = [...length.slice(0, last), (length[last] as number) | 0x80, 0]
  return wrap(1, Uint8Array.from([...spelled, ...body]))
}

const opNumber = (): number => topicOp('chat')
type Row = readonly [name: string, bytes: Uint8Array, rule: Rule, why: RegExp, seq?: number]

const rows: readonly Row[] = [
  // What only a look at the stream can tell: she signed it, and it is refused for ever.
  ['startOp too high', edit(raw => { raw.startOp = uint(18) }), S156, /starts at op 18, not 17/],
  ['startOp too low', edit(raw => { raw.startOp = uint(16) }), S156, /starts at op 16, not 17/],
  ['startOp 2^31 - 1', edit(raw => { raw.startOp = uint(2 ** 31 - 1) }), S156, /starts at op/],
  ['a map that no op made', set(0x02, 0x7f, 99), S154, /on no map of this stream/],
  ['a fact in the author map', set(0x02, 0x7f, 14), S154, /is a fact at "1" of own map 14/],
  ['a fact as a map', set(0x02, 0x7f, 16), S154, /on no map of this stream/],
  ['a skipped number', key('2'), S155, /a fact at "2".*not a fact at "1"/],
  ['an overwrite', key('0'), S155, /a fact at "0".*not a fact at "1"/],
  ['a __proto__ key', key('__proto__'), S155, /a fact at "__proto__"/],
  ['an empty key', key(''), S155, /a fact at ""/],
  ['a map in place of a fact', edit(raw => {
    column(raw, 0x42).bytes = Uint8Array.of(0x7f, 0)
    column(raw, 0x56).bytes = Uint8Array.of(0x7f, 0)
    raw.columns = raw.columns.filter(each => each.spec !== 0x57)
  }), S154, /a map at "1".*not a fact at "1"/],
  ['a map of another author', swap(newTopic, alice.actor, bob.actor), S154,
    new RegExp(`a map at "${bob.actor}"`)],
  ['an unknown topic', from(newTopic, raw => {
    column(raw, 0x02).bytes = Uint8Array.of(0x7d, TOPICS.length + 1, 17, 18)
  }), S154, /on no map of this stream/],
  ['a second author map', from(newTopic, raw => {
    column(raw, 0x02).bytes = Uint8Array.of(0x7d, opNumber(), 17, 18)
  }), S155, /a map at ".*" of genesis map 3, not a fact/],
  ['maps without a fact', cut(newTopic), S155, /ends with a map/],
  ['the genesis of another volume', edit(raw => {
    raw.others = ['ab'.repeat(32)]
    column(raw, 0x01).bytes = Uint8Array.of(0x7f, 1)
    column(raw, 0x02).bytes = Uint8Array.of(0x7f, opNumber())
  }), S154, /not of this volume's genesis/],
  ['the heads of its predecessor again', edit(raw => { raw.message = utf8(now.join('')) }), S168,
    /repeats the auth heads/],
  ['no heads at all', from(first, raw => { raw.message = new Uint8Array(0) }), S168,
    /names no auth heads/, 1],
  ['a beginning outside the volume', from(first, raw => { raw.predecessors = ['cd'.repeat(32)] }),
    S156, /begins at cdcd.*, not at volume/, 1],
  // What the author's signature cannot save: not this form, so no proof of anything.
  ['two predecessors', edit(raw => { raw.predecessors.push('ff'.repeat(32)) }), S159,
    /2 predecessors/],
  ['no predecessor', edit(raw => { raw.predecessors = [] }), S159, /0 predecessors/],
  ['seq 0', edit(raw => { raw.seq = uint(0) }), S159, /seq 0/],
  ['startOp 0', edit(raw => { raw.startOp = uint(0) }), S159, /startOp 0/],
  ['startOp 2^31', edit(raw => { raw.startOp = uint(2 ** 31) }), S159, /out of range/],
  ['startOp 2^63', edit(raw => {
    raw.startOp = Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1)
  }), S159, /too long/],
  ['a time before 1970', edit(raw => { raw.time = Uint8Array.of(0x7f) }), S159, /time -1/],
  ['a time after any date', edit(raw => {
    raw.time = Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 4)
  }), S159, /time \d+/],
  ['a message of prose', edit(raw => { raw.message = utf8('hello') }), S165, /message/],
  ['heads in capitals', edit(raw => { raw.message = utf8('AB'.repeat(32)) }), S165, /message/],
  ['heads out of order', edit(raw => {
    raw.message = utf8(heads('a', 'b').reverse().join(''))
  }), S165, /message/],
  ['one head twice', edit(raw => { raw.message = utf8(now[0] + (now[0] as string)) }), S165,
    /message/],
  ['17 heads', edit(raw => {
    raw.message = utf8(heads(...Array.from({ length: 17 }, (_, i) => `h${i}`)).join(''))
  }), S165, /out of range/],
  ['another actor beside its own', edit(raw => { raw.others = [bob.actor] }), S159,
    /an actor of 40 bytes, not 32/],
  ['an actor that no op names', edit(raw => { raw.others = [volume.actor] }), S158,
    /canonical/],
  ['an actor index out of the table', set(0x01, 0x7f, 1), S159, /out of range/],
  ['a short actor', edit(raw => { raw.actor = alice.key }), S159, /an actor of 32 bytes/],
  ['an empty actor', edit(raw => { raw.actor = '' }), S159, /an actor of 0 bytes/],
  ['a predecessor op', edit(raw => {
    column(raw, 0x70).bytes = Uint8Array.of(0x7f, 1)
    column(raw, 0x71).bytes = Uint8Array.of(0x7f, 0)
    column(raw, 0x73).bytes = Uint8Array.of(0x7f, 16)
  }), S153, /column/],
  ['a predecessor op that is missing', edit(raw => {
    column(raw, 0x70).bytes = Uint8Array.of(0x7f, 1)
    column(raw, 0x71).bytes = Uint8Array.of(0x7f, 0)
    column(raw, 0x73).bytes = Uint8Array.of(0x7f, 99)
  }), S153, /column/],
  ['a predecessor op on another key', edit(raw => {
    column(raw, 0x70).bytes = Uint8Array.of(0x7f, 1)
    column(raw, 0x71).bytes = Uint8Array.of(0x7f, 0)
    column(raw, 0x73).bytes = Uint8Array.of(0x7f, 14)
  }), S153, /column/],
  ['a predecessor op of an unknown actor', edit(raw => {
    column(raw, 0x70).bytes = Uint8Array.of(0x7f, 1)
    column(raw, 0x71).bytes = Uint8Array.of(0x7f, 9)
    column(raw, 0x73).bytes = Uint8Array.of(0x7f, 16)
  }), S153, /column/],
  ['a predecessor count without predecessors', set(0x70, 0x7f, 1), S153, /predecessor op/],
  ['an op on a list', set(0x34, 0, 1), S153, /list/],
  ['a list column', set(0x13, 0x7f, 1), S153, /column 19/],
  ['a deletion', set(0x42, 0x7f, 3), S153, /out of range/],
  ['an unknown action', set(0x42, 0x7f, 99), S153, /out of range/],
  ['an increment', set(0x42, 0x7f, 5), S153, /out of range/],
  ['an increment of a fact', edit(raw => {
    column(raw, 0x42).bytes = Uint8Array.of(0x7f, 5)
    column(raw, 0x70).bytes = Uint8Array.of(0x7f, 1)
    column(raw, 0x71).bytes = Uint8Array.of(0x7f, 0)
    column(raw, 0x73).bytes = Uint8Array.of(0x7f, 16)
    retype(raw, 4)
  }), S153, /./],
  ['a map over a topic', edit(raw => {
    column(raw, 0x15).bytes = new Writer().u8(0x7f).text('chat').done()
    column(raw, 0x42).bytes = Uint8Array.of(0x7f, 0)
    column(raw, 0x56).bytes = Uint8Array.of(0x7f, 0)
    raw.columns = raw.columns.filter(({ spec }) => spec > 2 && spec !== 0x57)
  }), S153, /different lengths/],
  ['a map over a topic, its object absent', edit(raw => {
    column(raw, 0x01).bytes = Uint8Array.of(0, 1)
    column(raw, 0x02).bytes = Uint8Array.of(0, 1)
    column(raw, 0x15).bytes = new Writer().u8(0x7f).text('chat').done()
    column(raw, 0x42).bytes = Uint8Array.of(0x7f, 0)
    column(raw, 0x56).bytes = Uint8Array.of(0x7f, 0)
    raw.columns = raw.columns.filter(({ spec }) => spec !== 0x57)
  }), S153, /absent/],
  ['a list in place of a fact', set(0x42, 0x7f, 2), S153, /out of range/],
  ['a mark', set(0x94, 1), S153, /column 148/],
  ['a compressed column', edit(raw => {
    column(raw, 0x15).spec = 0x1d
  }), S153, /column 29/],
  ['an op at the root', edit(raw => {
    raw.columns = raw.columns.filter(each => each.spec > 2)
  }), S153, /different lengths/],
  ['columns out of order', edit(raw => { raw.columns.reverse() }), S158, /./],
  ['a column twice', edit(raw => {
    raw.columns.splice(1, 0, column(raw, 0x01))
  }), S158, /./],
  ['an empty column', edit(raw => { raw.columns.splice(3, 0, { spec: 0x13, bytes: uint(0) }) }),
    S158, /column/],
  ...[['null', 0], ['false', 1], ['true', 2], ['a uint', 3], ['an int', 4], ['a float', 5],
    ['bytes', 7], ['a counter', 8], ['a timestamp', 9]].map(
    ([name, type]): Row => [
      `${name} as a value`,
      edit(raw => { retype(raw, type as number) }),
      S180,
      /a value of type/,
    ],
  ),
  ['a map with a value', set(0x42, 0x7f, 0), S180, /a map with a value/],
  ['a fact that is not UTF-8', edit(raw => {
    (column(raw, 0x57).bytes as Uint8Array)[0] = 0xff
  }), S180, /not UTF-8/],
  ['a fact one byte too long', fat((64 << 10) + 1), S180, /out of range|over 65536/],
  ['a change too long', edit(raw => { raw.extra = new Uint8Array(256 << 10) }), S157,
    /bytes, over 262144/],
  ['10^9 ops in few bytes', bomb(), S157, /over 1000 ops/],
  ['10^9 actions', columnsOfBomb(0x42, 1), S157, /over 1000 ops/],
  ['10^9 keys', columnsOfBomb(0x15, 0), S157, /over 1000 ops/],
  ['10^9 maps', columnsOfBomb(0x02, 16), S157, /over 1000 ops/],
  ['10^9 predecessor counts', columnsOfBomb(0x70, 0), S157, /over 1000 ops/],
  ['2^62 ops', set(0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0xc0, 0, 1), S157,
    /too long/],
  ['no ops', edit(raw => { raw.columns = [] }), S153, /no ops/],
  ['an absent key', set(0x15, 0, 1), S153, /absent/],
  ['a run of one', set(0x42, 1, 1), S158, /canonical/],
  ['a literal where a run belongs', from(fourFacts, raw => {
    column(raw, 0x42).bytes = Uint8Array.of(0x7c, 1, 1, 1, 1)
  }), S158, /canonical/],
  ['two runs where one belongs', from(fourFacts, raw => {
    column(raw, 0x42).bytes = Uint8Array.of(2, 1, 2, 1)
  }), S158, /canonical/],
  ['a seq in a longer spelling', edit(raw => { raw.seq = Uint8Array.of(0x82, 0) }), S158,
    /shortest/],
  ['a time in a longer spelling', edit(raw => {
    raw.time = Uint8Array.of(...raw.time.map(byte => byte | 0x80), 0)
  }), S158, /canonical/],
  ['a run length in a longer spelling', set(0x42, 0xff, 0x7f, 1), S158, /canonical/],
  ['a chunk length in a longer spelling', longLength(), S158, /shortest/],
  ['extra bytes in the change', edit(raw => { raw.extra = uint(0) }), S158, /left over/],
  ['bytes behind the chunk', new Writer().raw(second).u8(0).done(), S158, /left over/],
  ['a chunk cut short', second.slice(0, -1), S152, /cut short/],
  ['a flipped checksum', flipped(second, 4), S152, /checksum/],
  ['another magic', flipped(second, 0), S152, /not an Automerge chunk/],
  ['a document chunk', edit(raw => { raw.type = 0 }), S152, /chunk type 0/],
  ['a deflated chunk', deflated(), S152, /chunk type 2/],
  ['a deflate bomb', deflateBomb(), S152, /chunk type 2/],
  ['a sync message', Uint8Array.of(0x42, 0, 0, 0, 0), S152, /not an Automerge chunk/],
  ['nothing', new Uint8Array(0), S152, /cut short/],
]

export const POISON: readonly Poison[] = rows.map(([name, bytes, rule, why, seq = 2]) => ({
  name,
  bytes,
  seq,
  hash: hashOfChunk(bytes),
  ...rule,
  why,
}))

/** Puts one text of the same length for another in the keys of a change. */
function swap(bytes: Uint8Array, text: string, by: string): Uint8Array {
  return from(bytes, raw => {
    const keys = Buffer.from(column(raw, 0x15).bytes).toString('latin1')
    column(raw, 0x15).bytes = Uint8Array.from(Buffer.from(keys.replace(text, by), 'latin1'))
  })
}

/** A change that makes the maps of its first fact and stops there. */
function cut(bytes: Uint8Array): Uint8Array {
  return from(bytes, raw => {
    const keys = new Writer().u8(0x7e).text(alice.actor).text('0').done()
    const two = Uint8Array.of(2, 0)
    raw.columns = [
      { spec: 0x01, bytes: Uint8Array.of(0x7e, 1, 0) },
      { spec: 0x02, bytes: Uint8Array.of(0x7e, topicOp('notes'), 17) },
      { spec: 0x15, bytes: keys },
      { spec: 0x34, bytes: Uint8Array.of(2) },
      { spec: 0x42, bytes: two },
      { spec: 0x56, bytes: two },
      { spec: 0x70, bytes: two },
    ]
  })
}

function retype(raw: Raw, type: number): void {
  const kind = column(raw, 0x56)
  const reader = new Reader(kind.bytes.subarray(1))
  const size = Math.floor(reader.uint() / 16)
  kind.bytes = new Writer().u8(0x7f).uint(size * 16 + type).done()
}

/** A change with one fact of some size. */
function fat(size: number): Uint8Array {
  return edit(raw => {
    column(raw, 0x56).bytes = new Writer().u8(0x7f).uint(size * 16 + 6).done()
    column(raw, 0x57).bytes = new Uint8Array(size).fill(0x61)
  })
}
