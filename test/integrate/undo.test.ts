import { join } from 'node:path'
import { expect, test } from 'vitest'
import { actorOf, type Instant, type Oid, type PublicKey } from '../../src/core/brand.ts'
import type { FactId } from '../../src/core/room/facts.ts'
import { findCheckout } from '../../src/git/checkout.ts'
import { initMirror } from '../../src/git/mirror.ts'
import { advance } from '../../src/integrate/advance.ts'
import { merge } from '../../src/integrate/merge.ts'
import { undo } from '../../src/integrate/undo.ts'
import { commit, folder, git, repository, signal } from '../git/scratch.ts'

const LANDING = 'aaaaaaaaaaaaaaaa' as FactId
const actor = actorOf('a'.repeat(64) as PublicKey, '0'.repeat(16))

/** A repository with a base, and a mirror that has whatever is committed from it. */
async function room() {
  const root = repository()
  const base = commit(root, { 'a.txt': '1\n2\n3\n', 'b.txt': 'b\n' })
  const found = await findCheckout(root, signal)
  if (found.kind !== 'found') throw new Error(found.kind)
  const home = folder()
  const mirror = await initMirror(join(home, 'repo.git'), signal)
  const at = {
    checkout: found.checkout,
    mirror,
    route: { helperFolder: folder(), socket: '' },
    checkFolder: join(home, 'check'),
    cacheFolder: join(home, 'cache'),
  }
  let pushes = 0
  const hold = (oid: Oid) =>
    git(root, 'push', '--quiet', mirror.path, `${oid}:refs/knot/push/p${++pushes}`)
  hold(base)
  /** Commits files on top of a commit, as an agent would. */
  const work = (on: Oid, files: Record<string, string>): Oid => {
    git(root, 'checkout', '--quiet', on)
    const made = commit(root, files)
    hold(made)
    return made
  }
  /** Merges a push onto a head and lands it; fails where there is no tree. */
  const land = async (head: Oid, push: Oid, again: { before: Oid; landing: Oid }[] = []) => {
    const merged = await merge(at, { commit: push, head, again, holders: [] }, signal)
    if (merged.kind !== 'clean') throw new Error(JSON.stringify(merged))
    const parents = ['-p', head, '-p', push]
    const made = git(mirror.path, 'commit-tree', merged.tree, ...parents, '-m', 'Land') as Oid
    git(root, 'fetch', '--quiet', mirror.path, made)
    return { before: head, landing: made }
  }
  const takeBack = async (head: Oid, before: Oid, reason = 'slow'): Promise<Oid> => {
    const by = { name: 'bob', agent: 'ag_bob' }
    const message = `Undo ada@12345678\n\n${reason}\n\nKnot-Undo: ${LANDING}`
    const job = { ask: LANDING, head, before, message, seconds: 1_700_000_000, by, holders: [] }
    const made = await undo(at, { kind: 'undo', ...job }, signal)
    if (made.kind !== 'made') throw new Error(made.why)
    git(root, 'fetch', '--quiet', mirror.path, made.commit)
    return made.commit
  }
  const files = (oid: Oid) => {
    const names = git(mirror.path, 'ls-tree', '--name-only', oid).split('\n').filter(Boolean)
    return Object.fromEntries(names.map((name) => [name, git(mirror.path, 'show', `${oid}:${name}`)]))
  }
  return { at, base, work, land, takeBack, files, mirror }
}

test('S675: the commit of an undo is always the same, on the head, with the tree before', async () => {
  const { base, work, land, takeBack, files, mirror } = await room()
  const { landing } = await land(base, work(base, { 'new.txt': 'x' }))
  const made = await takeBack(landing, base)
  expect(await takeBack(landing, base)).toBe(made)
  expect(await takeBack(landing, base, 'other')).not.toBe(made)
  expect(files(made)).toEqual(files(base))
  const told = git(mirror.path, 'log', '-1', '--format=%P|%an|%ae|%at|%cn|%B', made)
  const words = `Undo ada@12345678\n\nslow\n\nKnot-Undo: ${LANDING}`
  expect(told.trim()).toBe(`${landing}|bob|ag_bob@knot|1700000000|bob|${words}`)
})

test('S672: an undo to another tree, or on top of another commit, does not move the ref', async () => {
  const { at, base, work, land, takeBack, mirror } = await room()
  const first = await land(base, work(base, { 'one.txt': '1' }))
  const second = await land(first.landing, work(first.landing, { 'two.txt': '2' }))
  const [head, before] = [second.landing, second.before]
  const fact = {
    at: 0 as Instant, term: 1, kind: 'undone' as const, landing: LANDING, ask: { actor, n: 0 },
  }
  const step = (made: Oid, prev = head) => {
    const tree = git(mirror.path, 'rev-parse', `${made}^{tree}`) as Oid
    const landings = [{ ...fact, prev, commit: made, tree, before }]
    return advance(at, { landings, holders: [] }, signal)
  }
  expect(await step(await takeBack(head, base))).toMatchObject({
    kind: 'failed', why: expect.stringContaining('before it was'),
  })
  expect(await step(await takeBack(before, before))).toMatchObject({
    kind: 'failed', why: expect.stringContaining('follows'),
  })
  expect(await step(await takeBack(head, before))).toMatchObject({ kind: 'done' })
})

test('S678: a teammate’s push on top of an undone landing lands without what was undone', async () => {
  const { base, work, land, takeBack, files } = await room()
  const { landing } = await land(base, work(base, { 'ada.txt': 'ada' }))
  const bobs = work(landing, { 'bob.txt': 'bob' })
  const head = await takeBack(landing, base)
  const after = await land(head, bobs)
  expect(files(after.landing)).toEqual({ ...files(base), 'bob.txt': 'bob' })
})

test('S677: the same commit, and one on top of it, bring back what was undone', async () => {
  const { at, base, work, land, takeBack, files } = await room()
  const adas = work(base, { 'ada.txt': 'ada' })
  const first = await land(base, adas)
  const head = await takeBack(first.landing, base)
  const asked = { commit: adas, head, holders: [] }
  expect(await merge(at, { ...asked, again: [] }, signal)).toEqual({ kind: 'contained' })
  const same = await land(head, adas, [first])
  expect(files(same.landing)).toEqual({ ...files(base), 'ada.txt': 'ada' })
  const more = await land(head, work(adas, { 'ada.txt': 'better', 'more.txt': 'm' }), [first])
  expect(files(more.landing)).toEqual({ ...files(base), 'ada.txt': 'better', 'more.txt': 'm' })
  // And what landed in between stays.
  const between = await land(head, work(head, { 'b.txt': 'new b' }))
  const late = await land(between.landing, adas, [first])
  expect(files(late.landing)).toEqual({ ...files(base), 'b.txt': 'new b', 'ada.txt': 'ada' })
})

test('S677: what a teammate had undone between two of them stays out', async () => {
  const { base, work, land, takeBack, files } = await room()
  const one = work(base, { 'one.txt': '1' })
  const first = await land(base, one)
  const second = await land(first.landing, work(base, { 'bob.txt': 'bob' }))
  const two = work(second.landing, { 'two.txt': '2' })
  const third = await land(second.landing, two)
  let head = third.landing
  for (const { before } of [third, second, first]) head = await takeBack(head, before)
  const back = await land(head, two, [first, third])
  expect(files(back.landing)).toEqual({ ...files(base), 'one.txt': '1', 'two.txt': '2' })
})

test('S677: what no longer fits is a conflict, and is told with who changed the files', async () => {
  const { at, base, work, land, takeBack } = await room()
  const adas = work(base, { 'a.txt': '1\nada\n3\n' })
  const first = await land(base, adas)
  const head = await takeBack(first.landing, base)
  const other = await land(head, work(head, { 'a.txt': '1\nbob\n3\n' }))
  const asked = { commit: adas, head: other.landing, again: [first], holders: [] }
  expect(await merge(at, asked, signal)).toEqual({
    kind: 'conflict', files: ['a.txt'], fileCount: 1, against: [other.landing, head],
  })
})
