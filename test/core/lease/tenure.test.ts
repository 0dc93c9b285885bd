/** What the lease tells whoever looks at it. */
import { describe, expect, test } from 'vitest'
import { successionOf, type Tenure, tenureOf } from '../../../src/core/lease/lease.ts'
import { LEASE_MS, PULSE_MS } from '../../../src/core/limits.ts'
import { actorNamed, actors, Lab } from './cast.ts'

function tenure(lab: Lab, name: string): Tenure {
  return tenureOf(lab.lease(name), lab.now(name))
}

/** A room of three with a leader, who stands first. */
function led(): { lab: Lab; leader: string; others: string } {
  const lab = new Lab({ names: 'ABC' })
  lab.pass('ABC', 6_000)
  const [leader] = lab.leaders('ABC') as [string]
  return { lab, leader, others: [...'ABC'].filter((name) => name !== leader).join('') }
}

describe('who holds it', () => {
  test('S900: a leader knows when each voter answered, and what it accepted', () => {
    const { lab, leader } = led()
    const shown = tenure(lab, leader)
    expect(shown).toMatchObject({
      era: 0,
      leader: { actor: actorNamed(leader), mine: true, lapsed: false },
      standing: { seq: 1, confirmed: 1 },
      change: undefined,
      missing: [],
    })
    expect(shown.voters.map(({ actor }) => actor)).toEqual(actors('ABC'))
    for (const { of, online, stands, acknowledged, accepted } of shown.voters) {
      expect([of, online, stands]).toEqual(['both', true, true])
      expect(lab.now(leader) - (acknowledged as number)).toBeLessThanOrEqual(2 * PULSE_MS)
      expect(accepted).toEqual({ term: shown.term, seq: 1 })
    }
  })

  test('S900: others know when they heard the leader, and nothing of each other’s answers', () => {
    const { lab, leader, others } = led()
    for (const name of others) {
      const shown = tenure(lab, name)
      expect(shown.leader).toMatchObject({ actor: actorNamed(leader), mine: false, lapsed: false })
      const known = shown.voters.filter(({ acknowledged }) => acknowledged !== undefined)
      expect(known.map(({ actor }) => actor)).toEqual([actorNamed(leader)])
      expect(shown.until).toBe((known[0]?.acknowledged as number) + LEASE_MS)
    }
  })

  test('S901: a leader’s lease runs until the last answer that is enough is a lease’s time old', () => {
    const { lab, leader, others } = led()
    const [near, far] = [...others] as [string, string]
    lab.pass(leader + near, 4_000)
    const shown = tenure(lab, leader)
    const answered = (name: string) =>
      shown.voters.find(({ actor }) => actor === actorNamed(name))?.acknowledged as number
    expect(answered(far)).toBeLessThan(answered(near))
    expect(shown.until).toBe(answered(near) + LEASE_MS)
    lab.wait(leader, (shown.until as number) - lab.now(leader))
    expect(tenure(lab, leader).leader?.lapsed).toBe(true)
  })

  test('S901: nothing bounds the lease of the only voter', () => {
    const lab = new Lab({ names: 'A' })
    lab.wait('A', 250)
    expect(tenure(lab, 'A')).toMatchObject({ until: undefined, missing: [] })
    lab.doze('A')
    expect(tenure(lab, 'A').missing).toEqual([])
  })

  test('S900: while a change does not count, voters of both sets are told apart', () => {
    const lab = new Lab({ names: 'ABC', first: 'AB' })
    lab.members('A', 'ABC')
    lab.elect('A', 'B')
    const { chain } = lab.lease('A')
    const change = { seq: 2, term: 1, old: actors('AB'), voters: actors('BC'), counted: undefined }
    chain.changes.push(change)
    const shown = tenure(lab, 'A')
    expect(shown.change).toEqual({ seq: 2, counts: false })
    expect(shown.voters.map(({ actor, of }) => [actor, of]).sort()).toEqual(
      [[actorNamed('A'), 'old'], [actorNamed('B'), 'both'], [actorNamed('C'), 'new']].sort(),
    )
  })
})

describe('what is missing', () => {
  test('S902: a leader that lapsed names the silent, and how many of them would do', () => {
    const { lab, leader, others } = led()
    lab.wait(leader, LEASE_MS + 1_000)
    const { missing } = tenure(lab, leader)
    expect(missing).toEqual([{ kind: 'voters', needed: 1, of: actors(others) }])
  })

  test('S902: without a leader a majority has to be reached', () => {
    const lab = new Lab({ names: 'ABC' })
    const members = [...'ABC'].map((name) => {
      return { actor: actorNamed(name), stands: true, online: name === 'A' }
    })
    lab.step('A', { kind: 'eligible', members })
    expect(tenure(lab, 'A').missing).toEqual([{ kind: 'voters', needed: 1, of: actors('BC') }])
  })

  test('S902: enough that are there do not help where none of them may lead', () => {
    const lab = new Lab({ names: 'ABC' })
    const members = [...'ABC'].map((name) => {
      return { actor: actorNamed(name), stands: name === 'C', online: name !== 'C' }
    })
    lab.step('A', { kind: 'eligible', members })
    expect(tenure(lab, 'A').missing).toEqual([{ kind: 'candidate', of: actors('ABC') }])
    lab.members('A', 'ABC')
    expect(tenure(lab, 'A').missing).toEqual([{ kind: 'election' }])
  })
})

describe('giving it up', () => {
  test('S903: somebody else has to be there, able to lead, and elected by a majority', () => {
    const { lab, leader, others } = led()
    const told = (which: (name: string) => { stands: boolean; online: boolean }) => {
      const members = [...'ABC'].map((name) => ({ actor: actorNamed(name), ...which(name) }))
      lab.step(leader, { kind: 'eligible', members })
      return successionOf(lab.lease(leader))
    }
    const one = others[0] as string
    expect(told(() => ({ stands: true, online: true }))).toEqual({
      kind: 'possible', by: actors(others),
    })
    expect(told((name) => ({ stands: name !== one, online: true }))).toMatchObject({
      kind: 'possible', by: [actorNamed(others[1] as string)],
    })
    expect(told((name) => ({ stands: name === leader, online: true }))).toEqual({
      kind: 'impossible', missing: { kind: 'candidate', of: actors(others) },
    })
    expect(told((name) => ({ stands: true, online: name === leader }))).toEqual({
      kind: 'impossible', missing: { kind: 'voters', needed: 1, of: actors(others) },
    })
  })

  test('S904: the next leads within 3 s, on the same chain, and the first does not stand again', () => {
    const { lab, leader, others } = led()
    lab.propose(leader, 'x')
    lab.talk('ABC')
    lab.step(leader, { kind: 'step-down' })
    expect(tenure(lab, leader).leader?.lapsed).toBe(true)
    lab.pass('ABC', 3_000)
    const [next] = lab.leaders('ABC') as [string]
    expect(others).toContain(next)
    expect(tenure(lab, next).standing.confirmed).toBe(3)
    expect(lab.lies()).toEqual([])
    lab.pass('ABC', 15_000)
    expect(lab.leaders('ABC')).toEqual([next])
  })
})
