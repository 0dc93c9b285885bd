import { readFileSync } from 'node:fs'
import * as A from '@automerge/automerge'
import { expect, test } from 'vitest'
import type { ActorId, Hash, Oid } from '../../../src/core/brand.ts'
import { fromHex } from '../../../src/core/bytes/text.ts'
import { CARRIED_RECENT } from '../../../src/core/limits.ts'
import { carriedOf, decodeCarried, encodeCarried, Facts } from '../../../src/core/room/carried.ts'
import { decodeCut, encodeCut } from '../../../src/core/room/cut.ts'
import { openNext, openVolume } from '../../../src/core/room/genesis.ts'
import { judgeRun } from '../../../src/core/room/gate.ts'
import { type Origin, originOf, saidAgain } from '../../../src/core/room/origin.ts'
import { placeIn, volumeOf } from '../../../src/core/room/place.ts'
import { openStream, signingBytes, writeChange } from '../../../src/core/room/stream.ts'
import { TOPICS } from '../../../src/core/room/topics.ts'
import { emptyBoard, foldFact } from '../../../src/core/room/views/board.ts'
import { alice, bob, dice, now, room, verify } from './cast.ts'
import { anyone } from './reader.ts'
import { carried, cut, makeVectors } from './volumes.ts'

const vectors = JSON.parse(
  readFileSync(new URL('../../vectors/volumes.json', import.meta.url), 'utf8'),
) as ReturnType<typeof makeVectors>

test('S860: cut, carried state and genesis are those of the vectors', () => {
  expect(JSON.parse(JSON.stringify(makeVectors()))).toEqual(vectors)
})

test('S860: a cut and a carried state read as they were written, and in no other spelling', () => {
  const [one, other] = [encodeCut(cut), encodeCarried(carried)]
  expect(decodeCut(one)).toEqual({ kind: 'ok', value: cut })
  expect(decodeCarried(other)).toEqual({ kind: 'ok', value: carried })
  for (const [bytes, read] of [[one, decodeCut], [other, decodeCarried]] as const) {
    for (let size = 0; size < bytes.length; size++) {
      expect(read(bytes.subarray(0, size)).kind).toBe('malformed')
    }
    expect(read(Uint8Array.of(...bytes, 0)).kind).toBe('malformed')
  }
  const turned = { ...cut, frontier: [...cut.frontier].reverse() }
  expect(decodeCut(encodeCut(turned))).toMatchObject({ why: expect.stringContaining('order') })
  expect(decodeCut(encodeCut({ ...cut, rule: 2 as 1 }))).toMatchObject({ why: expect.stringContaining('newer') })
  expect(decodeCarried(encodeCarried([...carried].reverse())).kind).toBe('malformed')
  expect(decodeCarried(encodeCarried([carried[0] as Origin, carried[0] as Origin])).kind).toBe('malformed')
})

test('S862: Automerge holds the genesis as written, and what the volume adds to it', () => {
  const many = Array.from({ length: 600 }, (_, n): Origin => ({
    place: { actor: alice.actor, topic: n < 300 ? 'chat' : 'tasks', n: n % 300 }, value: `{"n":${n}}`,
  }))
  for (const facts of [[], carried, many]) {
    const volume = openNext(room, { number: 2, cut: cut.carried, facts })
    const stream = openStream(volume, bob.actor)
    const draft = { facts: [{ topic: 'chat' as const, value: '{"text":"new"}' }], time: 5, heads: now }
    const written = writeChange(volume, stream, draft)
    if (written.kind !== 'ok') throw new Error(written.why)
    const [doc] = A.applyChanges(A.init<Tree>(), [volume.bytes, written.bytes])
    const loaded = A.load<Tree>(A.save(doc))
    expect(A.getAllChanges(loaded)).toEqual([volume.bytes, written.bytes])
    expect(A.getHeads(loaded)).toEqual([written.hash])
    const found = TOPICS.flatMap((topic) =>
      Object.values(loaded[topic]?.['carried'] ?? {}).flatMap((bucket) => Object.values(bucket).map(String)))
    expect(found.sort()).toEqual(facts.map(({ place, value }) =>
      `{"was":["${place.actor}",${place.n}],"is":${value}}`).sort())
    for (const value of found) expect(JSON.parse(value)).toHaveProperty('was')
    expect(String(loaded['chat']?.[bob.actor]?.['0']?.['0'])).toBe('{"text":"new"}')
    const { seq } = written.change
    const message = signingBytes(volume, { actor: bob.actor, seq, hash: written.hash })
    const run = { changes: [written.bytes], signature: bob.sign(message) }
    const judge = (to: typeof volume) => judgeRun({
      volume: to, stream: openStream(to, bob.actor), run, authority: anyone, verify, hashAt: () => '' as Hash,
    })
    expect(judge(volume).accepted[0]?.facts[0]?.n).toBe(placeIn(2, 0))
    expect(judge(openVolume(room, 0)).rest.kind).toBe('unproven')
  }
})

type Tree = Record<string, Record<string, Record<string, Record<string, unknown>>>>

test('S863: places of volumes never meet, and an ask that goes on keeps its own', () => {
  expect([placeIn(0, 7), placeIn(3, 7), volumeOf({ n: placeIn(3, 7) })]).toEqual([7, 3 * 2 ** 31 + 7, 3])
  const ask: Origin = {
    place: { actor: alice.actor, topic: 'claims', n: 4 },
    value: '{"at":1,"term":0,"kind":"ask","want":"claim","task":"aaaaaaaaaaaaaaaa","after":0}',
  }
  const again = saidAgain(ask) as string
  const here = { ...ask.place, n: placeIn(1, 0) }
  expect(originOf(here, again)).toEqual(ask)
  // In the same volume, or in another life, it is a new ask where it stands.
  expect(originOf({ ...ask.place, n: 9 }, again).place.n).toBe(9)
  const reborn = `${alice.key}ffffffffffffffff` as ActorId
  expect(originOf({ ...here, actor: reborn }, again).place).toEqual({ ...here, actor: reborn })
})

/** Facts of two authors: more messages and tasks than are carried, and pushes. */
function story(): Origin[][] {
  return [alice, bob].map(({ actor }, by) => {
    const facts: Origin[] = []
    const add = (topic: Origin['place']['topic'], fact: object) => {
      const n = facts.filter(({ place }) => place.topic === topic).length
      facts.push({ place: { actor, topic, n }, value: JSON.stringify({ at: facts.length, term: 0, ...fact }) })
    }
    add('refs', { kind: 'base', commit: 'b'.repeat(40) })
    for (let n = 0; n < 700; n++) {
      add('chat', { text: `${by} ${n}` })
      if (n % 70 === 0) add('tasks', { kind: 'add', title: `${by} ${n}` })
      if (n % 100 === 0) {
        const commit = `${by}${n}`.padStart(40, '0')
        add('refs', { kind: 'push', commit, files: [], fileCount: 0 })
      }
      if (n % 90 === 0) add('plans', { kind: 'doing', text: `${n}` })
    }
    add('notes', { text: 'nothing shows it' })
    return facts
  })
}

test('S861: what is carried does not depend on the order in which it came', () => {
  const roll = dice(3)
  const seen = new Set<string>()
  for (let round = 0; round < 5; round++) {
    const queues = story()
    const board = emptyBoard()
    const facts = new Facts()
    while (queues.some(({ length }) => length > 0)) {
      const next = queues[roll(2)]?.shift()
      if (next === undefined) continue
      facts.add(next)
      foldFact(board, next.place, next.value)
    }
    const kept = carriedOf({ board, facts, leader: () => undefined, founder: alice.actor })
    seen.add(Buffer.from(encodeCarried(kept)).toString('hex'))
    const of = (topic: string) => kept.filter(({ place }) => place.topic === topic)
    expect(of('chat')).toHaveLength(CARRIED_RECENT)
    expect([of('tasks').length, of('refs').length, of('plans').length, of('notes').length]).toEqual([20, 15, 2, 0])
    expect(of('refs').filter(({ value }) => value.includes('base'))).toHaveLength(1)
    expect(decodeCarried(encodeCarried(kept))).toEqual({ kind: 'ok', value: kept })
  }
  expect(seen.size).toBe(1)
})

test('S860: bytes of the vectors are what is read', () => {
  const bytes = fromHex(vectors.cut.bytes) as Uint8Array
  expect(decodeCut(bytes)).toMatchObject({ kind: 'ok', value: { number: 1, size: cut.size } })
  expect('b'.repeat(40) as Oid).toHaveLength(40)
})
