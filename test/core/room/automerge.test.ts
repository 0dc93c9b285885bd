import * as A from '@automerge/automerge'
import { expect, test } from 'vitest'
import type { Hash } from '../../../src/core/brand.ts'
import { Writer } from '../../../src/core/bytes/writer.ts'
import { type Accepted, judgeRun } from '../../../src/core/room/gate.ts'
import { alice, bob, chat, dice, lines, pen, person, volume, write } from './cast.ts'
import { emptyRoom, factsOf } from './oracle.ts'
import { anyone, reader, run, show } from './reader.ts'
import { wrap } from './raw.ts'
import { POISON, honest } from './poison.ts'

const cast = [alice, bob, person('carol'), person('dave')]

function factsOfGate(accepted: readonly Accepted[]): string[] {
  return accepted
    .flatMap(({ actor, facts }) =>
      facts.map(({ topic, n, value }) => `${topic}/${actor}/${n >> 8}/${n} ${value}`),
    )
    .sort()
}

test('S169: Automerge gives the gate’s facts for what was accepted, in every interleaving', () => {
  const roll = dice(7)
  const pages = cast.map(author => {
    const page = pen(author)
    for (let i = 0; i < 8; i++) write(page, lines(roll))
    return page
  })
  const accepted = pages.flatMap(page => show(reader(page.author), run(page)).accepted)
  const expected = factsOfGate(accepted)

  const heads = new Set<string>()
  for (let round = 0; round < 3; round++) {
    let doc = emptyRoom()
    const queues = pages.map(page => [...page.changes])
    while (queues.some(queue => queue.length > 0)) {
      const queue = queues[roll(queues.length)] as Uint8Array[]
      const [next] = A.applyChanges(doc, queue.splice(0, roll(3) + 1))
      doc = next
    }
    const loaded = A.load<Parameters<typeof factsOf>[0]>(A.save(doc))
    expect(A.getHeads(loaded)).toEqual(A.getHeads(doc))
    expect(factsOf(loaded)).toEqual(expected)
    heads.add(A.getHeads(doc).sort().join())
  }
  expect([...heads]).toEqual([pages.map(page => page.hashes.at(-1)).sort().join()])
})

test('S169: its change bytes come back from Automerge as they went in', () => {
  const page = pen(alice)
  const roll = dice(8)
  for (let i = 0; i < 10; i++) write(page, lines(roll))
  const [doc] = A.applyChanges(emptyRoom(), page.changes)
  expect(A.getAllChanges(A.load(A.save(doc)))).toEqual([volume.bytes, ...page.changes])
})

test('S170: never throws on a mutated change, nor accepts one that Automerge cannot load', () => {
  const roll = dice(20)
  const page = pen(alice)
  write(page, [chat('one')])
  write(page, [chat('two'), { topic: 'tasks', value: '{}' }, chat('three')])
  const [start] = A.applyChanges(emptyRoom(), page.changes.slice(0, 1))
  const seeds = [page.changes[1] as Uint8Array, honest.second, ...POISON.map(each => each.bytes)]

  const carol = reader(alice)
  show(carol, run(page, 1, 1))
  const hashAt = (): Hash => page.hashes[0] as Hash
  const asked = { volume, stream: carol.stream, authority: anyone, verify: () => true, hashAt }

  let accepted = 0
  for (let round = 0; round < 6000; round++) {
    const seed = seeds[roll(4) === 0 ? roll(seeds.length) : roll(2)] as Uint8Array
    if (seed.length > 2000) continue
    const bytes = mutate(seed, roll)
    const shown = { changes: [bytes], signature: new Uint8Array(64) }
    const outcome = judgeRun({ ...asked, run: shown })
    if (outcome.accepted.length === 0) continue

    accepted++
    const [doc] = A.applyChanges(A.clone(start), [bytes])
    const loaded = A.load<Parameters<typeof factsOf>[0]>(A.save(doc))
    expect(A.getHeads(loaded)).toEqual([outcome.stream.hash])
    expect(factsOf(loaded)).toContain(
      factsOfGate(outcome.accepted).find(fact => fact.startsWith('chat')),
    )
  }
  // A mutation of a text, a time or a head is an honest change of its own.
  expect(accepted).toBeGreaterThan(50)
})

/** Flips, sets, cuts or repeats a few bytes, then mends length and checksum. */
function mutate(seed: Uint8Array, roll: (below: number) => number): Uint8Array {
  const body = [...seed.subarray(seed[9] as number >= 0x80 ? 11 : 10)]
  for (let edits = roll(3) + 1; edits > 0; edits--) {
    const at = roll(body.length)
    const kind = roll(6)
    if (kind < 3) body[at] = (body[at] as number) ^ (1 << roll(8))
    else if (kind === 3) body[at] = roll(256)
    else if (kind === 4) body.splice(at, roll(4))
    else body.splice(at, 0, ...body.slice(at, at + roll(8)))
  }
  const content = Uint8Array.from(body)
  return wrap(1, new Writer().bytes(content).done())
}
