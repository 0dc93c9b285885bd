/** What a peer takes in, and what its disk must hold. */
import { describe, expect, test } from 'vitest'
import type { Hash } from '../../../src/core/brand.ts'
import { confirmedSeq, openLease } from '../../../src/core/lease/lease.ts'
import type { LeaseMessage } from '../../../src/core/lease/message.ts'
import type { ChainRecord } from '../../../src/core/lease/record.ts'
import { actorNamed, actors, keyNamed, Lab, ROOM, selfNamed, verify } from './cast.ts'
import { answer, byVoter, fact, follow, grant, records, signed, stand, unfit } from './forge.ts'
describe('what a peer takes in', () => {
  test('S200: records follow each other by hash, from the room on, whoever relays them', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'B')
    lab.settle('AB')
    lab.connect('C', 'B')
    lab.settle('BC')
    expect(confirmedSeq(lab.lease('C'))).toBe(1)
    const stray = { ...follow(lab, 'A', fact), prev: ROOM }
    expect(unfit(lab, 'B', [signed(stray)])).toBe('nothing')
    expect(lab.lease('B').chain.held.length).toBe(1)
  })

  test('S223: a term begins with the grants that elected its leader', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'B')
    const [letter] = lab.take({ from: 'A', to: 'C', kind: 'records' })
    const open = (letter?.message as Extract<LeaseMessage, { kind: 'records' }>).records[0]
    if (open?.payload.kind !== 'open') throw new Error('no open record')
    const { grants } = open.payload
    const [mine] = grants.filter(({ voter }) => voter === actorNamed('A'))
    if (mine === undefined) throw new Error('no grant')
    const forged = { ...mine, voter: actorNamed('B') }
    const higher = grant('B', { candidate: 'A', last: { term: 3, seq: 1 } })
    for (const few of [[], [mine], byVoter(mine, forged), byVoter(mine, higher)]) {
      const payload = { kind: 'open', grants: few } as const
      expect(unfit(lab, 'C', [signed({ ...open, payload })])).toBe('not-elected')
    }
    expect(unfit(lab, 'C', [signed({ ...open, payload: fact })])).toBe('not-elected')
    expect(unfit(lab, 'C', [{ ...open, signature: new Uint8Array(64) }])).toBe('unsigned')
    expect(unfit(lab, 'C', [open])).toBe('nothing')
    expect(lab.lease('C').chain.held.length).toBe(1)
  })

  test('S204: a forged accept, or one of something else, spoils the record', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.settle('ABC')
    lab.propose('A', 'seen by B alone')
    lab.talk('AB')
    const { id } = lab.lease('A').chain.held[1] as { id: Hash }
    const accept = { term: 1, seq: 2, id, voter: actorNamed('C'), signature: new Uint8Array(64) }
    for (const one of [accept, { ...accept, seq: 9 }, { ...accept, id: ROOM }]) {
      const record = { ...follow(lab, 'A', fact), accepts: [one] }
      expect(unfit(lab, 'B', [signed(record)])).toBe('bad-accept')
    }
  })

  test('S234: a confirmed prefix is never replaced; a chain without it is reported, once', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.settle('ABC')
    const grants = byVoter(
      grant('B', { candidate: 'B', term: 2 }),
      grant('C', { candidate: 'B', term: 2 }),
    )
    const liar = signed({
      ...follow(lab, 'A', { kind: 'open', grants }),
      term: 2,
      seq: 1,
      prev: ROOM,
      leader: actorNamed('B'),
    })
    const before = lab.lease('A').chain.held[0]?.id
    const heard = () =>
      lab.step('A', records('C', [liar])).filter(({ kind }) => kind === 'contradiction')
    expect(heard().length).toBe(1)
    expect(heard().length).toBe(0)
    expect(lab.lease('A').chain.held[0]?.id).toBe(before)
  })

  test('S246: two records of one leader at one place are reported', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.settle('ABC')
    const [one, two] = ['x', 'y'].map((value) => follow(lab, 'A', { ...fact, value }))
    lab.step('B', records('A', [one as ChainRecord]))
    const effects = lab.step('B', records('A', [two as ChainRecord]))
    expect(effects.find(({ kind }) => kind === 'contradiction')).toMatchObject({
      held: { payload: { value: 'x' } },
      offered: { payload: { value: 'y' } },
    })
  })
})

describe('the disk', () => {
  test('S226: what a word needs is on disk before it leaves', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.settle('ABC')
    lab.propose('A', 'x')
    lab.settle('ABC')
    for (const name of 'ABC') {
      const seen = new Set<string>()
      for (const effect of lab.effects.get(name) ?? []) {
        if (effect.kind === 'persist') seen.add(effect.what)
        if (effect.kind === 'send' || effect.kind === 'broadcast') {
          const { kind } = effect.message
          if (kind === 'grant') expect(seen).toContain('journal')
          if (kind === 'accept' || kind === 'records') expect(seen).toContain('record')
        }
        if (effect.kind === 'confirmed') expect(seen).toContain('record')
      }
    }
  })

  test('S225: a leader with its journal takes its term up again after a restart', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.settle('ABC')
    lab.restart('A')
    lab.wait('A', 250)
    expect(lab.propose('A', 'too early')).toBe('lapsed')
    lab.talk('ABC')
    expect(lab.lease('A').role).toMatchObject({ kind: 'leader', term: 1, lapsed: false })
    expect(lab.propose('A', 'x')).toBe('appended')
    lab.talk('ABC')
    expect(confirmedSeq(lab.lease('B'))).toBe(2)
  })

  test('S225: a leader that promised more does not', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.settle('ABC')
    const { id } = lab.lease('A').chain.held[0] as { id: Hash }
    answer(lab, 'A', stand('B', { term: 2, last: { term: 1, seq: 1 }, lastId: id }))
    lab.restart('A')
    lab.wait('A', 250)
    expect(lab.lease('A').role.kind).toBe('follower')
  })

  test('S226: what was confirmed stays so after a restart, and is not told again', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.settle('ABC')
    for (const name of 'ABC') {
      lab.restart(name)
      expect(confirmedSeq(lab.lease(name))).toBe(1)
      expect(lab.step(name, { kind: 'tick' }).some(({ kind }) => kind === 'confirmed')).toBe(false)
    }
  })

  test('S227: a disk that holds less than was said is noticed at the start', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.settle('ABC')
    const disk = lab.disks.get('A')
    if (disk === undefined) throw new Error('no disk')
    const common = { room: ROOM, me: selfNamed('A'), first: actors('ABC'), verify }
    const { journal, record } = disk
    expect(openLease({ ...common, journal }).kind).toBe('rolled-back')
    expect(openLease({ ...common, records: record }).kind).toBe('rolled-back')
    // A crash between a record and the leader's accept of it is none: nobody has seen that record.
    const grantOnly = journal.slice(0, 1)
    expect(openLease({ ...common, journal: grantOnly, records: record }).kind).toBe('open')
    expect(openLease({ ...common, journal, records: [...record, ...record] }).kind).toBe('open')
    const broken = openLease({ ...common, journal: [Uint8Array.of(9)] })
    expect(broken).toEqual({ kind: 'malformed', why: expect.stringContaining('journal') })
  })

  test('S227: an incarnation that hears words of its own it does not know votes no more', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.settle('ABC')
    const accept = lab.lease('A').chain.accepts.get(1)?.get(actorNamed('C'))?.accept
    if (accept === undefined) throw new Error('no accept')
    // C starts from an empty disk, yet as the same incarnation, and promises nothing.
    lab.wipe('C')
    for (const { record } of lab.lease('A').chain.held) lab.step('C', records('A', [record]))
    expect(lab.lease('C').forgetful).toBe(false)
    lab.wipe('C')
    lab.step('C', { kind: 'eligible', members: [] })
    for (const { record } of lab.lease('A').chain.held) lab.step('C', records('A', [record]))
    lab.members('C', 'ABC')
    const message = { kind: 'accept', era: 0, accept } as const
    const effects = lab.step('C', { kind: 'heard', from: keyNamed('A'), message })
    expect(effects.map(({ kind }) => kind)).toContain('rolled-back')
    const { id } = lab.lease('A').chain.held[0] as { id: Hash }
    const asked = stand('B', { term: 2, last: { term: 1, seq: 1 }, lastId: id })
    expect(answer(lab, 'C', asked)).toBe('nothing')
  })
})
