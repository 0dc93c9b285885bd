import { describe, expect, test } from 'vitest'
import type { Hash, PublicKey } from '../../../src/core/brand.ts'
import type { Authority } from '../../../src/core/room/gate.ts'
import { signingBytes } from '../../../src/core/room/stream.ts'
import { openVolume } from '../../../src/core/room/genesis.ts'
import { alice, bob, chat, heads, later, now, pen, room, volume, write, written } from './cast.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import { POISON, type Poison } from './poison.ts'
import { anyone, reader, run, show, signed } from './reader.ts'

const NONE = { kind: 'none' }
const seal = (seq: number, hash: Hash): Authority => ({ ...anyone, sealOf: () => ({ seq, hash }) })
const hashOfPen = (by: { hashes: Hash[] }, seq: number): Hash => by.hashes[seq - 1] as Hash

describe('a run', () => {
  test('S171: is accepted whole, with its facts in order and numbered', () => {
    const page = pen(alice)
    write(page, [chat('a'), { topic: 'tasks', value: '{"t":1}' }, chat('b')])
    write(page, [chat('c')])
    const carol = reader(alice)

    const outcome = show(carol, run(page))
    expect(outcome.rest).toEqual(NONE)
    expect(outcome.accepted.map(change => change.facts)).toEqual([
      [
        { topic: 'chat', n: 0, value: '{"text":"a"}' },
        { topic: 'tasks', n: 0, value: '{"t":1}' },
        { topic: 'chat', n: 1, value: '{"text":"b"}' },
      ],
      [{ topic: 'chat', n: 2, value: '{"text":"c"}' }],
    ])
    expect(outcome.accepted.map(({ seq, hash }) => [seq, hash])).toEqual([
      [1, page.hashes[0]],
      [2, page.hashes[1]],
    ])
    expect(carol.stream).toEqual(page.stream)
  })

  test('S160: of no changes, of more than 64, or not in a row is unproven', () => {
    const page = written(alice, 65)
    const last = { seq: 65, hash: hashOfPen(page, 65) }
    const carol = reader(alice)
    const [one, two, three] = page.changes as [Uint8Array, Uint8Array, Uint8Array]
    const third = { seq: 3, hash: hashOfPen(page, 3) }

    for (const shown of [
      signed(alice, [], last),
      signed(alice, page.changes, last),
      signed(alice, [one, three], third),
      signed(alice, [two, one, three], third),
    ]) {
      expect(show(carol, shown)).toMatchObject({ accepted: [], rest: { kind: 'unproven' } })
    }
    expect(show(carol, run(page, 1, 64)).accepted).toHaveLength(64)
  })

  test('S160: whose changes do not chain is unproven, whatever was signed', () => {
    const page = written(alice, 1)
    const other = pen(alice)
    write(other, [chat('other')])
    const next = write(other, [chat('next')])
    const shown = signed(alice, [page.changes[0] as Uint8Array, next], {
      seq: 2,
      hash: hashOfPen(other, 2),
    })
    expect(show(reader(alice), shown).rest).toMatchObject({
      kind: 'unproven',
      why: expect.stringContaining('does not follow'),
    })
  })

  test('S172: what is right before what is wrong is accepted, and only that', () => {
    const page = written(alice, 2)
    write(page, [chat('under heads that may not')], later)
    write(page, [chat('and one more')])
    const authority: Authority = {
      ...anyone,
      mayWrite: (_, under) => (under[0] === later[0] ? 'may-not' : 'may'),
    }
    const carol = reader(alice)
    const outcome = show(carol, run(page), authority)
    expect(outcome.accepted).toHaveLength(2)
    expect(outcome.rest).toMatchObject({ kind: 'invalid', seq: 3 })
    expect(carol.stream).toEqual(written(alice, 2).stream)
    // The same again, the same verdict: nothing of the rest was kept.
    expect(show(carol, run(page), authority)).toMatchObject({
      duplicates: 2,
      accepted: [],
      rest: { kind: 'invalid', seq: 3 },
    })
  })

  test('S173: what is held already is a duplicate, in a run of any cut', () => {
    const page = written(alice, 6)
    const carol = reader(alice)
    show(carol, run(page, 1, 4))
    expect(show(carol, run(page, 2, 3))).toMatchObject({ duplicates: 2, accepted: [], rest: NONE })
    const outcome = show(carol, run(page, 3, 6))
    expect(outcome).toMatchObject({ duplicates: 2, rest: NONE })
    expect(outcome.accepted.map(change => change.seq)).toEqual([5, 6])
  })

  test('S174: with a gap before it is pending, and judged the same when the gap is filled', () => {
    const page = written(alice, 4)
    const carol = reader(alice)
    const shown = run(page, 3, 4)
    expect(show(carol, shown).rest).toEqual({ kind: 'pending', seq: 3, waits: 'predecessor' })
    show(carol, run(page, 1, 2))
    expect(show(carol, shown).accepted).toHaveLength(2)
  })
})

describe('a signature', () => {
  const page = written(alice, 2)
  const last = { actor: alice.actor, seq: 2, hash: hashOfPen(page, 2) }
  const otherRoom = openVolume(hashOf(utf8('another room')) as typeof room, 0)

  test.each([
    ['another room', signingBytes({ ...volume, room: otherRoom.room }, last)],
    ['another volume', signingBytes({ ...volume, id: openVolume(room, 1).id }, last)],
    ['another incarnation', signingBytes(volume, { ...last, actor: bob.actor })],
    ['another seq', signingBytes(volume, { ...last, seq: 1 })],
    ['another change', signingBytes(volume, { ...last, hash: hashOfPen(page, 1) })],
    ['no purpose', signingBytes(volume, last).subarray('knot/op/1'.length + 1)],
  ])('S161: for %s is refused', (_, message) => {
    const carol = reader(alice)
    const shown = { changes: page.changes, signature: alice.sign(message) }
    expect(show(carol, shown)).toMatchObject({ accepted: [], rest: { kind: 'unproven' } })
    expect(carol.stream.seq).toBe(0)
  })

  test('S161: by another key, flipped or cut short is refused', () => {
    const good = alice.sign(signingBytes(volume, last))
    for (const signature of [
      bob.sign(signingBytes(volume, last)),
      good.map((byte, at) => (at === 9 ? byte ^ 1 : byte)),
      good.subarray(1),
      new Uint8Array(0),
    ]) {
      const carol = reader(alice)
      const shown = { changes: page.changes, signature }
      expect(show(carol, shown).rest).toMatchObject({ kind: 'unproven' })
    }
  })

  test('S162: over a run end proves every change before it, and nothing of another cut', () => {
    const cut = { changes: page.changes.slice(0, 1), signature: run(page).signature }
    expect(show(reader(alice), cut).rest).toMatchObject({ kind: 'unproven' })
    expect(show(reader(alice), run(page)).accepted).toHaveLength(2)
  })

  test('S160: a run of another author is not this stream’s', () => {
    expect(show(reader(bob), run(page)).rest).toMatchObject({ kind: 'unproven' })
  })
})

describe('auth heads', () => {
  test('S165: in force are those named last', () => {
    const page = pen(alice)
    write(page, [chat('a')], now)
    write(page, [chat('b')], now)
    write(page, [chat('c')], later)
    write(page, [chat('d')], later)
    const { accepted } = show(reader(alice), run(page))
    expect(accepted.map(change => change.heads)).toEqual([now, now, later, later])
  })

  test('S166: that are not here make the change pending, and those before it accepted', () => {
    const page = written(alice, 1)
    write(page, [chat('b')], later)
    write(page, [chat('c')], later)
    const authority: Authority = {
      ...anyone,
      mayWrite: (_, under) => (under[0] === later[0] ? 'unknown' : 'may'),
    }
    const carol = reader(alice)
    const outcome = show(carol, run(page), authority)
    expect(outcome.accepted).toHaveLength(1)
    expect(outcome.rest).toEqual({ kind: 'pending', seq: 2, waits: 'heads', heads: later })
    expect(show(carol, run(page)).accepted).toHaveLength(2)
  })

  test('S166: are asked about with the author’s key', () => {
    const asked: PublicKey[] = []
    const authority: Authority = {
      ...anyone,
      mayWrite: key => {
        asked.push(key)
        return 'may'
      },
    }
    show(reader(alice), run(written(alice, 3)), authority)
    expect(asked).toEqual([alice.key])
  })

  test('S167: never go back within a stream', () => {
    const order = ['now', 'later', 'latest'].map(name => heads(name)[0] as Hash)
    const rank = (of: readonly Hash[]): number => Math.max(...of.map(head => order.indexOf(head)))
    const authority: Authority = {
      ...anyone,
      covers: (newer, older) => rank(newer) >= rank(older),
    }
    const page = pen(alice)
    write(page, [chat('a')], now)
    write(page, [chat('b')], heads('latest'))
    write(page, [chat('c')], later)
    const outcome = show(reader(alice), run(page), authority)
    expect(outcome.accepted).toHaveLength(2)
    expect(outcome.rest).toMatchObject({
      kind: 'invalid',
      seq: 3,
      why: expect.stringContaining('goes back'),
    })
  })
})

describe('a seal', () => {
  test('S175: ends the stream behind the sealed change', () => {
    const page = written(alice, 5)
    const carol = reader(alice)
    const outcome = show(carol, run(page), seal(3, hashOfPen(page, 3)))
    expect(outcome.accepted.map(change => change.seq)).toEqual([1, 2, 3])
    expect(outcome.rest).toEqual({ kind: 'sealed', seq: 4 })
  })

  test('S175: at 0 lets nothing in, even what could not be judged yet', () => {
    const page = written(alice, 3)
    const authority: Authority = { ...seal(0, volume.id), mayWrite: () => 'unknown' }
    expect(show(reader(alice), run(page), authority).rest).toEqual({ kind: 'sealed', seq: 1 })
    expect(show(reader(alice), run(page, 2, 3), authority).rest).toEqual({ kind: 'sealed', seq: 2 })
  })

  test('S175: names its change: another one at its seq is behind the seal', () => {
    const page = written(alice, 3)
    const outcome = show(reader(alice), run(page), seal(2, hashOf(utf8('another'))))
    expect(outcome.accepted).toHaveLength(1)
    expect(outcome.rest).toEqual({ kind: 'sealed', seq: 2 })
  })
})

describe('a fork', () => {
  const branches = () => {
    const held = written(alice, 3)
    const fork = written(alice, 1)
    write(fork, [chat('something else')])
    write(fork, [chat('and on')])
    write(fork, [chat('and on')])
    const carol = reader(alice)
    show(carol, run(held))
    return { held, fork, carol }
  }

  test('S176: is shown by a sibling of a held change', () => {
    const { held, fork, carol } = branches()
    const outcome = show(carol, run(fork, 1, 4))
    expect(outcome).toMatchObject({ duplicates: 1, accepted: [] })
    expect(outcome.rest).toEqual({
      kind: 'fork',
      seq: 2,
      held: hashOfPen(held, 2),
      other: hashOfPen(fork, 2),
      sibling: 'in run',
    })
    expect(carol.stream).toEqual(held.stream)
  })

  test('S177: is shown by a successor of a sibling, wherever that one is', () => {
    for (const [from, to] of [
      [3, 4],
      [4, 4],
    ] as const) {
      const { held, fork, carol } = branches()
      expect(show(carol, run(fork, from, to)).rest).toEqual({
        kind: 'fork',
        seq: from - 1,
        held: hashOfPen(held, from - 1),
        other: hashOfPen(fork, from - 1),
        sibling: 'elsewhere',
      })
    }
  })

  test('S176: needs the author’s signature', () => {
    const { fork, carol } = branches()
    const shown = { ...run(fork, 1, 3), signature: new Uint8Array(64) }
    expect(show(carol, shown).rest).toMatchObject({ kind: 'unproven' })
  })

  test('S156: is not shown by a beginning outside the volume, held or not', () => {
    const poison = POISON.find(each => each.name === 'a beginning outside the volume') as Poison
    for (const carol of [branches().carol, reader(alice)]) {
      const outcome = show(carol, signed(alice, [poison.bytes], { seq: 1, hash: poison.hash }))
      expect(outcome.rest).toMatchObject({ kind: 'invalid', seq: 1 })
    }
  })

  test('S176: beyond the seal is nothing new', () => {
    const { held, fork, carol } = branches()
    const authority = seal(1, hashOfPen(held, 1))
    expect(show(carol, run(fork, 1, 3), authority).rest).toEqual({ kind: 'sealed', seq: 2 })
  })
})
