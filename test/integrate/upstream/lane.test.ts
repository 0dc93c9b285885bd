import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { Oid, PublicKey } from '../../../src/core/brand.ts'
import type { FactId } from '../../../src/core/room/facts.ts'
import { commit, folder, git, repository, signal } from '../../git/scratch.ts'
import { getPush } from '../../../src/integrate/objects.ts'
import { agent, CAST, idOf, refsOf, remote } from './cast.ts'

const PATIENCE = { timeout: 10_000 }

/** A hook of the remote that runs before it takes anything. */
function hook(bare: string, script: string): void {
  mkdirSync(join(bare, 'hooks'), { recursive: true })
  writeFileSync(join(bare, 'hooks', 'pre-receive'), `#!/bin/sh\n${script}\n`)
  chmodSync(join(bare, 'hooks', 'pre-receive'), 0o755)
}

test('S606: what is published is put there once, under three names, and counts as held', async () => {
  const bare = remote()
  const ada = await agent('alice', bare)
  const one = await ada.push('one')
  const two = await ada.push('two')
  await ada.lane.pass()
  const refs = refsOf(bare)
  expect(refs).toEqual({
    [`refs/knot/push/${one.push}`]: one.commit,
    [`refs/knot/push/${two.push}`]: two.commit,
    [`refs/knot/${idOf('alice')}`]: two.commit,
    [`refs/knot/word/${idOf('alice')}`]: expect.stringMatching(/^[0-9a-f]{40}$/),
  })
  expect(git(bare, 'cat-file', '-p', `refs/knot/word/${idOf('alice')}`)).toMatch(
    new RegExp(`^object ${two.commit}\ntype commit\ntag ${two.push}\n[^]*\n\nknot word [\\w-]+$`),
  )
  expect(ada.lane.holds(one.push, one.commit)).toBe(true)
  expect(ada.lane.seen()).toMatchObject({ reach: 'answers', why: undefined })
  hook(bare, 'exit 1')
  await ada.lane.pass()
  expect(refsOf(bare)).toEqual(refs)
  expect(ada.lane.seen()?.why).toBeUndefined()
})

test('S606: what an earlier key published goes there as well, without a word of the new one', async () => {
  const bare = remote()
  const ada = await agent('alice', bare)
  const one = await ada.push('one')
  ada.picture.me = { ...ada.picture.me, actor: CAST.bob.actor }
  await ada.lane.pass()
  expect(refsOf(bare)).toEqual({
    [`refs/knot/push/${one.push}`]: one.commit,
    [`refs/knot/${idOf('alice')}`]: one.commit,
  })
})

test('S606: a push that the remote refuses holds up no other, and is tried again', async () => {
  const bare = remote()
  const ada = await agent('alice', bare)
  const [bad, good] = [await ada.push('bad'), await ada.push('good')]
  hook(bare, `grep -q ${bad.push} && { echo too large >&2; exit 1; }; exit 0`)
  await ada.lane.pass()
  expect(ada.lane.holds(bad.push, bad.commit)).toBe(false)
  expect(ada.lane.holds(good.push, good.commit)).toBe(true)
  expect(ada.lane.seen()).toMatchObject({ reach: 'answers', why: expect.stringMatching(/^remote: too large; ! /) })
  rmSync(join(bare, 'hooks', 'pre-receive'))
  await vi.waitFor(() => expect(ada.lane.seen()?.why).toBeUndefined(), PATIENCE)
  expect(ada.lane.holds(bad.push, bad.commit)).toBe(true)
})

test('S607: a commit that is missing here comes from the remote', async () => {
  const bare = remote()
  const [ada, bob] = [await agent('alice', bare), await agent('bob', bare)]
  const { push, commit: oid } = await ada.push('one')
  await ada.lane.pass()
  bob.picture.missing = [{ push, commit: oid }, { push: 'x'.repeat(16) as FactId, commit: oid }]
  await bob.lane.pass()
  expect(bob.told).toEqual([{ kind: 'fetch', push, outcome: 'held' }])
  expect(refsOf(bob.at.mirror.path)).toMatchObject({ [`refs/knot/push/${push}`]: oid })
})

test('S607: the author is asked first, then the remote, then the other peers', async () => {
  const bare = remote()
  const [ada, bob] = [await agent('alice', bare), await agent('bob', bare)]
  const { push, commit: oid } = await ada.push('one')
  await ada.lane.pass()
  await bob.lane.pass()
  const author = CAST.alice.key as PublicKey
  bob.picture.authorOf = () => author
  expect(bob.lane.isFirst(push, [author])).toBe(false)
  expect(bob.lane.isFirst(push, [CAST.carol.key])).toBe(true)
  // Nobody answers at this route, so whatever comes came from the remote.
  const at = { ...bob.at, remote: bob.lane }
  const job = { push, commit: oid, holders: [author] }
  expect(await getPush(at, job, signal)).toEqual({ kind: 'held' })
  const other = { push: 'y'.repeat(16) as FactId, commit: 'e'.repeat(40) as Oid, holders: [author] }
  expect(await getPush(at, other, signal)).toMatchObject({ kind: 'failed', why: expect.stringMatching(/origin/) })
  const eager = await agent('carol', bare, { transport: 'upstream' })
  expect(eager.lane.isFirst(push, [author])).toBe(true)
})

test('S609: who was never online together with it sees what an agent published', async () => {
  const bare = remote()
  const ada = await agent('alice', bare)
  const made = await ada.push('one')
  await ada.lane.pass()
  await ada.stop()

  const bob = await agent('bob', bare)
  await bob.lane.pass()
  const ref = `refs/knot/${idOf('alice')}`
  expect(bob.lane.words().get(idOf('alice'))).toMatchObject({ n: 0, commit: made.commit })
  expect(refsOf(bob.root)).toEqual({ [ref]: made.commit })
  await bob.stop()

  // Another life of bob's daemon, while the remote is away: what was heard is not forgotten.
  renameSync(bare, `${bare}-away`)
  const again = await agent('bob', bare, { root: bob.root })
  await again.lane.pass()
  expect(again.lane.seen()?.reach).toBe('away')
  expect(again.lane.words().get(idOf('alice'))?.commit).toBe(made.commit)
  // The fact itself arrived: there is nothing more to say.
  again.picture.newestOf = () => 0
  renameSync(`${bare}-away`, bare)
  await again.lane.pass()
  expect([...again.lane.words()]).toEqual([])
})

test('S609: a word that is not its agent’s own, or is an old one, moves nothing', async () => {
  const bare = remote()
  const [ada, carol] = [await agent('alice', bare), await agent('carol', bare)]
  const [first, second] = [await ada.push('one'), await ada.push('two')]
  await carol.push('hers')
  await carol.lane.pass()
  await ada.lane.pass()
  const bob = await agent('bob', bare)
  await bob.lane.pass()
  const [name, ref] = [`refs/knot/word/${idOf('alice')}`, `refs/knot/${idOf('alice')}`]
  const real = git(bare, 'rev-parse', name)
  const carols = git(bare, 'rev-parse', `refs/knot/word/${idOf('carol')}`)
  const forged = git(bare, 'cat-file', '-p', real).replace(second.commit, first.commit)
  const moved = join(folder(), 'tag')
  writeFileSync(moved, `${forged}\n`)
  const half = git(bare, 'hash-object', '-t', 'tag', '-w', moved)
  for (const [oid, fits] of [[carols, false], [half, false], [first.commit, false]] as const) {
    git(bare, 'update-ref', name, oid)
    const before = bob.log.length
    await bob.lane.pass()
    expect(refsOf(bob.root)[ref], `${fits}`).toBe(second.commit)
    expect(bob.log.slice(before).join()).toMatch(/is not that agent’s word/)
  }
  git(bare, 'update-ref', name, real)
  await bob.lane.pass()
  expect(refsOf(bob.root)[ref]).toBe(second.commit)
})

test('S609: a room that knows the push, or does not know the agent, hears no word of it', async () => {
  const bare = remote()
  const ada = await agent('alice', bare)
  await ada.push('one')
  await ada.lane.pass()
  const [bob, carol] = [await agent('bob', bare), await agent('carol', bare)]
  bob.picture.newestOf = () => 0
  carol.picture.agents = new Set([idOf('bob')])
  await bob.lane.pass()
  await carol.lane.pass()
  expect([refsOf(bob.root), refsOf(carol.root)]).toEqual([{}, {}])
})

test('S612: a remote that is away and returns is given what it missed', async () => {
  const bare = remote()
  const ada = await agent('alice', bare)
  await ada.lane.pass()
  renameSync(bare, `${bare}-away`)
  const { push, commit: oid } = await ada.push('one')
  await ada.lane.pass()
  expect(ada.lane.seen()).toMatchObject({ reach: 'away', why: expect.stringMatching(/does not appear|does not exist/) })
  expect(ada.lane.isHopeful()).toBe(false)
  renameSync(`${bare}-away`, bare)
  await vi.waitFor(() => expect(ada.lane.holds(push, oid)).toBe(true), PATIENCE)
  expect(ada.lane.seen()?.reach).toBe('answers')
  expect(ada.log.map((line) => line.replace(/ \(.*?\)|:.*/g, ''))).toEqual([
    'origin answers', 'origin is away', 'origin answers',
  ])
})

test('S612: a remote that is slow holds up nobody but who asked, and is ended with the lane', async () => {
  const bare = remote()
  const ada = await agent('alice', bare)
  await ada.lane.pass()
  hook(bare, 'touch taking; sleep 30')
  const { push, commit: oid } = await ada.push('one')
  let passed = false
  void ada.lane.pass().then(() => (passed = true))
  await vi.waitFor(() => expect(existsSync(join(bare, 'taking'))).toBe(true), PATIENCE)
  expect(passed).toBe(false)
  expect(ada.lane.holds(push, oid)).toBe(false)
  expect(ada.lane.isHopeful()).toBe(true)
  const began = performance.now()
  await ada.stop()
  expect(performance.now() - began).toBeLessThan(5_000)
})

test('S601: an origin that is a working copy is left out, unless it is asked for', async () => {
  const seed = repository()
  commit(seed, { a: '1' })
  const shy = await agent('alice', seed)
  const { push } = await shy.push('one')
  await shy.lane.pass()
  expect(shy.lane.seen()).toMatchObject({ remote: seed, reach: 'left-out', why: expect.stringMatching(/working copy/) })
  expect(refsOf(seed)).toEqual({})
  const eager = await agent('bob', seed, { transport: 'upstream' })
  const made = await eager.push('two')
  await eager.lane.pass()
  expect(Object.keys(refsOf(seed))).toContain(`refs/knot/push/${made.push}`)
  expect(Object.keys(refsOf(seed))).not.toContain(`refs/knot/push/${push}`)
})
