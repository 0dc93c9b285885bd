import { expect, test } from 'vitest'
import type { Hash } from '../../../src/core/brand.ts'
import { hashOf, tagged } from '../../../src/core/bytes/hash.ts'
import { Writer } from '../../../src/core/bytes/writer.ts'
import { decodeChange } from '../../../src/core/room/decode.ts'
import { judgeRun } from '../../../src/core/room/gate.ts'
import { openVolume } from '../../../src/core/room/genesis.ts'
import { type Draft, openStream, writeChange } from '../../../src/core/room/stream.ts'
import { TOPICS } from '../../../src/core/room/topics.ts'
import {
  alice,
  chat,
  heads,
  later,
  now,
  ok,
  pen,
  room,
  verify,
  volume,
  write,
  written,
} from './cast.ts'
import { anyone, reader, run, show, signed } from './reader.ts'

test('S150: the genesis actor of a volume is named by room and number', () => {
  const named = (number: number): Hash =>
    hashOf(tagged('knot/volume/1', new Writer().id(room).uint(number).done()))
  expect(openVolume(room, 0).actor).toBe(named(0))
  expect(openVolume(room, 300).actor).toBe(named(300))
  expect(openVolume(room, 1).id).not.toBe(volume.id)
})

test('S151: the topics stand in ascending order, and the volume is named by its genesis', () => {
  expect([...TOPICS].sort()).toEqual([...TOPICS])
  expect(hashOf(volume.bytes.subarray(8))).toBe(volume.id)
})

test('S152: the hash of a change is that of type, length and body', () => {
  const page = written(alice, 1)
  const bytes = page.changes[0] as Uint8Array
  expect(page.hashes[0]).toBe(hashOf(bytes.subarray(8)))
  expect(decodeChange(bytes)).toMatchObject({ kind: 'ok', hash: page.hashes[0] })
})

test('S154: maps are made exactly when they are first needed', () => {
  const page = pen(alice)
  const keys = (bytes: Uint8Array): string[] => {
    const decoded = decodeChange(bytes)
    return decoded.kind === 'ok' ? decoded.change.ops.map(op => op.key) : []
  }
  expect(keys(write(page, [chat('a')]))).toEqual([alice.actor, '0', '0'])
  expect(keys(write(page, [chat('b')]))).toEqual(['1'])
  write(page, Array.from({ length: 253 }, () => chat('')))
  expect(keys(write(page, [chat('255'), chat('256')]))).toEqual(['255', '1', '256'])
  expect(keys(write(page, [chat('257')]))).toEqual(['257'])
})

test('S164: a stream that was stored and read again goes on the same', () => {
  const page = written(alice, 300)
  const again = JSON.parse(JSON.stringify(page.stream)) as typeof page.stream
  expect(again).toEqual(page.stream)
  const draft = { facts: [chat('on'), { topic: 'tasks', value: '{}' } as const], time: 5, heads: now }
  expect(writeChange(volume, again, draft)).toEqual(writeChange(volume, page.stream, draft))
})

test('S163: the verdict is the same again, and nothing that was given is changed', () => {
  const page = written(alice, 3)
  const stream = structuredClone(openStream(volume, alice.actor))
  const asked = {
    volume,
    stream: Object.freeze(stream),
    run: run(page),
    authority: anyone,
    verify,
    hashAt: (seq: number) => page.hashes[seq - 1] as Hash,
  }
  Object.freeze(stream.topics)
  const outcome = judgeRun(asked)
  expect(judgeRun(asked)).toEqual(outcome)
  expect(stream).toEqual(openStream(volume, alice.actor))
})

test('S181: the writer names the heads once, sorted, and again when they have moved', () => {
  const named = (drafts: Hash[][]): Hash[][] => {
    let stream = openStream(volume, alice.actor)
    return drafts.map(each => {
      const result = ok(writeChange(volume, stream, { facts: [chat('')], time: 0, heads: each }))
      stream = result.stream
      return [...result.change.heads]
    })
  }
  const two = heads('a', 'b')
  expect(named([[...two].reverse(), [...two, ...two], later, later])).toEqual([two, [], later, []])
})

test('S181: the writer refuses what the gate would', () => {
  const fine: Draft = { facts: [chat('')], time: 1, heads: now }
  const fact = (value: string) => ({ topic: 'chat', value }) as const
  const stream = openStream(volume, alice.actor)
  const refused = (change: Partial<Draft>) => {
    const result = writeChange(volume, stream, { ...fine, ...change })
    return result.kind === 'refused' ? result.why : 'written'
  }
  const much = Array.from({ length: 17 }, (_, i) => heads(`${i}`)[0] as Hash)
  expect(refused({})).toBe('written')
  expect(refused({ facts: [] })).toMatch('no facts')
  expect(refused({ facts: [fact('\ud800')] })).toMatch('surrogate')
  expect(refused({ facts: [fact('é'.repeat(32_769))] })).toMatch('65538 bytes, over 65536')
  expect(refused({ facts: Array.from({ length: 4 }, () => fact('x'.repeat(65_536))) })).toMatch(
    'over 262144: write two changes',
  )
  expect(refused({ facts: Array.from({ length: 999 }, () => fact('')) })).toMatch('1004 ops')
  expect(refused({ facts: Array.from({ length: 1001 }, () => fact('')) })).toMatch('1001 facts')
  expect(refused({ heads: [] })).toMatch('no auth heads')
  expect(refused({ heads: much })).toMatch('17 auth heads, over 16')
  for (const time of [-1, 0.5, Number.NaN, 9e12]) expect(refused({ time })).toMatch('time')
})

test('S181: what the writer writes passes, up to each bound', () => {
  const stream = openStream(volume, alice.actor)
  const largest: Draft[] = [
    { facts: [{ topic: 'chat', value: 'x'.repeat(65_536) }], time: 0, heads: now },
    { facts: Array.from({ length: 995 }, () => chat('')), time: 8.64e12, heads: now },
    { facts: [chat('')], time: 1, heads: heads(...'abcdefghijklmnop') },
    { facts: TOPICS.map(topic => ({ topic, value: '' })), time: 1, heads: now },
  ]
  for (const draft of largest) {
    const { bytes, hash, stream: after } = ok(writeChange(volume, stream, draft))
    const bob = reader(alice)
    const outcome = show(bob, signed(alice, [bytes], { seq: 1, hash }))
    expect(outcome.rest).toEqual({ kind: 'none' })
    expect(bob.stream).toEqual(after)
    expect(outcome.accepted[0]?.time).toBe(draft.time)
  }
})
