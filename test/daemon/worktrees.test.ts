import * as fs from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { problemOf } from '../../src/api/errors.ts'
import type { Oid } from '../../src/core/brand.ts'
import { leave, openFor, workplaceOf, worktreesOf } from '../../src/daemon/worktrees.ts'
import { findCheckout } from '../../src/git/checkout.ts'
import { initMirror } from '../../src/git/mirror.ts'
import type { Repositories } from '../../src/integrate/repositories.ts'
import { commit, folder, git, repository, signal, write } from '../git/scratch.ts'

const claimed = { task: 'abcd2345efgh6767', title: 'Parse dates' }
const name = 'abcd2345-parse-dates'

let root: string
let path: string
let repositories: Repositories

beforeEach(async () => {
  root = repository()
  write(root, { '.git/info/exclude': '/.knot/\n' })
  path = join(root, '.knot', 'worktrees', name)
  const found = await findCheckout(root, signal)
  if (found.kind !== 'found') throw new Error(found.kind)
  const mirror = await initMirror(join(root, '.knot', 'repo.git'), signal)
  repositories = {
    checkout: found.checkout,
    mirror,
    route: { helperFolder: root, socket: '' },
    checkFolder: join(root, '.knot', 'check'),
    cacheFolder: join(root, '.knot', 'cache'),
  }
})

const open = (of = claimed) => openFor(repositories, of, signal)
const left = (of = claimed) => leave(repositories, of, signal)
const publish = (ref: string, oid: string) =>
  git(root, 'push', '--quiet', repositories.mirror.path, `${oid}:refs/knot/${ref}`)

async function refusalOf(act: Promise<unknown>) {
  return problemOf(await act.then(() => 'not refused', (thrown: unknown) => thrown))
}

describe('S739: where the work of a claim begins', () => {
  test('at the landed state, which is brought here first when it is not', async () => {
    const mine = commit(root, { a: 'mine, not landed' })
    const elsewhere = folder()
    git(elsewhere, 'clone', '--quiet', root, '.')
    const landed = commit(elsewhere, { b: 'landed' })
    git(elsewhere, 'push', '--quiet', repositories.mirror.path, 'HEAD:refs/knot/integration')
    expect(await open()).toEqual({ kind: 'made', path, branch: `knot/${name}` })
    expect(git(path, 'rev-parse', 'HEAD')).toBe(landed)
    expect(git(root, 'rev-parse', 'HEAD')).toBe(mine)
  })

  test('at HEAD when nothing has landed', async () => {
    const mine = commit(root, { a: '1' })
    await open()
    expect(git(path, 'rev-parse', 'HEAD')).toBe(mine)
  })

  test('nowhere without a commit', async () => {
    expect(await refusalOf(open())).toMatchObject({
      code: 'NOT_FOUND',
      message: 'branch main has no commit yet, and nothing has landed: no work can begin',
      fix: expect.stringContaining('make a first commit'),
    })
    expect(fs.existsSync(path)).toBe(false)
  })
})

test('S735: two claims of one task at once get one worktree, of two tasks two', async () => {
  commit(root, { a: '1' })
  const other = { task: 'zzzz2345efgh6767', title: 'Mend' }
  const made = await Promise.all([open(), open(), open(other), open()])
  expect(made.map(({ kind }) => kind)).toEqual(['made', 'exists', 'made', 'exists'])
  const names = (await worktreesOf(repositories, signal)).map((each) => each.name)
  expect(names.toSorted()).toEqual([name, 'zzzz2345-mend'])
  expect(git(path, 'status', '--porcelain')).toBe('')
})

test('S735: each refusal names the path, the reason and the fix', async () => {
  commit(root, { a: '1' })
  write(root, { [`.knot/worktrees/${name}/notes`]: 'mine' })
  expect(await refusalOf(open())).toMatchObject({
    message: `${path} is in the way of a worktree for knot/${name}`, fix: expect.stringContaining('move it away'),
  })
  fs.rmSync(path, { recursive: true })
  git(root, 'switch', '--quiet', '-c', `knot/${name}`)
  expect(await refusalOf(open())).toMatchObject({
    message: `branch knot/${name} is checked out in ${root} already`,
  })
  git(root, 'switch', '--quiet', 'main')
  await open()
  git(path, 'switch', '--quiet', '-c', 'other')
  expect(await refusalOf(open())).toMatchObject({
    message: `${path} is on branch other, not on knot/${name}`,
    fix: `git -C '${path}' switch knot/${name}`,
  })
  git(root, 'branch', 'knot/zzzz2345')
  const below = { task: 'zzzz2345efgh6767', title: '' }
  git(root, 'branch', '-m', 'knot/zzzz2345', 'knot/zzzz2345/x')
  expect(await refusalOf(open(below))).toMatchObject({ code: 'GIT_FAILED' })
})

describe('S736: what becomes of a worktree whose claim ended', () => {
  test('it goes once its HEAD is pushed or landed', async () => {
    commit(root, { a: '1' })
    expect(await left()).toEqual({ kind: 'absent' })
    await open()
    const mine = commit(path, { b: 'work' })
    expect(await left()).toEqual({
      kind: 'stays', path, why: `commit ${mine.slice(0, 8)} in ${path} is not published`,
      fix: `cd '${path}' && knot sync`,
    })
    publish('incoming/x/y', mine)
    expect(await left()).toMatchObject({ kind: 'stays' })
    publish('push/p1', mine)
    expect(await left()).toEqual({ kind: 'closed', path })
    await open()
    git(repositories.mirror.path, 'update-ref', '-d', 'refs/knot/push/p1')
    publish('integration', commit(path, { c: 'more' }))
    git(path, 'reset', '--quiet', '--hard', 'HEAD^')
    expect(await left()).toEqual({ kind: 'closed', path })
  })

  test('it stays with what is not committed', async () => {
    publish('push/p1', commit(root, { a: '1' }))
    await open()
    write(path, { b: 'new' })
    expect(await left()).toMatchObject({
      kind: 'stays', why: `1 file is not committed in ${path}`, fix: `git -C '${path}' status`,
    })
    expect(fs.existsSync(join(path, 'b'))).toBe(true)
  })
})

test('S737: a call is about the worktree that it names, if that is one of a claim', async () => {
  const first: Oid = commit(root, { a: '1' })
  await open()
  const { checkout } = repositories
  expect(await workplaceOf(checkout, undefined, signal)).toBe(checkout)
  expect(await workplaceOf(checkout, name, signal)).toMatchObject({
    root: path, commonDir: checkout.commonDir,
  })
  for (const other of ['..', '../..', 'zzzz2345-x', join(path, 'x'), '']) {
    expect(await refusalOf(workplaceOf(checkout, other, signal))).toMatchObject({
      code: 'NOT_FOUND', message: `"${other}" is no worktree of a claim in ${root}`,
    })
  }
  fs.rmSync(join(path, '.git'))
  git(path, 'init', '--quiet')
  commit(path, { b: 'of another repository' })
  expect(await refusalOf(workplaceOf(checkout, name, signal))).toMatchObject({ code: 'NOT_FOUND' })
  expect(git(root, 'rev-parse', 'HEAD')).toBe(first)
})
