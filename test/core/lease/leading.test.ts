/** Who stands and when, what a leader does, and how chains come to agree. */
import { describe, expect, test } from 'vitest'
import type { ActorId } from '../../../src/core/brand.ts'
import {
  confirmedSeq,
  isConfirmed,
  journalOf,
  leaderOf,
  leaderOfTerm,
  openLease,
  position,
  records,
  votersOf,
} from '../../../src/core/lease/lease.ts'
import { nextVoters, type Member } from '../../../src/core/lease/members.ts'
import { DEAD_PEER_MS, LEASE_MS, UNCONFIRMED_MAX_RECORDS } from '../../../src/core/limits.ts'
import {
  actorNamed,
  actors,
  emptyDisk,
  fact,
  keyNamed,
  Lab,
  ROOM,
  selfNamed,
  start,
  verify,
} from './cast.ts'
import { stand } from './forge.ts'

describe('elections', () => {
  test('S230: the only voter leads at its first tick, and confirms alone', () => {
    const lab = new Lab({ names: 'A' })
    lab.wait('A', 250)
    expect(lab.leaders('A')).toEqual(['A'])
    expect(lab.propose('A', 'x')).toBe('appended')
    expect(isConfirmed(lab.lease('A'), 2)).toBe(true)
  })

  test('S230: voters that hear nobody elect one of them, in seconds', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.pass('ABC', 6_000)
    expect(lab.leaders('ABC').length).toBe(1)
    for (const name of 'ABC') expect(confirmedSeq(lab.lease(name))).toBe(1)
  })

  test('S231: a dead leader, whose connections break, is replaced within 10 s', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.pass('ABC', 6_000)
    const [leader] = lab.leaders('ABC') as [string]
    const others = [...'ABC'].filter((name) => name !== leader).join('')
    for (const other of others) lab.cut(leader, other)
    lab.pass(others, DEAD_PEER_MS - 1_000)
    expect(lab.leaders(others)).toEqual([])
    lab.pass(others, 10_000 - DEAD_PEER_MS)
    expect(lab.leaders(others).length).toBe(1)
  })

  test('S231: one that only falls silent gets its whole lease', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.pass('ABC', 6_000)
    const [leader] = lab.leaders('ABC') as [string]
    const others = [...'ABC'].filter((name) => name !== leader).join('')
    lab.pass(others, LEASE_MS - 1_500)
    expect(lab.leaders(others)).toEqual([])
    lab.pass(others, 6_000)
    expect(lab.leaders(others).length).toBe(1)
  })

  test('S231: a member that may not lead never stands, and votes all the same', () => {
    const lab = new Lab({ names: 'ABC' })
    const members = [...'ABC'].map((name) => ({
      actor: actorNamed(name),
      stands: name === 'B',
      online: true,
    }))
    for (const name of 'ABC') lab.step(name, { kind: 'eligible', members })
    lab.pass('ABC', 8_000)
    expect(lab.leaders('ABC')).toEqual(['B'])
  })

  test('S233: a leader that steps down is followed at once by another', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.pass('ABC', 6_000)
    const [leader] = lab.leaders('ABC') as [string]
    lab.step(leader, { kind: 'step-down' })
    lab.pass('ABC', 3_500)
    const [next] = lab.leaders('ABC')
    expect(next).toBeDefined()
    expect(next).not.toBe(leader)
  })
})

describe('the lease', () => {
  test('S229: a leader that enough do not answer lapses, keeps its term, and goes on', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.pass('ABC', 1_000)
    lab.pass('A', LEASE_MS + 1_000)
    const leader = leaderOf(lab.lease('A'), lab.now('A'))
    expect(leader).toMatchObject({ term: 1, mine: true, lapsed: true })
    expect(lab.propose('A', 'x')).toBe('lapsed')
    lab.pass('AB', 1_500)
    expect(lab.propose('A', 'x')).toBe('appended')
    expect(leaderOf(lab.lease('A'), lab.now('A'))?.term).toBe(1)
  })

  test('S229: in a room of two the leader goes on alone, and the other waits', () => {
    const lab = new Lab({ names: 'AB' })
    lab.elect('A', 'B')
    lab.settle('AB')
    lab.cut('A', 'B')
    lab.pass('A', 15_000)
    lab.pass('B', 15_000)
    expect(lab.propose('A', 'x')).toBe('appended')
    expect(confirmedSeq(lab.lease('A'))).toBe(2)
    expect(lab.leaders('AB')).toEqual(['A'])
    expect(leaderOf(lab.lease('B'), lab.now('B'))).toMatchObject({ mine: false, lapsed: true })
  })

  test('S238: a proposal is appended, or answered with what is in its way', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.settle('ABC')
    const [answer] = lab.step('B', { kind: 'propose', payload: fact('x') })
    expect(answer).toMatchObject({ outcome: { kind: 'not-leader', leader: actorNamed('A') } })
    expect(lab.propose('A', 'x'.repeat(70_000))).toBe('unfit')
    expect(lab.propose('A', '\ud800')).toBe('unfit')
    for (let n = 0; n < UNCONFIRMED_MAX_RECORDS; n++) {
      expect(lab.propose('A', 'x')).toBe('appended')
    }
    expect(lab.propose('A', 'x')).toBe('busy')
  })

  test('S239: messages of another era say nothing here', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    const late = lab.take({ from: 'A', to: 'B', kind: 'records' })
    for (const { message } of late) {
      const effects = lab.step('B', {
        kind: 'heard',
        from: keyNamed('A'),
        message: { ...message, era: 1 },
      })
      expect(effects).toEqual([])
    }
    // What was said in era 0 binds nobody in era 1, whose voters come from `recover`.
    const journal = lab.disks.get('B')?.journal ?? []
    const common = { room: ROOM, me: selfNamed('B'), verify, journal }
    const opening = openLease({ ...common, era: 1, first: actors('B') })
    if (opening.kind !== 'open') throw new Error(opening.kind)
    expect(opening.lease.journal.promised).toBe(0)
    expect(votersOf(opening.lease).voters).toEqual(actors('B'))
  })
})

describe('agreement', () => {
  test('S235: whoever was away gets what it lacks from anybody, and the certificate', () => {
    const lab = new Lab({ names: 'ABCD', first: 'AB' })
    lab.elect('A', 'B')
    for (let n = 0; n < 300; n++) {
      lab.propose('A', `${n}`)
      lab.talk('AB')
    }
    lab.cut('A', 'C')
    lab.connect('C', 'B')
    lab.talk('BC')
    expect(position(lab.lease('C'))).toEqual(position(lab.lease('A')))
    expect(confirmedSeq(lab.lease('C'))).toBe(301)
    expect(records(lab.lease('C'), { from: 2, to: 3 }).map(({ seq }) => seq)).toEqual([2, 3])
    expect(leaderOfTerm(lab.lease('C'), 1)).toBe(actorNamed('A'))
  })

  test('S235: a long branch is replaced by another one, in pieces', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'B')
    for (let n = 0; n < 3; n++) lab.propose('A', 'x')
    lab.lose({})
    lab.elect('B', 'C')
    for (let n = 0; n < 40; n++) lab.propose('B', 'y'.repeat(60_000))
    lab.settle('BC')
    lab.connect('A', 'C')
    lab.talk('AC')
    expect(position(lab.lease('A'))).toEqual(position(lab.lease('B')))
    expect(lab.effects.get('A')?.some(({ kind }) => kind === 'contradiction')).toBe(false)
  })

  test('S235: a voter that does not reach the leader confirms by way of another', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.settle('ABC')
    lab.cut('A', 'C')
    lab.propose('A', 'x')
    lab.deliver({ from: 'A', to: 'B', kind: 'records' })
    lab.lose({})
    // B carries the record to C and C's accept back; of B's own the leader hears nothing.
    lab.connect('C', 'B')
    lab.deliver({ from: 'C', to: 'B', kind: 'want' })
    lab.deliver({ from: 'B', to: 'C', kind: 'records' })
    lab.deliver({ from: 'C', to: 'B', kind: 'accept' })
    expect(confirmedSeq(lab.lease('A'))).toBe(1)
    lab.deliver({ from: 'B', to: 'A', kind: 'accept' })
    expect(confirmedSeq(lab.lease('A'))).toBe(2)
  })

  test('S224: nothing is confirmed in a term before its own first record is', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.propose('A', 'x')
    expect(confirmedSeq(lab.lease('A'))).toBe(0)
    lab.talk('AB')
    expect(confirmedSeq(lab.lease('A'))).toBe(2)
  })

  test('S226: the journal can be rewritten as the two entries that say it all', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    for (let n = 0; n < 5; n++) lab.propose('A', 'x')
    lab.settle('ABC')
    const { journal } = lab.lease('A')
    const short = journalOf(lab.lease('A'))
    expect(short.length).toBe(2)
    const disk = { ...(lab.disks.get('A') ?? emptyDisk()), journal: [...short] }
    expect(start({ me: selfNamed('A'), first: actors('ABC'), disk }).journal).toEqual(journal)
  })
})

describe('who votes', () => {
  test('S236: a room grows to three as members catch up, and the new ones confirm', () => {
    const lab = new Lab({ names: 'ABC', first: 'A' })
    lab.wait('A', 250)
    for (const name of 'ABC') lab.members(name, 'ABC')
    lab.pass('ABC', 4_000)
    const { voters, counts } = votersOf(lab.lease('C'))
    expect([voters, counts]).toEqual([actors('ABC'), true])
    expect(lab.propose('A', 'x')).toBe('appended')
    lab.talk('BC')
    expect(isConfirmed(lab.lease('A'), position(lab.lease('A')).seq)).toBe(false)
  })

  test('S236: the next set is one step away, odd where possible, the most senior first', () => {
    const ready = (names: string) => (actor: ActorId) => actors(names).includes(actor)
    const next = (current: string, all: string, caught: string) =>
      nextVoters(actors(current), { members: members(all), caughtUp: ready(caught) })
    expect(next('A', 'ABC', '')).toBeUndefined()
    expect(next('A', 'ABC', 'BC')).toEqual(actors('AB'))
    expect(next('AB', 'ACB', 'C')).toEqual(actors('ABC'))
    expect(next('ABC', 'ABCD', 'D')).toBeUndefined()
    expect(next('ABC', 'ABCED', 'DE')).toEqual(actors('ABCE'))
    expect(next('ABCDEFG', 'ABCDEFGH', 'H')).toBeUndefined()
    expect(next('ABC', 'AC', '')).toEqual(actors('AC'))
    expect(next('A', '', '')).toBeUndefined()
  })

  test('S236: a new incarnation takes the place of the old one', () => {
    const second = { actor: actorNamed('B', 2), stands: true, online: true }
    const all = [...members('A'), second, ...members('C')]
    const caughtUp = (actor: string) => actor === second.actor
    const expected = [actorNamed('A'), second.actor, actorNamed('C')].sort()
    expect(nextVoters(actors('ABC'), { members: all, caughtUp })).toEqual(expected)
    expect(nextVoters(actors('ABC'), { members: all, caughtUp: () => false })).toBeUndefined()
  })

  test('S237: a removed voter counts as silent, at once, until a record drops it', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.settle('ABC')
    lab.members('A', 'AB')
    lab.settle('AC')
    expect(votersOf(lab.lease('A'))).toMatchObject({ voters: actors('AB'), counts: false })
    lab.pass('AB', 1_500)
    expect(votersOf(lab.lease('A'))).toMatchObject({ voters: actors('AB'), counts: true })
  })

  test('S237: a leader that is removed gives its lead up', () => {
    const lab = new Lab({ names: 'ABC' })
    lab.elect('A', 'BC')
    lab.settle('ABC')
    lab.members('A', 'BC')
    expect(lab.lease('A').role.kind).toBe('follower')
  })

  test('S245: when two become three and only the dead leader knew, the others wait for it', () => {
    const lab = new Lab({ names: 'ABC', first: 'AB' })
    for (const name of 'ABC') lab.members(name, 'ABC')
    lab.elect('A', 'B')
    lab.deliver({ from: 'A', to: 'B', kind: 'records' })
    lab.deliver({ from: 'A', to: 'C', kind: 'records' })
    lab.deliver({ from: 'C', to: 'A', kind: 'accept' })
    // C alone gets the change; with A's own accept it counts, which A alone gets to know.
    lab.deliver({ from: 'A', to: 'C', kind: 'records' })
    lab.deliver({ from: 'C', to: 'A', kind: 'accept' })
    expect(votersOf(lab.lease('A')).counts).toBe(true)
    for (const other of 'BC') lab.cut('A', other)
    // B grants a later term before it gets the change, so it will not accept that in the first.
    const { id: lastId, term, seq } = position(lab.lease('C'))
    const asked = stand('C', { term: 2, last: { term, seq }, lastId })
    const message = { kind: 'stand', era: 0, stand: asked } as const
    lab.step('B', { kind: 'heard', from: keyNamed('C'), message })
    lab.pass('BC', 20_000)
    expect(lab.leaders('BC')).toEqual([])
    lab.restart('A')
    for (const name of 'BC') lab.connect('A', name)
    for (const name of 'BC') lab.connect(name, 'A')
    lab.pass('ABC', 12_000)
    expect(lab.leaders('ABC').length).toBe(1)
  })
})

function members(names: string): Member[] {
  return [...names].map((name) => ({ actor: actorNamed(name), stands: true, online: true }))
}
