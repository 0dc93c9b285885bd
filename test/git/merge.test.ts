import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Instant, Oid } from '../../src/core/brand.ts'
import * as merges from '../../src/git/merge.ts'
import { initMirror } from '../../src/git/mirror.ts'
import type { Mirror } from '../../src/git/repository.ts'
import { listFiles, readFiles } from '../../src/git/tree.ts'
import { commit, folder, git, repository, signal } from './scratch.ts'

let root: string
let mirror: Mirror

beforeEach(async () => {
  root = repository()
  mirror = await initMirror(join(folder(), 'repo.git'), signal)
})

/** Copies everything of the repository into the mirror. */
function share(): void {
  git(mirror.path, 'fetch', '--quiet', root, '+refs/heads/*:refs/knot/push/*')
}

/** Two branches from one base. */
function fork(
  base: Record<string, string>,
  [ours, theirs]: [() => Oid, () => Oid],
): { base: Oid; ours: Oid; theirs: Oid } {
  const from = commit(root, base, 'base')
  git(root, 'checkout', '--quiet', '-b', 'theirs')
  const second = theirs()
  git(root, 'checkout', '--quiet', 'main')
  const first = ours()
  share()
  return { base: from, ours: first, theirs: second }
}

describe('merging', () => {
  test('S330: a clean merge is the tree that git merge would make, renames followed', async () => {
    const text = 'one\ntwo\nthree\nfour\nfive\n'
    const { base, ours, theirs } = fork({ 'old name': text, b: 'b' }, [
      () => {
        git(root, 'mv', 'old name', 'new\nname')
        return commit(root)
      },
      () => commit(root, { 'old name': `${text}six\n` }),
    ])
    const merged = await merges.virtualMerge(mirror, { ours, theirs }, signal)
    git(root, 'merge', '--quiet', '--no-edit', 'theirs')
    expect(merged).toEqual({ kind: 'clean', tree: git(root, 'rev-parse', 'HEAD^{tree}') })
    expect(await merges.mergeBase(mirror, [ours, theirs], signal)).toBe(base)
  })

  test('S331: a conflict is reported with its exact files, never resolved', async () => {
    const names = ['-x', 'bin', 'gone', 'line\nfeed', 'ü b']
    const files = (content: string) => Object.fromEntries(names.map((name) => [name, content]))
    const { ours, theirs } = fork({ ...files('base\n'), clean: 'a\nb\nc\n' }, [
      () => {
        git(root, 'rm', '--quiet', 'gone')
        const { gone: _, ...rest } = files('ours\n')
        return commit(root, { ...rest, bin: '\0ours', clean: 'A\nb\nc\n' })
      },
      () => commit(root, { ...files('theirs\n'), bin: '\0theirs', clean: 'a\nb\nC\n' }),
    ])
    const merged = await merges.virtualMerge(mirror, { ours, theirs }, signal)
    expect(merged).toMatchObject({ kind: 'conflict', files: names })
    if (merged.kind !== 'conflict') throw new Error(merged.kind)
    expect(merged.messages.length).toBe(5)
    expect(merged.messages).toContainEqual(expect.stringMatching(/^CONFLICT \(modify\/delete\)/))
    expect(merged.messages).toContainEqual(expect.stringMatching(/^CONFLICT \(content\)/))
  })

  test('histories that never met are not merged', async () => {
    const ours = commit(root, { a: '1' })
    git(root, 'checkout', '--quiet', '--orphan', 'lone')
    const theirs = commit(root, { b: '2' })
    share()
    expect(await merges.virtualMerge(mirror, { ours, theirs }, signal)).toEqual({
      kind: 'unrelated',
    })
  })

  test('a missing commit is an error, not an outcome', async () => {
    const ours = commit(root, { a: '1' })
    share()
    const theirs = 'f'.repeat(40) as Oid
    await expect(merges.virtualMerge(mirror, { ours, theirs }, signal)).rejects.toThrow(/128/)
  })

  test('the tree does not depend on attributes or drivers of this machine', async () => {
    const { ours, theirs } = fork({ a: 'x\n' }, [
      () => commit(root, { a: 'ours\n' }),
      () => commit(root, { a: 'theirs\n' }),
    ])
    process.env['GIT_ATTR_SYSTEM'] = '/dev/null'
    const xdg = process.env['XDG_CONFIG_HOME'] ?? ''
    const { write } = await import('./scratch.ts')
    write(xdg, { 'git/attributes': '* merge=union\n' })
    const merged = await merges.virtualMerge(mirror, { ours, theirs }, signal)
    expect(merged.kind).toBe('conflict')
  })
})

test('S332: the other side of a conflict is named: landings that changed its files', async () => {
  const { base, ours } = fork({ a: '1', 'b c': '1', d: '1' }, [
    () => {
      commit(root, { a: '2' })
      git(root, 'checkout', '--quiet', '-b', 'feature')
      commit(root, { 'b c': '2' })
      commit(root, { 'b c': '3', a: '3' })
      git(root, 'checkout', '--quiet', 'main')
      git(root, 'merge', '--quiet', '--no-ff', '--no-edit', 'feature')
      return commit(root, { d: '2' })
    },
    () => commit(root, { z: '1' }),
  ])
  const landing = git(root, 'rev-parse', 'main~1') as Oid
  const files = ['b c', 'a']
  const first = git(root, 'rev-parse', 'main~2') as Oid
  expect(await merges.lastTouched(mirror, { base, ours, files }, signal)).toEqual([
    { commit: landing, files: ['a', 'b c'] },
    { commit: first, files: ['a'] },
  ])
  expect(await merges.lastTouched(mirror, { base, ours, files: ['nope'] }, signal)).toEqual([])
  expect(await merges.lastTouched(mirror, { base, ours, files: [] }, signal)).toEqual([])
})

describe('commits', () => {
  test('S333: the same facts make the same commit, byte for byte', async () => {
    const parent = commit(root, { a: '1' })
    share()
    const facts = {
      tree: await merges.treeOf(mirror, parent, signal),
      parents: [parent],
      message: 'land p1\n\nof ada\n\n',
      author: { name: 'Ada\n<x> Lovelace.', email: 'ada@example.org>' },
      at: 1_700_000_000_999 as Instant,
    }
    const oid = await merges.commitTree(mirror, facts, signal)
    expect(await merges.commitTree(mirror, facts, signal)).toBe(oid)
    expect(git(mirror.path, 'cat-file', 'commit', oid)).toBe(
      [
        `tree ${facts.tree}`,
        `parent ${parent}`,
        'author Adax Lovelace <ada@example.org> 1700000000 +0000',
        'committer Adax Lovelace <ada@example.org> 1700000000 +0000',
        '',
        'land p1\n\nof ada',
      ].join('\n'),
    )
    const tree = git(mirror.path, 'rev-parse', `${oid}^{tree}`)
    expect(await merges.commitAt(mirror, oid, signal)).toEqual({ tree, parents: [parent] })
    expect((await merges.commitAt(mirror, parent, signal)).parents).toEqual([])
    const line = { ancestor: parent, commit: oid }
    expect(await merges.isAncestor(mirror, line, signal)).toBe(true)
    expect(await merges.isAncestor(mirror, { ancestor: oid, commit: parent }, signal)).toBe(false)
  })
})

test('files of a tree are listed and read by their exact names', async () => {
  const { symlinkSync } = await import('node:fs')
  symlinkSync('package.json', join(root, 'link'))
  const tip = commit(root, { 'package.json': '{}', 'ü\n': 'x', big: 'x'.repeat(2 << 20), e: '' })
  share()
  expect(await listFiles(mirror, tip, signal)).toEqual({
    paths: ['big', 'e', 'link', 'package.json', 'ü\n'],
    whole: true,
  })
  const paths = ['package.json', 'ü\n', 'big', 'link', 'missing', 'e']
  expect(await readFiles(mirror, { tree: tip, paths }, signal)).toEqual(
    new Map([['e', ''], ['package.json', '{}'], ['ü\n', 'x']]),
  )
})
