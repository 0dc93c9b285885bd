import { expect, test } from 'vitest'
import { agentNamed, inviteNamed } from '../../../src/core/auth/find.ts'
import { agentIdOf, fingerprintOf } from '../../../src/core/auth/identity.ts'
import type { Membership } from '../../../src/core/auth/evaluate.ts'
import type { Member } from '../../../src/core/auth/members.ts'
import type { AgentId, Hash } from '../../../src/core/brand.ts'
import { alice, bob, carol, dave, founded, add, invite, remove } from './cast.ts'

function room(): Membership {
  const stage = founded()
  for (const each of [bob, carol, dave]) stage.play(add(alice, stage.spot(), each, 'member'))
  stage.play(remove(alice, stage.spot(), dave))
  return stage.membership()
}

function named(membership: Membership, word: string): string[] {
  const found = agentNamed(membership, word)
  if (found.kind === 'none') return []
  const members = found.kind === 'found' ? [found.member] : found.members
  return members.map(({ name }) => name)
}

test('S690: an agent is found by name, id, beginning of the id, or fingerprint', () => {
  const membership = room()
  const id = agentIdOf(bob.key)
  const fingerprint = fingerprintOf(bob.key)
  const words = ['bob', 'BOB', id, id.slice(0, 8), fingerprint, fingerprint.slice(5).toUpperCase()]
  for (const word of words) expect([word, named(membership, word)]).toEqual([word, ['bob']])
  expect(named(membership, 'dave')).toEqual(['dave'])
})

test('S690: a word that is nobody’s finds nobody', () => {
  const membership = room()
  for (const word of ['', 'ag_', 'ag_x', 'bo', 'erin', 'knot:0000:0000:0000:0000:0000', 'bob ']) {
    expect([word, named(membership, word)]).toEqual([word, []])
  }
})

test('S690: a word that fits several finds all of them, and a whole one only its own', () => {
  const membership = room()
  const [first, second] = [...membership.members.values()] as [Member, Member]
  const agents = [
    { ...first, agent: 'ag_same1' as AgentId, name: 'Ann' },
    { ...second, agent: 'ag_same2' as AgentId, name: 'ann-2' },
    { ...second, agent: 'ag_same' as AgentId, name: 'sam' },
  ] as Member[]
  const many = { ...membership, members: new Map(agents.map((each) => [each.agent, each])) }
  expect(named(many, 'ag_sam')).toEqual(['Ann', 'ann-2', 'sam'])
  expect(agentNamed(many, 'ag_sam').kind).toBe('ambiguous')
  expect(named(many, 'ag_same')).toEqual(['sam'])
  expect(named(many, 'ann')).toEqual(['Ann'])
})

test('S690: an invite is found by four digits of its id, or more', () => {
  const stage = founded()
  const made = stage.play(invite(alice, stage.spot(), 'link'))
  const membership = stage.membership()
  for (const end of [4, 8, 64]) {
    const found = inviteNamed(membership, made.id.slice(0, end).toUpperCase())
    expect(found.kind === 'found' && found.invite.id).toBe(made.id)
  }
  for (const word of ['', made.id.slice(0, 3), 'zzzz', `${made.id}0`]) {
    expect(inviteNamed(membership, word).kind).toBe('none')
  }
  const twin = `${made.id.slice(0, 60)}zzzz` as Hash
  const own = membership.invites.get(made.id) as NonNullable<ReturnType<typeof membership.invites.get>>
  const two = { ...membership, invites: new Map([[made.id, own], [twin, { ...own, id: twin }]]) }
  expect(inviteNamed(two, made.id.slice(0, 8))).toMatchObject({ kind: 'ambiguous' })
})
