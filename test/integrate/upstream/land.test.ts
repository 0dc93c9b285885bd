import { renameSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Oid } from '../../../src/core/brand.ts'
import { INTEGRATION_REF } from '../../../src/git/refs.ts'
import { commit, folder, git } from '../../git/scratch.ts'
import { type Agent, agent, refsOf, remote } from './cast.ts'

/** Three landings on top of each other, made in one clone, and known in all of them. */
async function landings(...agents: Agent[]): Promise<Oid[]> {
  const [first, ...others] = agents as [Agent, ...Agent[]]
  const made = ['1', '2', '3'].map((n) => commit(first.root, { [`landed-${n}`]: n }))
  for (const { root } of others) git(root, 'fetch', '--quiet', first.root, 'HEAD')
  return made
}

const there = (bare: string) => refsOf(bare)[INTEGRATION_REF]

test('S610: the leader moves the integration ref there, from wherever it is in the line', async () => {
  const bare = remote()
  const ada = await agent('alice', bare)
  const [one, two, three] = await landings(ada) as [Oid, Oid, Oid]
  ada.picture.part = 'leads'
  await ada.lane.pass()
  expect(there(bare)).toBeUndefined()
  await ada.land(one)
  await ada.lane.pass()
  expect(there(bare)).toBe(one)
  expect(ada.lane.seen()?.integration).toEqual({ kind: 'same', at: one })
  await ada.land(two)
  await ada.land(three)
  await ada.lane.pass()
  expect(there(bare)).toBe(three)
})

test('S610: another member moves it when the leader does not, a reader never', async () => {
  const bare = remote()
  const [ada, bob, carol] = await Promise.all([
    agent('alice', bare), agent('bob', bare), agent('carol', bare),
  ])
  const [one, two] = await landings(ada, bob, carol) as [Oid, Oid, Oid]
  ada.picture.part = 'leads'
  carol.picture.part = 'reads'
  await ada.land(one)
  await ada.lane.pass()
  for (const each of [bob, carol]) {
    await each.land(one)
    await each.lane.pass()
    await each.land(two)
    await each.lane.pass()
    expect(there(bare)).toBe(one)
    expect(each.lane.seen()?.integration).toEqual({ kind: 'behind', at: one })
  }
  await carol.lane.pass()
  expect(there(bare)).toBe(one)
  await bob.lane.pass()
  expect(there(bare)).toBe(two)
})

test('S610: a new leader goes on from where the old one left it', async () => {
  const bare = remote()
  const [ada, bob] = [await agent('alice', bare), await agent('bob', bare)]
  const [one, two, three] = await landings(ada, bob) as [Oid, Oid, Oid]
  ada.picture.part = 'leads'
  await ada.land(one)
  await ada.lane.pass()
  await ada.stop()
  for (const oid of [one, two, three]) await bob.land(oid)
  bob.picture.part = 'leads'
  await bob.lane.pass()
  expect(there(bare)).toBe(three)
})

test('S610: a landing that is confirmed and not here yet is not put there', async () => {
  const bare = remote()
  const ada = await agent('alice', bare)
  const [one, two] = await landings(ada) as [Oid, Oid, Oid]
  ada.picture.part = 'leads'
  await ada.land(one)
  ada.picture.line = [one, two]
  await ada.lane.pass()
  expect(there(bare)).toBeUndefined()
})

test('S611: a foreign push is reported and left alone until the confirmed line contains it', async () => {
  const bare = remote()
  const ada = await agent('alice', bare)
  const [one, two] = await landings(ada) as [Oid, Oid, Oid]
  ada.picture.part = 'leads'
  await ada.land(one)
  await ada.lane.pass()
  const clone = folder()
  git(clone, 'clone', '--quiet', '-b', 'main', bare, '.')
  const foreign = commit(clone, { intruder: 'x' })
  git(clone, 'push', '--quiet', '--force', 'origin', `HEAD:${INTEGRATION_REF}`)
  await ada.land(two)
  for (let pass = 0; pass < 3; pass++) await ada.lane.pass()
  expect(there(bare)).toBe(foreign)
  expect(ada.lane.seen()?.integration).toEqual({ kind: 'foreign', at: foreign })
  expect(ada.log.filter((line) => line.includes(foreign))).toHaveLength(1)
  expect(refsOf(ada.at.mirror.path)[INTEGRATION_REF]).toBe(two)

  git(ada.root, 'fetch', '--quiet', clone, 'HEAD')
  git(ada.root, 'merge', '--quiet', '--no-edit', foreign)
  const merged = git(ada.root, 'rev-parse', 'HEAD') as Oid
  await ada.land(merged)
  await ada.lane.pass()
  expect(there(bare)).toBe(merged)
  expect(ada.lane.seen()?.integration).toEqual({ kind: 'same', at: merged })
})

test('S611: a room without a landing follows nobody else’s', async () => {
  const bare = remote()
  const ada = await agent('alice', bare)
  const main = git(bare, 'rev-parse', 'main') as Oid
  git(bare, 'update-ref', INTEGRATION_REF, main)
  ada.picture.part = 'leads'
  await ada.lane.pass()
  expect(ada.lane.seen()?.integration).toEqual({ kind: 'foreign', at: main })
  const [one] = await landings(ada) as [Oid, Oid, Oid]
  await ada.land(one)
  await ada.lane.pass()
  expect(there(bare), 'the landing contains what was there').toBe(one)
})

test('S611: a ref that was deleted is told of and put back', async () => {
  const bare = remote()
  const ada = await agent('alice', bare)
  const [one] = await landings(ada) as [Oid, Oid, Oid]
  ada.picture.part = 'leads'
  const own = await ada.push('mine')
  await ada.land(one)
  await ada.lane.pass()
  git(bare, 'update-ref', '-d', INTEGRATION_REF)
  git(bare, 'update-ref', '-d', `refs/knot/push/${own.push}`)
  await ada.lane.pass()
  expect(there(bare)).toBe(one)
  expect(refsOf(bare)[`refs/knot/push/${own.push}`]).toBe(own.commit)
  expect(ada.log.join('\n')).toMatch(/had lost refs\/knot\/integration/)
})

test('S612: what landed while the remote was away is there after it returns', async () => {
  const bare = remote()
  const ada = await agent('alice', bare)
  const [one, two, three] = await landings(ada) as [Oid, Oid, Oid]
  ada.picture.part = 'leads'
  await ada.land(one)
  await ada.lane.pass()
  renameSync(bare, `${bare}-away`)
  await ada.land(two)
  await ada.lane.pass()
  await ada.land(three)
  renameSync(`${bare}-away`, bare)
  await ada.lane.pass()
  expect(there(bare)).toBe(three)
})

test('S683: an undo goes there like a landing, by one swap forward, and others go on from it', async () => {
  const bare = remote()
  const [ada, bob] = [await agent('alice', bare), await agent('bob', bare)]
  const [one, two] = await landings(ada, bob) as [Oid, Oid]
  ada.picture.part = 'leads'
  await ada.land(one)
  await ada.land(two)
  await ada.lane.pass()
  const undo = git(ada.root, 'commit-tree', `${one}^{tree}`, '-p', two, '-m', 'Undo') as Oid
  await ada.land(undo)
  await ada.lane.pass()
  expect(there(bare)).toBe(undo)
  expect(git(bare, 'rev-parse', `${INTEGRATION_REF}^{tree}`)).toBe(
    git(bare, 'rev-parse', `${one}^{tree}`))
  await ada.stop()
  git(bob.root, 'fetch', '--quiet', ada.root, undo)
  git(bob.root, 'checkout', '--quiet', undo)
  const next = commit(bob.root, { next: 'n' })
  for (const oid of [one, two, undo, next]) await bob.land(oid)
  bob.picture.part = 'leads'
  await bob.lane.pass()
  expect(there(bare)).toBe(next)
})
