import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as checkouts from '../../src/git/checkout.ts'
import type { Checkout } from '../../src/git/repository.ts'
import { commit, folder, git, repository, signal, userConfig, write } from './scratch.ts'

async function found(path: string): Promise<Checkout> {
  const answer = await checkouts.findCheckout(path, signal)
  if (answer.kind !== 'found') throw new Error(`expected a checkout, got ${answer.kind}`)
  return answer.checkout
}

async function withPath<T>(path: string, act: () => Promise<T>): Promise<T> {
  const before = process.env['PATH']
  process.env['PATH'] = path
  try {
    return await act()
  } finally {
    process.env['PATH'] = before
  }
}

test('a repository is found from a folder deep inside, whose path has spaces', async () => {
  const root = repository()
  mkdirSync(join(root, 'a b', 'ü'), { recursive: true })
  const gitDir = join(root, '.git')
  const checkout = { kind: 'checkout', root, gitDir, commonDir: gitDir }
  expect(await found(join(root, 'a b', 'ü'))).toEqual(checkout)
})

test('a linked worktree has its own gitDir and the common one', async () => {
  const root = repository()
  commit(root, { a: '1' })
  const linked = join(folder(), 'linked')
  git(root, 'worktree', 'add', '--quiet', '-b', 'side', linked)
  const checkout = await found(linked)
  expect(checkout.commonDir).toBe(join(root, '.git'))
  expect(checkout.gitDir).toBe(join(root, '.git', 'worktrees', 'linked'))
})

test('what is not a checkout is named for what it is', async () => {
  expect(await checkouts.findCheckout(folder(), signal)).toEqual({ kind: 'not-a-repository' })
  expect(await checkouts.findCheckout('/nowhere/at/all', signal)).toEqual({
    kind: 'not-a-repository',
  })
  const bare = folder()
  git(bare, 'init', '--quiet', '--bare')
  expect(await checkouts.findCheckout(bare, signal)).toEqual({ kind: 'bare' })
  const long = folder()
  git(long, 'init', '--quiet', '--object-format=sha256')
  expect(await checkouts.findCheckout(long, signal)).toEqual({
    kind: 'object-format',
    found: 'sha256',
  })
})

test('S303: a missing and an old git are told apart, with the version that is needed', async () => {
  const root = repository()
  const empty = folder('bin')
  const missing = await withPath(empty, () => checkouts.findCheckout(root, signal))
  expect(missing).toEqual({ kind: 'git-missing' })

  const old = folder('bin')
  writeFileSync(join(old, 'git'), '#!/bin/sh\necho "git version 2.37.9 (Old Git-1)"\n')
  chmodSync(join(old, 'git'), 0o755)
  const tooOld = await withPath(old, () => checkouts.findCheckout(root, signal))
  expect(tooOld).toEqual({ kind: 'git-too-old', found: '2.37.9', needed: '2.38' })
})

test('HEAD is unborn, on a branch, or detached', async () => {
  const root = repository()
  const checkout = await found(root)
  expect(await checkouts.headOf(checkout, signal)).toEqual({ kind: 'unborn', branch: 'main' })
  const oid = commit(root, { a: '1' })
  expect(await checkouts.headOf(checkout, signal)).toEqual({ kind: 'commit', oid, branch: 'main' })
  git(root, 'checkout', '--quiet', '--detach')
  expect(await checkouts.headOf(checkout, signal)).toEqual({ kind: 'commit', oid })
})

test('dirty files are counted, ignored ones are not', async () => {
  const root = repository()
  const checkout = await found(root)
  commit(root, { a: '1', b: '2', '.gitignore': 'x.log\n' })
  expect(await checkouts.dirtyFiles(checkout, signal)).toBe(0)
  write(root, { a: 'changed', 'new\nname': '', 'x.log': '' })
  rmSync(join(root, 'b'))
  expect(await checkouts.dirtyFiles(checkout, signal)).toBe(3)
})

test('S304: /.knot/ is excluded once, also from a linked worktree and without info/', async () => {
  const root = repository()
  commit(root, { a: '1' })
  const linked = join(folder(), 'linked')
  git(root, 'worktree', 'add', '--quiet', '-b', 'side', linked)
  rmSync(join(root, '.git', 'info'), { recursive: true, force: true })
  expect(await checkouts.excludeKnot(await found(linked), signal)).toBe('added')
  expect(await checkouts.excludeKnot(await found(root), signal)).toBe('already')
  expect(readFileSync(join(root, '.git', 'info', 'exclude'), 'utf8')).toBe('/.knot/\n')
  write(linked, { '.knot/keys/agent.key.json': 'secret' })
  expect(git(linked, 'status', '--porcelain')).toBe('')

  writeFileSync(join(root, '.git', 'info', 'exclude'), 'no-line-feed')
  await checkouts.excludeKnot(await found(root), signal)
  const text = readFileSync(join(root, '.git', 'info', 'exclude'), 'utf8')
  expect(text).toBe('no-line-feed\n/.knot/\n')
})

test('the user name comes from configuration', async () => {
  const root = repository()
  const checkout = await found(root)
  expect(await checkouts.userName(checkout, signal)).toBeUndefined()
  writeFileSync(userConfig, '[user]\n\tname = Ada Lovelace\n')
  try {
    expect(await checkouts.userName(checkout, signal)).toBe('Ada Lovelace')
  } finally {
    writeFileSync(userConfig, '')
  }
})

test('a revision resolves to its commit or to nothing', async () => {
  const root = repository()
  const checkout = await found(root)
  expect(await checkouts.resolveRev(checkout, 'HEAD', signal)).toBeUndefined()
  const first = commit(root, { a: '1' })
  commit(root, { a: '2' })
  git(root, 'tag', '-a', '-m', 'one', 'v1', first)
  expect(await checkouts.resolveRev(checkout, 'HEAD~1', signal)).toBe(first)
  expect(await checkouts.resolveRev(checkout, 'v1', signal)).toBe(first)
  expect(await checkouts.resolveRev(checkout, first.slice(0, 10), signal)).toBe(first)
  for (const rev of ['nope', '--all', '', 'a b', '../x', 'main..HEAD', 'HEAD\0']) {
    expect(await checkouts.resolveRev(checkout, rev, signal)).toBeUndefined()
  }
})

test('S305: changed files have their exact names, at most 1,000, and a whole count', async () => {
  const root = repository()
  const checkout = await found(root)
  const odd = ['-leading', 'new\nline', 'sp ace', 'tab\t', 'ünï', '"quoted"', ':(glob)*']
  symlinkSync('nowhere', join(root, 'link'))
  const base = commit(root, { 'old name': 'same content\n'.repeat(20) })
  git(root, 'mv', 'old name', 'renamed')
  const tip = commit(root, Object.fromEntries(odd.map((name) => [name, Buffer.from([0, 1])])))
  const changed = await checkouts.filesBetween(checkout, { base, tip }, signal)
  expect(changed.names.toSorted()).toEqual([...odd, 'old name', 'renamed'].toSorted())
  expect(changed.total).toBe(9)

  const whole = await checkouts.filesBetween(checkout, { tip: base }, signal)
  expect(whole.names).toEqual(['link', 'old name'])
  const thousand = Array.from({ length: 1005 }, (_, i) => [`m/${i}`, ''])
  const many = commit(root, Object.fromEntries(thousand))
  const { names, total } = await checkouts.filesBetween(checkout, { base: tip, tip: many }, signal)
  expect([names.length, total]).toEqual([1000, 1005])
})

test('a checkout of cut-off history is known as such', async () => {
  const root = repository()
  commit(root, { a: '1' })
  commit(root, { a: '2' })
  const shallow = join(folder(), 'shallow')
  git(root, 'clone', '--quiet', '--depth=1', `file://${root}`, shallow)
  expect(await checkouts.isShallow(await found(shallow), signal)).toBe(true)
  expect(await checkouts.isShallow(await found(root), signal)).toBe(false)
})
