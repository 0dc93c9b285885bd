import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Oid } from '../../src/core/brand.ts'
import type { FactId } from '../../src/core/room/facts.ts'
import { findCheckout } from '../../src/git/checkout.ts'
import { initMirror } from '../../src/git/mirror.ts'
import { check } from '../../src/integrate/check.ts'
import { commit, folder, git, repository, signal } from '../git/scratch.ts'

const manifest = (test: string) => JSON.stringify({ name: 'x', scripts: { test } })

async function checked(
  before: Record<string, string>,
  after: Record<string, string>,
  gone: string[] = [],
) {
  const root = repository()
  const head = commit(root, before)
  if (gone.length > 0) git(root, 'rm', '-rq', '--', ...gone)
  const pushed = commit(root, after)
  const found = await findCheckout(root, signal)
  if (found.kind !== 'found') throw new Error(found.kind)
  const home = folder()
  const mirror = await initMirror(join(home, 'repo.git'), signal)
  git(root, 'push', '--quiet', mirror.path, `${pushed}:refs/knot/push/x`)
  const at = {
    checkout: found.checkout,
    mirror,
    route: { helperFolder: folder(), socket: '' },
    checkFolder: join(home, 'check'),
    cacheFolder: join(home, 'cache'),
  }
  const tree = git(mirror.path, 'rev-parse', `${pushed}^{tree}`) as Oid
  const job = { push: 'aaaaaaaaaaaaaaaa' as FactId, commit: pushed, head, tree, message: 'Land' }
  const by = { name: 'ada', agent: 'ag_aaaaaaaaaaaaaaaa' }
  return check(at, { kind: 'check', ...job, seconds: 0, by, holders: [] }, signal)
}

test('S346: a push that rewrites the test script is tested by the old one, and flagged', async () => {
  const files = { 'package.json': manifest('true'), a: '1' }
  const after = { 'package.json': manifest('exit 1'), a: '2' }
  expect(await checked(files, after)).toMatchObject({ kind: 'passed', steers: ['package.json'] })
})

test('S346: a push that changes only code steers nothing', async () => {
  const files = { 'package.json': manifest('true'), a: '1' }
  expect(await checked(files, { a: '2' })).toMatchObject({ kind: 'passed', steers: [] })
})

test('evidence says which tools ran, and behind which sandbox', async () => {
  const files = { 'package.json': manifest('node --version'), a: '1' }
  const outcome = await checked(files, { a: '2' })
  const run = { outcome: 'passed', sandbox: expect.stringMatching(/^(bubblewrap|none)$/) }
  expect(outcome).toMatchObject({ checks: [run] })
})

test('S345: settings that a push breaks refuse it, and those of its base do not', async () => {
  const broken = { '.knot.toml': '[[check]\n' }
  const fine = { '.knot.toml': '[[check]]\nname = "ok"\nrun = "true"\n' }
  const refused = { kind: 'failed', output: expect.stringContaining('.knot.toml:1') }
  expect(await checked({ a: '1' }, broken)).toMatchObject(refused)
  expect(await checked({ ...broken, a: '1' }, fine)).toMatchObject({ kind: 'passed' })
})

test('S741: a push that renames a workspace lands, and is flagged', async () => {
  const root = JSON.stringify({ private: true, workspaces: ['p/*'] })
  const lock = JSON.stringify({ lockfileVersion: 3, packages: { '': {} } })
  const files = {
    'package.json': root, 'package-lock.json': lock,
    'p/old/package.json': manifest('true'), 'p/other/package.json': manifest('true'),
  }
  const outcome = await checked(files, { 'p/new/package.json': manifest('true') }, ['p/old'])
  expect(outcome).toMatchObject({
    kind: 'passed', checks: [{ name: 'test p/other', outcome: 'passed' }],
    steers: ['p/new/package.json', 'p/old/package.json'],
  })
})
