import * as fs from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Oid } from '../../src/core/brand.ts'
import { worktreeName } from '../../src/core/branch.ts'
import { findCheckout } from '../../src/git/checkout.ts'
import { closeWorktree, listClaimWorktrees, openWorktree } from '../../src/git/linked.ts'
import type { Checkout } from '../../src/git/repository.ts'
import { commit, folder, git, repository, signal, write } from './scratch.ts'

const name = worktreeName({ task: 'abcd2345efgh6767', title: 'Parse dates' })
const branch = 'knot/abcd2345-parse-dates'

let root: string
let path: string
let checkout: Checkout
let first: Oid

beforeEach(async () => {
  root = repository()
  write(root, { '.git/info/exclude': '/.knot/\n' })
  first = commit(root, { a: '1', '.gitignore': 'out\n' })
  path = join(root, '.knot', 'worktrees', name)
  const found = await findCheckout(root, signal)
  if (found.kind !== 'found') throw new Error(found.kind)
  checkout = found.checkout
})

const open = (at = first) => openWorktree(checkout, { name, at, signal })
const close = (published: Oid[] = []) => {
  const isPublished = async (head: Oid) => published.includes(head)
  return closeWorktree(checkout, { name, isPublished, signal })
}
const list = () => listClaimWorktrees(checkout, signal)

/** Everything of the repository that no claim may touch. */
function state(): string[] {
  const refs = git(root, 'for-each-ref', '--format=%(refname) %(objectname)')
  const others = refs.split('\n').filter((line) => !line.startsWith(`refs/heads/${branch} `))
  const text = (file: string) => fs.readFileSync(join(root, '.git', file), 'latin1')
  return [...others, git(root, 'status', '--porcelain'), text('HEAD'), text('config'), text('index')]
}

describe('S735: opening', () => {
  test('makes a folder and a branch at the commit, and changes nothing else', async () => {
    write(root, { b: 'not committed' })
    write(root, { '.git/hooks/post-checkout': '#!/bin/sh\ntouch "$HOME/hooked"\n' })
    fs.chmodSync(join(root, '.git/hooks/post-checkout'), 0o755)
    const before = state()
    expect(await open()).toEqual({ kind: 'made', path, branch: 'new' })
    expect(state()).toEqual(before)
    expect(git(path, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe(branch)
    expect(git(path, 'rev-parse', 'HEAD')).toBe(first)
    expect(git(path, 'status', '--porcelain')).toBe('')
    expect(fs.existsSync(join(path, 'b'))).toBe(false)
    expect(fs.existsSync(join(process.env['HOME'] as string, 'hooked'))).toBe(false)
    expect(await list()).toEqual([{ name, path, branch, head: first, state: 'here' }])
  })

  test('answers the one that is there, with the work in it', async () => {
    await open()
    const mine = commit(path, { c: 'work' })
    write(path, { d: 'more' })
    expect(await open()).toEqual({ kind: 'exists', path })
    expect(git(path, 'rev-parse', 'HEAD')).toBe(mine)
    expect(fs.readFileSync(join(path, 'd'), 'utf8')).toBe('more')
  })

  test('uses a branch as it is', async () => {
    git(root, 'switch', '--quiet', '-c', branch)
    const earlier = commit(root, { c: 'earlier work' })
    git(root, 'switch', '--quiet', 'main')
    expect(await open()).toEqual({ kind: 'made', path, branch: 'reused' })
    expect(git(path, 'rev-parse', 'HEAD')).toBe(earlier)
  })

  test('refuses what is in the way, and leaves it', async () => {
    write(root, { [`.knot/worktrees/${name}/notes`]: 'mine' })
    expect(await open()).toEqual({ kind: 'in-the-way', path })
    expect(fs.readFileSync(join(path, 'notes'), 'utf8')).toBe('mine')
    fs.rmSync(path, { recursive: true })
    fs.writeFileSync(path, 'a file')
    expect(await open()).toEqual({ kind: 'in-the-way', path })
    fs.rmSync(path)
    fs.symlinkSync(folder(), path)
    expect(await open()).toEqual({ kind: 'in-the-way', path })
    fs.rmSync(path)
    fs.mkdirSync(path)
    expect(await open()).toMatchObject({ kind: 'made' })
  })

  test('says where the branch is, and where the folder is, when that is elsewhere', async () => {
    git(root, 'switch', '--quiet', '-c', branch)
    expect(await open()).toEqual({ kind: 'branch-taken', by: root })
    git(root, 'switch', '--quiet', 'main')
    await open()
    git(path, 'switch', '--quiet', '-c', 'other')
    expect(await open()).toEqual({ kind: 'elsewhere', path, branch: 'other' })
    git(path, 'switch', '--quiet', '--detach')
    expect(await open()).toEqual({ kind: 'elsewhere', path })
  })

  test('makes it again where somebody removed the folder, with its branch as it was', async () => {
    await open()
    const mine = commit(path, { c: 'work' })
    fs.rmSync(path, { recursive: true })
    expect(await list()).toMatchObject([{ name, branch, state: 'gone' }])
    expect(await open()).toEqual({ kind: 'made', path, branch: 'reused' })
    expect(git(path, 'rev-parse', 'HEAD')).toBe(mine)

    git(path, 'switch', '--quiet', '--detach')
    commit(path, { d: 'only here' })
    fs.rmSync(path, { recursive: true })
    expect(await open()).toEqual({ kind: 'elsewhere', path })
  })

  test('begins again where the git that made it was killed', async () => {
    await open()
    const admin = git(path, 'rev-parse', '--absolute-git-dir')
    fs.writeFileSync(join(admin, 'locked'), 'initializing')
    fs.rmSync(join(path, 'a'))
    expect(await list()).toMatchObject([{ state: 'unfinished' }])
    expect(await open()).toEqual({ kind: 'made', path, branch: 'reused' })
    expect(git(path, 'status', '--porcelain')).toBe('')
  })

  test('tells in git’s words why a branch cannot be', async () => {
    git(root, 'branch', 'knot')
    expect(await open()).toMatchObject({ kind: 'failed', why: expect.stringContaining('refs/heads') })
    expect(fs.existsSync(path)).toBe(false)
    expect(await open('f'.repeat(40) as Oid)).toMatchObject({ kind: 'failed' })
    expect(await list()).toEqual([])
  })

  test('git’s own housekeeping does it no harm, nor a worktree of the user’s', async () => {
    const theirs = join(folder(), 'theirs')
    git(root, 'worktree', 'add', '--quiet', theirs)
    await open()
    const mine = commit(path, { c: 'work' })
    git(root, 'worktree', 'prune', '--expire=now')
    git(root, 'gc', '--quiet', '--prune=now')
    expect(git(path, 'rev-parse', 'HEAD')).toBe(mine)
    expect(await list()).toMatchObject([{ name, state: 'here' }])
    fs.rmSync(theirs, { recursive: true })
    fs.rmSync(path, { recursive: true })
    await open()
    expect(git(root, 'worktree', 'list')).toContain(theirs)
  })
})

describe('S736: closing', () => {
  test('removes the folder when all is published, and keeps the branch', async () => {
    await open()
    const mine = commit(path, { c: 'work' })
    write(path, { out: 'ignored' })
    expect(await close([mine])).toEqual({ kind: 'closed', path })
    expect(fs.existsSync(path)).toBe(false)
    expect(git(root, 'rev-parse', branch)).toBe(mine)
    expect(await close([mine])).toEqual({ kind: 'absent' })
  })

  test('keeps what is nowhere else', async () => {
    await open()
    const mine = commit(path, { c: 'work' })
    expect(await close([first])).toEqual({ kind: 'unpublished', path, head: mine })
    write(path, { c: 'changed', d: 'new' })
    expect(await close([mine])).toEqual({ kind: 'dirty', path, files: 2 })
    git(path, 'checkout', '--quiet', 'c')
    fs.rmSync(join(path, 'd'))
    git(path, 'bisect', 'start')
    expect(await close([mine])).toEqual({ kind: 'busy', path, what: 'bisect' })
    expect(fs.existsSync(join(path, 'c'))).toBe(true)
  })

  test('a folder that is gone is only forgotten when its branch has the work', async () => {
    await open()
    commit(path, { c: 'work' })
    fs.rmSync(path, { recursive: true })
    expect(await close()).toEqual({ kind: 'closed', path })
    await open()
    git(path, 'switch', '--quiet', '--detach')
    const alone = commit(path, { d: 'work' })
    fs.rmSync(path, { recursive: true })
    expect(await close()).toEqual({ kind: 'unpublished', path, head: alone })
  })

  test('what somebody locked stays, in git’s words', async () => {
    await open()
    git(root, 'worktree', 'lock', '--reason', 'on a stick', path)
    const why = expect.stringContaining('on a stick')
    expect(await close([first])).toEqual({ kind: 'failed', path, why })
  })
})
