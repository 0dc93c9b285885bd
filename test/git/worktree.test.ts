import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Oid } from '../../src/core/brand.ts'
import { treeOf } from '../../src/git/merge.ts'
import { initMirror } from '../../src/git/mirror.ts'
import { prepare, verify, type Worktree } from '../../src/git/worktree.ts'
import { commit, git, repository, signal, write } from './scratch.ts'

let root: string
let worktree: Worktree

beforeEach(async () => {
  root = repository()
  // As in life: the folder lies inside a checkout of the user's.
  const home = join(root, '.knot')
  fs.mkdirSync(home)
  write(root, { '.git/info/exclude': '/.knot/\n' })
  const mirror = await initMirror(join(home, 'repo.git'), signal)
  worktree = { mirror, folder: join(home, 'check') }
})

async function tree(files: Record<string, string> = {}): Promise<{ tree: Oid; head: Oid }> {
  const head = commit(root, files)
  git(worktree.mirror.path, 'fetch', '--quiet', root, '+HEAD:refs/knot/push/p1')
  return { tree: await treeOf(worktree.mirror, head, signal), head }
}

/** Paths below the folder, without its own repository. */
function paths(at = worktree.folder): string[] {
  const found: string[] = []
  for (const entry of fs.readdirSync(at, { withFileTypes: true })) {
    const path = join(at, entry.name)
    if (entry.isDirectory() && entry.name !== '.git') found.push(...paths(path))
    else if (entry.name !== '.git') found.push(path.slice(worktree.folder.length + 1))
  }
  return found.toSorted()
}

const read = (name: string) => fs.readFileSync(join(worktree.folder, name), 'utf8')

describe('preparing', () => {
  test('S340: the folder is exactly the tree, whatever was left in it', async () => {
    const odd = { '-x': '1', 'a b/c': '2', 'line\nfeed': '3', 'ü': '4', '.gitignore': 'dist/\n' }
    fs.symlinkSync('a b', join(root, 'link'))
    const first = await tree(odd)
    expect(await prepare(worktree, first, signal)).toEqual({ kind: 'ready' })
    const whole = ['-x', '.gitignore', 'a b/c', 'line\nfeed', 'link', 'ü'].toSorted()
    expect(paths()).toEqual(whole)

    write(worktree.folder, { 'dist/out.js': 'ignored', 'new/deep/file': 'x', '-x': 'changed' })
    fs.rmSync(join(worktree.folder, 'ü'))
    fs.rmSync(join(worktree.folder, 'a b'), { recursive: true })
    fs.symlinkSync('/tmp', join(worktree.folder, 'a b'))
    git(worktree.folder, 'init', '--quiet', 'nested')
    fs.mkdirSync(join(worktree.folder, 'empty'))
    expect(await prepare(worktree, first, signal)).toEqual({ kind: 'ready' })
    expect(paths()).toEqual(whole)
    expect(read('a b/c') + read('-x')).toBe('21')
    expect(fs.existsSync(join(worktree.folder, 'empty'))).toBe(false)
    expect(fs.existsSync(join(worktree.folder, 'nested'))).toBe(false)
  })

  test('S340: a file that its own attributes would rewrite is what it is in the tree', async () => {
    write(root, { crlf: 'a\r\nb\r\n', id: '$Id$\n', wide: 'é\n' })
    git(root, '-c', 'core.autocrlf=false', 'add', '--all')
    git(root, 'commit', '--quiet', '-m', 'before there were attributes')
    const attributes = 'crlf text\nid ident\nwide working-tree-encoding=UTF-16\nlf eol=crlf\n'
    write(root, { '.gitattributes': attributes, lf: 'a\n' })
    git(root, 'add', '.gitattributes', 'lf')
    git(root, 'commit', '--quiet', '-m', 'attributes')
    const head = git(root, 'rev-parse', 'HEAD') as Oid
    git(worktree.mirror.path, 'fetch', '--quiet', root, '+HEAD:refs/knot/push/p1')
    const at = { tree: await treeOf(worktree.mirror, head, signal), head }
    expect(await prepare(worktree, at, signal)).toEqual({ kind: 'ready' })
    expect(['crlf', 'id', 'wide', 'lf'].map(read)).toEqual(['a\r\nb\r\n', '$Id$\n', 'é\n', 'a\n'])

    write(worktree.folder, { crlf: 'a\nb\n' })
    expect(await verify(worktree, at.tree, signal)).toMatchObject({ kind: 'changed', names: ['crlf'] })
  })

  test('a file that becomes a folder, a mode and a removed file follow the tree', async () => {
    await prepare(worktree, await tree({ a: '1', run: '#!/bin/sh\n', gone: 'x' }), signal)
    fs.rmSync(join(root, 'a'))
    fs.rmSync(join(root, 'gone'))
    fs.chmodSync(join(root, 'run'), 0o755)
    expect(await prepare(worktree, await tree({ 'a/b': '2' }), signal)).toEqual({ kind: 'ready' })
    expect(paths()).toEqual(['a/b', 'run'])
    expect(fs.statSync(join(worktree.folder, 'run')).mode & 0o111).not.toBe(0)
  })

  test('what a check hides in an index has no effect on the next one', async () => {
    const at = await tree({ a: 'real', b: 'x' })
    await prepare(worktree, at, signal)
    git(worktree.folder, 'update-index', '--assume-unchanged', 'a')
    git(worktree.folder, 'update-index', '--skip-worktree', 'b')
    write(worktree.folder, { a: 'fake', b: 'y' })
    expect(await prepare(worktree, at, signal)).toEqual({ kind: 'ready' })
    expect(read('a') + read('b')).toBe('realx')
  })

  test('S341: git in a check finds neither the user’s repository nor the mirror', async () => {
    const at = await tree({ a: '1' })
    await prepare(worktree, at, signal)
    const inCheck = (...args: string[]) => git(worktree.folder, ...args)
    expect(inCheck('rev-parse', '--show-toplevel')).toBe(worktree.folder)
    expect(inCheck('rev-parse', 'HEAD')).toBe(at.head)
    expect(inCheck('status', '--porcelain')).toBe('')
    expect(inCheck('for-each-ref')).toBe('')
    inCheck('commit', '--quiet', '--allow-empty', '-m', 'by the check')
    inCheck('update-ref', 'refs/knot/integration', 'HEAD')
    inCheck('gc', '--quiet', '--prune=now')
    const refs = git(worktree.mirror.path, 'for-each-ref', '--format=%(refname)')
    expect(refs).toBe('refs/knot/push/p1')
    expect(git(root, 'rev-parse', 'HEAD')).toBe(at.head)
    expect(git(worktree.mirror.path, 'fsck', '--full')).toBe('')
  })

  test('S342: leftovers of a killed process are no obstacle', async () => {
    const at = await tree({ a: '1', 'b/c': '2' })
    await prepare(worktree, at, signal)
    fs.writeFileSync(`${worktree.folder}.index.lock`, '')
    fs.writeFileSync(`${worktree.folder}.index`, 'half an index')
    fs.rmSync(join(worktree.folder, '.git'), { recursive: true })
    fs.writeFileSync(join(worktree.folder, '.git'), 'gitdir: /nowhere\n')
    expect(await prepare(worktree, at, signal)).toEqual({ kind: 'ready' })
    expect(paths()).toEqual(['a', 'b/c'])

    fs.rmSync(worktree.folder, { recursive: true })
    fs.symlinkSync(root, worktree.folder)
    expect(await prepare(worktree, at, signal)).toEqual({ kind: 'ready' })
    expect(fs.lstatSync(worktree.folder).isDirectory()).toBe(true)
    expect(fs.existsSync(join(root, 'a'))).toBe(true)
  })

  test('a submodule entry is an empty folder, a missing tree is a reason', async () => {
    const { head } = await tree({ a: '1' })
    git(root, 'update-index', '--add', '--cacheinfo', `160000,${head},sub`)
    git(root, 'commit', '--quiet', '-m', 'sub')
    git(worktree.mirror.path, 'fetch', '--quiet', root, '+HEAD:refs/knot/push/p2')
    const withSub = git(root, 'rev-parse', 'HEAD^{tree}') as Oid
    expect(await prepare(worktree, { tree: withSub }, signal)).toEqual({ kind: 'ready' })
    expect(fs.readdirSync(join(worktree.folder, 'sub'))).toEqual([])
    expect(await verify(worktree, withSub, signal)).toEqual({ kind: 'equal' })
    const missing = await prepare(worktree, { tree: 'f'.repeat(40) as Oid }, signal)
    expect(missing).toMatchObject({ kind: 'stuck', why: expect.stringContaining('ffff') })
  })

  test('every line ending arrives as it is in the tree', async () => {
    const at = await tree({ dos: 'a\r\nb\r\n', unix: 'a\nb\n' })
    expect(await prepare(worktree, at, signal)).toEqual({ kind: 'ready' })
    expect([read('dos'), read('unix')]).toEqual(['a\r\nb\r\n', 'a\nb\n'])
  })
})

test('S343: after a check, changed, deleted and re-typed tracked files are named', async () => {
  const at = await tree({ a: '1', b: '2', 'c d': '3', e: '4', '.gitignore': 'out\n' })
  await prepare(worktree, at, signal)
  write(worktree.folder, { out: 'built', untracked: 'x' })
  expect(await verify(worktree, at.tree, signal)).toEqual({ kind: 'equal' })
  fs.utimesSync(join(worktree.folder, 'a'), 1, 1)
  expect(await verify(worktree, at.tree, signal)).toEqual({ kind: 'equal' })

  // Same size and times, within the same second: git's own comparison would not see it.
  const before = fs.statSync(join(worktree.folder, 'a'))
  fs.writeFileSync(join(worktree.folder, 'a'), '9')
  fs.utimesSync(join(worktree.folder, 'a'), before.atime, before.mtime)
  fs.rmSync(join(worktree.folder, 'b'))
  fs.chmodSync(join(worktree.folder, 'e'), 0o755)
  execFileSync('git', ['add', '--all'], { cwd: worktree.folder })
  expect(await verify(worktree, at.tree, signal)).toEqual({
    kind: 'changed',
    names: ['a', 'b', 'e'],
    total: 3,
  })
  expect(await prepare(worktree, at, signal)).toEqual({ kind: 'ready' })
  expect(read('a')).toBe('1')
})
