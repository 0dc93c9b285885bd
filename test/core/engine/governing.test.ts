import { expect, test } from 'vitest'
import { agentIdOf } from '../../../src/core/auth/identity.ts'
import { encodeJoinRequest } from '../../../src/core/auth/join.ts'
import type { Name } from '../../../src/core/auth/name.ts'
import type { Instant, Oid } from '../../../src/core/brand.ts'
import type { Call } from '../../../src/core/engine/call.ts'
import { modeNow, votersNow } from '../../../src/core/engine/chain.ts'
import { isOffer } from '../../../src/core/engine/landing.ts'
import { writingRefusal } from '../../../src/core/engine/standing.ts'
import { INVITE_CLOSE_MS, INVITES_LOOK_MS } from '../../../src/core/limits.ts'
import { signerFrom } from '../../../src/store/ed25519.ts'
import { framesIn, type Person, Stage, START } from './cast.ts'

type Trio = [Person, Person, Person]

function met(): { stage: Stage; alice: Person; bob: Person; carol: Person } {
  const stage = new Stage(3)
  stage.meetAll()
  const [alice, bob, carol] = stage.people as Trio
  return { stage, alice, bob, carol }
}

function remove(agent: Person): Call {
  return { kind: 'remove', agent: agentIdOf(agent.key) }
}

function role(agent: Person, to: Extract<Call, { kind: 'role' }>['role']): Call {
  return { kind: 'role', agent: agentIdOf(agent.key), role: to }
}

function opsOf({ engine }: Person): string[] {
  return engine.auth.ops().map(({ op }) => op.deed.kind)
}

function seen(person: Person, of: Person) {
  return person.engine.membership.byKey(of.key)
}

function events({ engine }: Person): string[] {
  return [...engine.events.values()].map(({ kind }) => kind)
}

test('S692: a decision that has its effect is one op, known to all; said again, it is none', () => {
  const { stage, alice, bob, carol } = met()
  expect(stage.ask(alice, role(bob, 'admin'))).toMatchObject({ kind: 'governed' })
  stage.deliver()
  expect([seen(alice, bob)?.role, seen(carol, bob)?.role]).toEqual(['admin', 'admin'])
  const before = opsOf(alice).length
  expect(stage.ask(alice, role(bob, 'admin'))).toEqual({ kind: 'unchanged' })
  expect(opsOf(alice)).toHaveLength(before)
  expect(stage.ask(bob, remove(carol))).toMatchObject({ kind: 'governed' })
  expect(stage.ask(bob, remove(carol))).toEqual({ kind: 'unchanged' })
})

test('S692: what would have no effect is refused with who, why and what to do, and writes nothing', () => {
  const { stage, alice, bob, carol } = met()
  const before = alice.engine.auth.ops().length
  const cases: [Person, Call, RegExp, RegExp][] = [
    [bob, remove(carol), /bob may not remove others: it is a member/, /ask alice/],
    [bob, role(carol, 'admin'), /bob may not give roles/, /knot role bob admin/],
    [bob, { kind: 'approve', agent: agentIdOf(carol.key) }, /bob may not approve/, /ask alice/],
    [bob, remove(alice), /bob may not remove others/, /ask alice/],
    [bob, { kind: 'revoke', invite: stage.inviteId }, /alice made that invite/, /ask alice/],
    [
      bob, { kind: 'add', key: signerFrom(new Uint8Array(32).fill(9)).key, name: 'x' as Name, role: 'admin' },
      /a member may not add a admin|may not add an admin/, /ask alice/,
    ],
    [alice, role(alice, 'member'), /alice is the founder, whom nobody can demote/, /knot remove/],
    [alice, remove(alice), /nobody would be left/, /knot role <agent> admin/],
  ]
  for (const [who, call, message, fix] of cases) {
    const answer = stage.ask(who, call)
    expect(answer).toMatchObject({ kind: 'refused', code: 'NOT_AUTHORISED' })
    if (answer.kind !== 'refused') return
    expect(answer.message).toMatch(message)
    expect(answer.fix).toMatch(fix)
  }
  stage.deliver()
  expect(alice.engine.auth.ops()).toHaveLength(before)
})

test('S692: an admin cannot remove the founder, who may leave once somebody else governs', () => {
  const { stage, alice, bob } = met()
  stage.ask(alice, role(bob, 'admin'))
  stage.deliver()
  const answer = stage.ask(bob, remove(alice))
  expect(answer).toMatchObject({ message: 'alice is the founder, whom nobody else can remove' })
  expect(stage.ask(alice, remove(alice))).toMatchObject({ kind: 'governed' })
  stage.deliver()
  expect(seen(bob, alice)?.status).toBe('removed')
  expect(stage.ask(bob, role(bob, 'member'))).toMatchObject({ message: expect.stringMatching(/nobody would be left/) })
})

test('S692: who may only read may leave, and nothing else', () => {
  const { stage, alice, bob, carol } = met()
  stage.ask(alice, role(bob, 'observer'))
  stage.deliver()
  expect(stage.ask(bob, { kind: 'say', text: 'x' })).toMatchObject({
    message: 'bob may not write here: it is an observer',
    fix: 'ask alice for: knot role bob member',
  })
  expect(stage.ask(bob, remove(carol))).toMatchObject({ kind: 'refused' })
  expect(stage.ask(bob, remove(bob))).toMatchObject({ kind: 'governed' })
  stage.deliver()
  expect(seen(alice, bob)?.status).toBe('removed')
})

test('S705: who takes the votes of a room away is told so', () => {
  const stage = new Stage(2)
  stage.meetAll()
  const [alice, bob] = stage.people as [Person, Person]
  stage.pass(8_000)
  expect(alice.engine.lease.chain.changes.at(-1)?.voters).toHaveLength(2)
  expect(stage.ask(alice, role(bob, 'admin'))).toMatchObject({ votes: { kind: 'enough' } })
  stage.deliver()
  const answer = stage.ask(alice, remove(alice))
  expect(answer).toMatchObject({ votes: { kind: 'lost', voters: 2, left: 1 } })
})

test('S705: a leader goes on without a voter that it removed', () => {
  const stage = new Stage(2)
  stage.meetAll()
  const [alice, bob] = stage.people as [Person, Person]
  stage.pass(8_000)
  expect(stage.ask(alice, remove(bob))).toMatchObject({ votes: { kind: 'enough' } })
  stage.pass(15_000, [alice])
  expect(modeNow(alice.engine, stage.clock)).toBe('quorum')
  expect(votersNow(alice.engine)).toEqual([alice.actor])
})

test('S693: a removal ends the streams at what is held here, and not before', () => {
  const { stage, alice, bob, carol } = met()
  for (const text of ['one', 'two']) stage.ask(bob, { kind: 'say', text })
  stage.deliver()
  stage.ask(alice, remove(bob))
  stage.deliver()
  for (const { engine } of [alice, carol]) {
    expect(engine.membership.sealOf(bob.actor, engine.volume.id)?.seq).toBe(2)
    expect([...engine.board.chat.values()].map(({ fact }) => fact.text)).toEqual(['one', 'two'])
  }
})

test('S693: who is removed twice has its first stream ended where it was', () => {
  const { stage, alice, bob } = met()
  stage.ask(bob, { kind: 'say', text: 'one' })
  stage.deliver()
  stage.ask(alice, remove(bob))
  stage.ask(alice, { kind: 'add', key: bob.key, name: 'bob' as Name, role: 'member' })
  expect(seen(alice, bob)?.status).toBe('member')
  stage.ask(alice, remove(bob))
  expect(alice.engine.membership.sealOf(bob.actor, alice.engine.volume.id)?.seq).toBe(1)
})

test('S694: who is removed hears that last, and loses its sessions at once', () => {
  const { stage, alice, bob, carol } = met()
  alice.did.length = 0
  stage.ask(alice, remove(bob))
  const kinds = alice.did.map((effect) => ('peer' in effect || 'to' in effect
    ? `${effect.kind} ${'peer' in effect ? effect.peer === bob.key : effect.to === bob.key}`
    : effect.kind))
  expect(kinds.indexOf('persist')).toBeLessThan(kinds.indexOf('send true'))
  expect(kinds.indexOf('send true')).toBeLessThan(kinds.indexOf('forget true'))
  const told = framesIn(alice.did).find(({ to, frame }) => to === bob.key && frame.kind === 'auth')
  expect(told).toBeDefined()
  stage.deliver()
  expect(alice.engine.sessions.has(bob.key)).toBe(false)
  expect(carol.engine.sessions.has(bob.key)).toBe(false)
  if (told === undefined) return
  // What the stage drops with the link, a real one still delivers.
  const frame = { ...told.frame } as Extract<typeof told.frame, { kind: 'auth' }>
  stage.meet(carol, bob)
  stage.frame(bob, carol, frame)
  expect(seen(bob, bob)?.status).toBe('removed')
  expect(writingRefusal(bob.engine)).toMatchObject({
    message: 'bob was removed from the room by alice',
    fix: expect.stringContaining('ask alice to add it again: knot key add'),
  })
  expect(stage.ask(bob, { kind: 'say', text: 'x' })).toMatchObject({ kind: 'refused' })
})

test('S694: what a removed agent writes, later or dated back, counts nowhere, whoever relays it', () => {
  const stage = new Stage(3)
  const [alice, bob, carol] = stage.people as Trio
  stage.meet(alice, bob)
  stage.meet(bob, carol)
  stage.ask(bob, { kind: 'say', text: 'before' })
  stage.deliver()
  stage.ask(alice, remove(bob))
  // Carol has not heard of it, and takes what bob says; his clock is whatever he likes.
  stage.now -= 900
  stage.ask(bob, { kind: 'say', text: 'dated back' })
  stage.deliver()
  const texts = ({ engine }: Person) => [...engine.board.chat.values()].map(({ fact }) => fact.text)
  expect(texts(carol)).toEqual(['before', 'dated back'])
  stage.meet(alice, carol)
  stage.pass(3_000)
  expect(texts(alice)).toEqual(['before'])
  expect(seen(carol, bob)?.status).toBe('removed')
  expect(carol.engine.membership.sealOf(bob.actor, carol.engine.volume.id)?.seq).toBe(1)
})

test('S694: nobody looks for a removed agent again because somebody passes its beats on', () => {
  const { stage, alice, bob, carol } = met()
  stage.pass(2_500)
  stage.cut(alice, carol)
  stage.ask(alice, remove(bob))
  const beat = carol.engine.presence.get(bob.key)?.bytes as Uint8Array
  stage.pass(2_500, [alice])
  stage.meet(alice, carol)
  alice.did.length = 0
  stage.frame(alice, carol, { kind: 'beat', beat })
  stage.give(alice, { kind: 'found', peer: bob.key, addresses: ['10.0.0.1:1'] })
  const wanted = alice.did.filter((effect) => effect.kind === 'want' && effect.peer === bob.key)
  expect(wanted).toEqual([])
})

test('S695: what a removed agent pushed is an offer, and lands by nobody but a new author', () => {
  const { stage, alice, bob, carol } = met()
  const commit = '5'.repeat(40) as Oid
  const made = stage.ask(bob, { kind: 'push', commit, files: ['a'], fileCount: 1 })
  if (made.kind !== 'made') throw new Error('not pushed')
  stage.deliver()
  stage.pass(8_000)
  stage.ask(alice, remove(bob))
  stage.jobsOf(alice)
  stage.give(alice, { kind: 'holding', pushes: [made.id], integration: undefined })
  stage.pass(3_000, [alice, carol])
  expect(isOffer(alice.engine, made.id)).toBe(true)
  expect(stage.jobsOf(alice).filter(({ kind }) => kind === 'merge')).toEqual([])
  const again = stage.ask(carol, { kind: 'push', commit, files: ['a'], fileCount: 1 })
  if (again.kind !== 'made') throw new Error('not pushed')
  stage.deliver()
  expect(isOffer(alice.engine, again.id)).toBe(false)
  const pushes = [made.id, again.id]
  stage.give(alice, { kind: 'holding', pushes, integration: undefined })
  stage.pass(3_000, [alice, carol])
  const merges = stage.jobsOf(alice).filter((job) => job.kind === 'merge')
  expect(merges).toMatchObject([{ push: again.id, commit }])
})

test('S696: an invite that expired is closed by who made it, naming whom it let in', () => {
  const stage = new Stage(2, { expires: START + 5_000 })
  stage.meetAll()
  const [alice, bob] = stage.people as [Person, Person]
  stage.pass(4_000)
  expect(opsOf(alice)).toEqual(['genesis', 'invite', 'admit'])
  stage.pass(INVITES_LOOK_MS + 2_000)
  const invite = bob.engine.membership.invites.get(stage.inviteId)
  expect(invite).toMatchObject({ open: false, closed: 'spent' })
  expect(opsOf(bob)).toEqual(['genesis', 'invite', 'admit', 'close'])
  expect(seen(bob, bob)?.status).toBe('member')
  stage.pass(INVITES_LOOK_MS * 2)
  expect(opsOf(bob)).toHaveLength(4)
})

test('S696: where its maker is away the leader closes it, half a day later, and once', () => {
  const stage = new Stage(2)
  const [alice, bob] = stage.people as [Person, Person]
  stage.meet(alice, bob)
  const expires = (START + 5_000) as Instant
  const { key } = signerFrom(new Uint8Array(32).fill(9))
  const asked = { kind: 'invite' as const, key, role: 'member' as const, uses: 5, expires }
  const made = stage.ask(bob, asked)
  stage.deliver()
  stage.cut(alice, bob)
  stage.pass(INVITES_LOOK_MS * 2, [alice])
  expect(opsOf(alice)).not.toContain('close')
  stage.now += INVITE_CLOSE_MS
  stage.pass(INVITES_LOOK_MS * 3, [alice])
  expect(opsOf(alice).filter((kind) => kind === 'close')).toHaveLength(1)
  if (made.kind !== 'invited') throw new Error('no invite')
  expect(alice.engine.membership.invites.get(made.invite)?.closed).toBe('spent')
})

test('S697: a revoked invite names whom it let in, and lets in nobody more', () => {
  const { stage, alice, bob } = met()
  const asked = { kind: 'revoke' as const, invite: stage.inviteId }
  expect(stage.ask(alice, asked)).toMatchObject({ kind: 'governed' })
  expect(stage.ask(alice, asked)).toEqual({ kind: 'unchanged' })
  stage.deliver()
  expect(seen(bob, bob)?.status).toBe('member')
  const request = stage.request(3)
  const question = encodeJoinRequest(request)
  stage.give(bob, { kind: 'ask', call: 9, peer: request.member, question })
  expect(bob.engine.membership.members.size).toBe(3)
  expect(events(bob)).toContain('revoked')
})

test('S707: the removal of a member closes every open invite, and keeps whom they let in', () => {
  const { stage, alice, bob, carol } = met()
  const expires = (START + 1_000_000) as Instant
  for (const n of [9, 10]) {
    const { key } = signerFrom(new Uint8Array(32).fill(n))
    stage.ask(carol, { kind: 'invite', key, role: 'member', uses: 5, expires })
  }
  stage.deliver()
  expect(stage.ask(alice, remove(bob))).toMatchObject({ kind: 'governed', closed: 3 })
  stage.deliver()
  for (const { engine } of [alice, carol]) {
    const states = [...engine.membership.invites.values()].map(({ closed }) => closed)
    expect(states).toEqual(['revoked', 'revoked', 'revoked'])
    expect(engine.auth.heads()).toHaveLength(1)
  }
  expect(seen(alice, carol)?.status).toBe('member')
})

test('S707: who leaves closes no invite of others', () => {
  const { stage, alice, bob } = met()
  expect(stage.ask(bob, remove(bob))).toMatchObject({ kind: 'governed', closed: 0 })
  stage.deliver()
  expect(alice.engine.membership.invites.get(stage.inviteId)?.open).toBe(true)
})

test('S698: in a room that approves, who joins waits for a decision, which everybody sees', () => {
  const stage = new Stage(1, { approve: true })
  const [alice] = stage.people as [Person]
  const ask = (n: number) => {
    const request = stage.request(n)
    const question = encodeJoinRequest(request)
    stage.give(alice, { kind: 'ask', call: n, peer: request.member, question })
    return alice.engine.membership.byKey(request.member)
  }
  const bob = ask(1)
  const carol = ask(2)
  expect([bob?.status, carol?.status]).toEqual(['pending', 'pending'])
  if (bob === undefined || carol === undefined) return
  expect(stage.ask(alice, { kind: 'role', agent: bob.agent, role: 'admin' })).toMatchObject({
    message: 'bob waits to be let in', fix: 'knot approve bob',
  })
  expect(stage.ask(alice, { kind: 'approve', agent: bob.agent })).toMatchObject({ kind: 'governed' })
  expect(ask(1)?.status).toBe('member')
  expect(stage.ask(alice, { kind: 'remove', agent: carol.agent })).toMatchObject({ kind: 'governed' })
  expect(ask(2)?.status).toBe('removed')
  expect(stage.ask(alice, { kind: 'approve', agent: carol.agent })).toMatchObject({
    message: 'carol was removed from the room',
  })
  expect(events(alice)).toEqual(['founded', 'asked', 'asked', 'approved', 'removed'])
  const before = [...alice.engine.events.values()]
  stage.restart(alice)
  expect([...alice.engine.events.values()]).toEqual(before)
})

test('S699: a decision without effect is no event', () => {
  const { stage, alice, bob, carol } = met()
  stage.cut(alice, bob)
  stage.cut(bob, carol)
  stage.ask(alice, role(bob, 'admin'))
  stage.meet(alice, bob)
  stage.cut(alice, bob)
  // Bob makes carol an admin while alice, who has not heard of it, removes him.
  stage.ask(bob, role(carol, 'admin'))
  stage.ask(alice, remove(bob))
  stage.deliver()
  stage.meet(bob, carol)
  stage.pass(3_000)
  expect(seen(carol, carol)?.role).toBe('member')
  expect(events(carol).filter((kind) => kind === 'role')).toHaveLength(1)
})

test('S706: a rotation seals the old key, and the others look for the new one where the old was', () => {
  const { stage, alice, bob, carol } = met()
  for (const each of [alice, bob, carol]) {
    stage.give(each, { kind: 'listening', addresses: [`10.0.0.${each.name.length}:1`] })
  }
  stage.ask(bob, { kind: 'say', text: 'one' })
  stage.pass(8_000)
  const next = signerFrom(new Uint8Array(32).fill(42))
  alice.did.length = 0
  const { agent } = bob.engine.me
  expect(stage.ask(bob, { kind: 'rotate', next })).toMatchObject({ kind: 'governed' })
  stage.deliver()
  const member = alice.engine.membership.members.get(agent)
  expect(member).toMatchObject({ name: 'bob', key: next.key, keys: [bob.key, next.key] })
  expect(alice.engine.membership.sealOf(bob.actor, alice.engine.volume.id)?.seq).toBe(1)
  const wanted = { kind: 'want', peer: next.key, addresses: ['10.0.0.3:1'] }
  expect(alice.did).toContainEqual(wanted)
  expect(alice.did).toContainEqual({ kind: 'forget', peer: bob.key })
  expect(stage.ask(bob, { kind: 'say', text: 'two' })).toMatchObject({ kind: 'refused' })
})

test('S706: while another voter is away a key that the room needs stays', () => {
  const { stage, alice, bob, carol } = met()
  stage.pass(8_000)
  for (const other of [alice, bob]) stage.cut(carol, other)
  stage.pass(8_000, [alice, bob])
  const next = signerFrom(new Uint8Array(32).fill(42))
  expect(stage.ask(bob, { kind: 'rotate', next })).toMatchObject({ kind: 'refused' })
  for (const other of [alice, bob]) stage.meet(carol, other)
  stage.pass(3_000)
  expect(stage.ask(bob, { kind: 'rotate', next })).toMatchObject({ kind: 'governed' })
})

test('S706: where no leader could be elected without the vote of a key, it stays', () => {
  const stage = new Stage(2)
  stage.meetAll()
  const [alice] = stage.people as [Person]
  stage.pass(8_000)
  const before = opsOf(alice).length
  const next = signerFrom(new Uint8Array(32).fill(42))
  const answer = stage.ask(alice, { kind: 'rotate', next })
  expect(answer).toMatchObject({ kind: 'refused', fix: expect.stringContaining('two others vote') })
  expect(opsOf(alice)).toHaveLength(before)
})
