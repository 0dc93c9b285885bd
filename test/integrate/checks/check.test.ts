import * as fs from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import type { Oid } from '../../../src/core/brand.ts'
import { treeOf } from '../../../src/git/merge.ts'
import { initMirror } from '../../../src/git/mirror.ts'
import type { Worktree } from '../../../src/git/worktree.ts'
import { checksOf, checkTree, type Checked } from '../../../src/integrate/checks/check.ts'
import type { Check } from '../../../src/integrate/checks/detect.ts'
import { passed } from '../../../src/integrate/checks/run.ts'
import { commit, git, repository, signal } from '../../git/scratch.ts'

let root: string
let worktree: Worktree
let cache: string

beforeEach(async () => {
  root = repository()
  const home = join(root, '.knot')
  fs.mkdirSync(home)
  fs.writeFileSync(join(root, '.git', 'info', 'exclude'), '/.knot/\n')
  worktree = {
    mirror: await initMirror(join(home, 'repo.git'), signal),
    folder: join(home, 'check'),
  }
  cache = join(home, 'cache')
})

async function tree(files: Record<string, string>): Promise<Oid> {
  const head = commit(root, files)
  git(worktree.mirror.path, 'fetch', '--quiet', root, '+HEAD:refs/knot/push/p1')
  return treeOf(worktree.mirror, head, signal)
}

async function checksIn(at: Oid): Promise<Check[]> {
  const detected = await checksOf(worktree, at, signal)
  if (detected.kind !== 'checks') throw new Error(detected.kind)
  return detected.checks
}

async function check(at: Oid, checks: readonly Check[]): Promise<Checked> {
  const bench = { cache, sandbox: { kind: 'none', why: 'test' } } as const
  return checkTree({ worktree, bench, tree: at, checks }, signal)
}

const manifest = (test: string, more: object = {}) => JSON.stringify({ scripts: { test }, ...more })

test('a push is judged by the checks of its base, not by those that it brings', async () => {
  const base = await tree({ 'package.json': manifest('test "$(cat ok)" = yes'), ok: 'yes' })
  const checks = await checksIn(base)
  const push = await tree({ 'package.json': manifest('true'), ok: 'no' })
  const before = await check(base, checks)
  const after = await check(push, checks)
  if (before.kind !== 'checked' || after.kind !== 'checked') throw new Error('not checked')
  expect(before.evidence.map(passed)).toEqual([true])
  expect(after.evidence.map(passed)).toEqual([false])
  expect(after.tree).toEqual({ kind: 'equal' })
})

test('a check that rewrites a tracked file is found out, the next one starts clean', async () => {
  const at = await tree({ 'package.json': manifest('echo x >> a && echo y > new'), a: 'a' })
  const checks = await checksIn(at)
  for (const _ of [1, 2]) {
    const outcome = await check(at, checks)
    expect(outcome).toMatchObject({ kind: 'checked', tree: { kind: 'changed', names: ['a'] } })
    expect(fs.readFileSync(join(worktree.folder, 'a'), 'utf8')).toBe('ax\n')
  }
})

test('a tree without checks is prepared and has no evidence', async () => {
  const at = await tree({ a: '1' })
  expect(await check(at, await checksIn(at))).toEqual({
    kind: 'checked',
    evidence: [],
    tree: { kind: 'equal' },
  })
})

test('dependencies are installed once per lockfile, and moved back in for each check', async () => {
  const dependencies = { dep: 'file:./dep' }
  const packages = {
    '': { dependencies },
    dep: { version: '1.0.0' },
    'node_modules/dep': { resolved: 'dep', link: true },
  }
  const at = await tree({
    'package.json': manifest('node -e "require(\'dep\')" && date +%N > node_modules/ran', {
      dependencies,
    }),
    'package-lock.json': JSON.stringify({ lockfileVersion: 3, requires: true, packages }),
    'dep/package.json': '{"name":"dep","version":"1.0.0","scripts":{"postinstall":"touch /nope"}}',
    'dep/index.js': '',
    '.gitignore': 'node_modules\n',
  })
  const checks = await checksIn(at)
  const first = await check(at, checks)
  expect(first).toMatchObject({ evidence: [{ outcome: { code: 0 } }], tree: { kind: 'equal' } })
  const installed = () => fs.statSync(join(worktree.folder, 'node_modules')).ino
  const inode = installed()
  expect(await check(at, checks)).toMatchObject({ evidence: [{ outcome: { code: 0 } }] })
  expect(installed()).toBe(inode)

  // Killed while the set was being moved: it is made again.
  fs.rmSync(join(worktree.folder, 'node_modules'), { recursive: true })
  expect(await check(at, checks)).toMatchObject({ evidence: [{ outcome: { code: 0 } }] })
})

test('dependencies that do not install stop the checks, with the reason', async () => {
  const at = await tree({
    'package.json': manifest('true', { dependencies: { dep: 'file:./missing' } }),
    'package-lock.json': '{"lockfileVersion":3,"packages":{"":{},"node_modules/x":{}}}',
  })
  const outcome = await check(at, await checksIn(at))
  expect(outcome).toMatchObject({ kind: 'not-installed', evidence: { name: 'install' } })
})
