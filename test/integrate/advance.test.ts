import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Instant, Oid } from '../../src/core/brand.ts'
import type { FactId } from '../../src/core/room/facts.ts'
import { findCheckout } from '../../src/git/checkout.ts'
import { initMirror } from '../../src/git/mirror.ts'
import { advance } from '../../src/integrate/advance.ts'
import { commit, folder, git, repository, signal } from '../git/scratch.ts'

const PUSH = 'aaaaaaaaaaaaaaaa' as FactId

async function room() {
  const root = repository()
  const base = commit(root, { a: '1' })
  const pushed = commit(root, { a: '2' })
  git(root, 'checkout', '--quiet', base)
  const other = commit(root, { a: '3' })
  const found = await findCheckout(root, signal)
  if (found.kind !== 'found') throw new Error(found.kind)
  const home = folder()
  const mirror = await initMirror(join(home, 'repo.git'), signal)
  const refs = [`${pushed}:refs/knot/push/${PUSH}`, `${other}:refs/knot/push/other`]
  git(root, 'push', '--quiet', mirror.path, ...refs)
  const at = {
    checkout: found.checkout,
    mirror,
    route: { helperFolder: folder(), socket: '' },
    checkFolder: join(home, 'check'),
    cacheFolder: join(home, 'cache'),
  }
  const land = (brings: Oid, parents: readonly Oid[]) => {
    const tree = git(mirror.path, 'rev-parse', `${brings}^{tree}`) as Oid
    const named = parents.flatMap((parent) => ['-p', parent])
    const made = git(mirror.path, 'commit-tree', tree, ...named, '-m', 'Land') as Oid
    const stamp = { at: 0 as Instant, term: 1, push: PUSH, prev: base, checks: [] }
    return advance(at, { landings: [{ ...stamp, commit: made, tree }], holders: [] }, signal)
  }
  return { base, pushed, other, land }
}

test('a landing that brings another commit than the push it names does not move the ref', async () => {
  const { base, pushed, other, land } = await room()
  for (const parents of [[base, other], [base], [base, pushed, other]]) {
    expect(await land(other, parents)).toMatchObject({
      kind: 'failed',
      why: expect.stringContaining(`push ${PUSH} is ${pushed}`),
    })
  }
  expect(await land(pushed, [base, pushed])).toMatchObject({ kind: 'done' })
})
