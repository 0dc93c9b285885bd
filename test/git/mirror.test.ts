import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Oid } from '../../src/core/brand.ts'
import { findCheckout } from '../../src/git/checkout.ts'
import { compact, sizeOf } from '../../src/git/compact.ts'
import * as mirrors from '../../src/git/mirror.ts'
import type { Checkout, Mirror } from '../../src/git/repository.ts'
import { listRefs, moveRefs, readRef, updateRef } from '../../src/git/moves.ts'
import { commit, folder, git, repository, signal, userConfig, write } from './scratch.ts'

const MINE = 'refs/knot/ag_aaaaaaaaaaaaaaaa'
let root: string
let checkout: Checkout
let mirror: Mirror

async function checkoutAt(path: string): Promise<Checkout> {
  const answer = await findCheckout(path, signal)
  if (answer.kind !== 'found') throw new Error(`expected a checkout, got ${answer.kind}`)
  return answer.checkout
}

beforeEach(async () => {
  root = repository()
  checkout = await checkoutAt(root)
  mirror = await mirrors.initMirror(join(folder(), '.knot', 'repo.git'), signal)
})

function publish(rev: string, refs: string[]) {
  return mirrors.publish({ checkout, mirror, rev, refs }, signal)
}

/** Everything of the checkout that knot must not touch. */
function untouched(path: string): string {
  const digest = createHash('sha256')
  const { gitDir, commonDir } = checkout
  for (const file of ['HEAD', 'index', 'FETCH_HEAD', 'ORIG_HEAD', 'logs/HEAD']) {
    digest.update(file).update(readIfThere(join(gitDir, file)))
  }
  digest.update(readIfThere(join(commonDir, 'config')))
  digest.update(git(path, 'for-each-ref', 'refs/heads', 'refs/tags', 'refs/remotes'))
  digest.update(git(path, 'status', '--porcelain', '-z'))
  return digest.digest('hex')
}

function readIfThere(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch {
    return Uint8Array.of()
  }
}

describe('publishing', () => {
  test('S306: a commit reaches the mirror under all refs, the checkout stays', async () => {
    const oid = commit(root, { 'a b': '1', bin: Uint8Array.of(0, 1, 2) })
    write(root, { 'a b': 'dirty', untracked: 'x' })
    git(root, 'add', 'a b')
    const before = untouched(root)
    const refs = [MINE, 'refs/knot/push/p1']
    expect(await publish('HEAD', refs)).toEqual({ kind: 'published', oid, refs })
    expect(untouched(root)).toBe(before)
    expect(git(root, 'for-each-ref', 'refs/knot')).toBe('')
    expect(await mirrors.hasCommit(mirror, oid, signal)).toBe(true)
    expect(await listRefs(mirror, signal)).toEqual(refs.map((ref) => ({ ref, oid })))
  })

  test('S307: an agent ref moves anywhere, a push ref never does', async () => {
    commit(root, { a: '1' })
    git(root, 'checkout', '--quiet', '-b', 'side')
    const side = commit(root, { b: '2' })
    await publish('side', [MINE, 'refs/knot/push/p1'])
    git(root, 'checkout', '--quiet', 'main')
    const main = commit(root, { c: '3' })
    expect((await publish('main', [MINE])).kind).toBe('published')
    expect(await readRef(mirror, MINE, signal)).toBe(main)
    expect(await publish('main', [MINE, 'refs/knot/push/p1'])).toEqual({
      kind: 'immutable',
      ref: 'refs/knot/push/p1',
      found: side,
    })
    expect((await publish('side', ['refs/knot/push/p1'])).kind).toBe('published')
  })

  test('an unborn branch, a missing revision and cut-off history are outcomes', async () => {
    expect(await publish('HEAD', [MINE])).toEqual({ kind: 'no-such-commit', rev: 'HEAD' })
    commit(root, { a: '1' })
    commit(root, { a: '2' })
    expect(await publish('nope', [MINE])).toEqual({ kind: 'no-such-commit', rev: 'nope' })
    const shallow = join(folder(), 'shallow')
    git(root, 'clone', '--quiet', '--depth=1', `file://${root}`, shallow)
    const cut = await checkoutAt(shallow)
    expect(await mirrors.publish({ checkout: cut, mirror, rev: 'HEAD', refs: [MINE] }, signal))
      .toEqual({ kind: 'shallow' })
    expect(await mirrors.bringRefs({ checkout: cut, mirror }, signal)).toEqual({ kind: 'shallow' })
  })

  test('configuration and hooks of the user do not change what is published', async () => {
    writeFileSync(userConfig, '[safe]\n\tbareRepository = explicit\n')
    git(root, 'config', 'push.followTags', 'true')
    git(root, 'config', 'push.pushOption', 'ci.skip')
    git(root, 'config', 'push.gpgSign', 'if-asked')
    write(root, { '.git/hooks/pre-push': '#!/bin/sh\nexit 1\n' })
    commit(root, { a: '1' })
    git(root, 'tag', '-a', '-m', 'x', 'v1')
    expect((await publish('HEAD', [MINE])).kind).toBe('published')
    expect((await mirrors.bringRefs({ checkout, mirror }, signal)).kind).toBe('brought')
    writeFileSync(userConfig, '')
    expect(git(mirror.path, 'for-each-ref', '--format=%(refname)')).toBe(MINE)
  })

  test('S313: a commit with .knot/ in it is not published', async () => {
    write(root, { '.Knot/keys/agent.key.json': 'mine' })
    git(root, 'add', '--force', '.Knot')
    const oid = commit(root)
    expect(await publish('HEAD', [MINE])).toEqual({ kind: 'holds-knot', oid })
  })

  test('S308: objects that fsck refuses are refused when they are published', async () => {
    const modules = '[submodule "x"]\n\tpath = a\n\turl = -u./payload\n'
    const evil = commit(root, { '.gitmodules': modules })
    const answer = await publish(evil, [MINE])
    expect(answer).toMatchObject({ kind: 'refused', why: expect.stringMatching(/gitmodulesUrl/) })
    expect(await listRefs(mirror, signal)).toEqual([])
  })

  test('odd trees survive: symlink, submodule entry, empty commit, unrelated root', async () => {
    symlinkSync('../outside', join(root, 'link'))
    const first = commit(root, { '-x': '', 'new\nline': 'ü' })
    git(root, 'update-index', '--add', '--cacheinfo', `160000,${first},sub`)
    git(root, 'commit', '--quiet', '-m', 'submodule')
    git(root, 'checkout', '--quiet', '--orphan', 'lone')
    const lone = commit(root)
    expect((await publish('main', [MINE])).kind).toBe('published')
    expect((await publish('lone', ['refs/knot/push/p2'])).kind).toBe('published')
    expect(await mirrors.hasCommit(mirror, lone, signal)).toBe(true)
    expect(git(mirror.path, 'fsck', '--strict', '--full')).not.toMatch(/error/)
  })
})

test('a commit with a missing object is not had', async () => {
  const oid = commit(root, { a: 'some content' })
  await publish('HEAD', [MINE])
  expect(await mirrors.hasCommit(mirror, 'f'.repeat(40) as Oid, signal)).toBe(false)
  const copy = await mirrors.initMirror(join(folder(), 'repo.git'), signal)
  const body = git(root, 'cat-file', 'commit', oid) + '\n'
  writeFileSync(join(copy.path, 'commit'), body)
  const write = ['hash-object', '-t', 'commit', '-w', '--literally', 'commit']
  expect(git(copy.path, ...write)).toBe(oid)
  expect(await mirrors.hasCommit(copy, oid, signal)).toBe(false)
})

describe('moving refs', () => {
  test('S309: a ref moves only from where the caller saw it', async () => {
    const [one, two] = [commit(root, { a: '1' }), commit(root, { a: '2' })]
    await publish('HEAD', [MINE])
    const ref = 'refs/knot/integration'
    expect(await updateRef(mirror, { ref, to: one }, signal)).toEqual({ kind: 'moved' })
    expect(await updateRef(mirror, { ref, to: two }, signal)).toEqual({
      kind: 'moved-by-other',
      ref,
      found: one,
    })
    expect(await updateRef(mirror, { ref, from: one, to: two }, signal)).toEqual({ kind: 'moved' })
    expect((await updateRef(mirror, { ref, from: one }, signal)).kind).toBe('moved-by-other')
    expect(await updateRef(mirror, { ref, from: two }, signal)).toEqual({ kind: 'moved' })
    expect(await readRef(mirror, ref, signal)).toBeUndefined()
    expect(await updateRef(mirror, { ref, from: two, to: one }, signal)).toEqual({
      kind: 'moved-by-other',
      ref,
    })
  })

  test('one stale move holds back all the others', async () => {
    const oid = commit(root, { a: '1' })
    await publish('HEAD', [MINE])
    const moves = [{ ref: 'refs/knot/integration', to: oid }, { ref: MINE, to: oid }]
    expect((await moveRefs(mirror, moves, signal)).kind).toBe('moved-by-other')
    expect(await readRef(mirror, 'refs/knot/integration', signal)).toBeUndefined()
  })

  test('of several moves from one place exactly one is made', async () => {
    const from = commit(root, { a: '0' })
    const tips = [1, 2, 3, 4, 5].map((n) => commit(root, { a: `${n}` }))
    await publish('HEAD', [MINE])
    const ref = 'refs/knot/integration'
    await updateRef(mirror, { ref, to: from }, signal)
    const moves = tips.map((to) => updateRef(mirror, { ref, from, to }, signal))
    const kinds = (await Promise.all(moves)).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'moved').length).toBe(1)
    expect(kinds.filter((kind) => kind === 'moved-by-other').length).toBe(4)
  })

  test('a ref never names a commit that is not here', async () => {
    const ref = 'refs/knot/integration'
    await expect(updateRef(mirror, { ref, to: 'f'.repeat(40) as Oid }, signal)).rejects.toThrow(
      /update-ref failed/,
    )
  })
})

describe('bringing refs', () => {
  test('S310: changed refs arrive, and nothing else of the checkout changes', async () => {
    const one = commit(root, { a: '1' })
    const two = commit(root, { a: '2' })
    git(root, 'config', 'fetch.prune', 'true')
    git(root, 'remote', 'add', 'origin', mirror.path)
    await publish(one, [MINE, 'refs/knot/push/p1'])
    git(mirror.path, 'update-ref', 'refs/knot/incoming/1/0', one)
    const before = untouched(root)
    expect(await mirrors.bringRefs({ checkout, mirror }, signal)).toEqual({
      kind: 'brought',
      changed: [{ ref: MINE, to: one }, { ref: 'refs/knot/push/p1', to: one }],
    })
    await publish(two, [MINE])
    expect(await mirrors.bringRefs({ checkout, mirror }, signal)).toEqual({
      kind: 'brought',
      changed: [{ ref: MINE, from: one, to: two }],
    })
    expect(untouched(root)).toBe(before)
  })

  test('a linked worktree with a detached HEAD is served as well', async () => {
    const oid = commit(root, { a: '1' })
    await publish('HEAD', [MINE])
    const linked = join(folder(), 'linked')
    git(root, 'worktree', 'add', '--quiet', '--detach', linked)
    const at = await checkoutAt(linked)
    const brought = await mirrors.bringRefs({ checkout: at, mirror }, signal)
    expect(brought).toEqual({ kind: 'brought', changed: [{ ref: MINE, to: oid }] })
  })
})

test('S850: the refs of pushes that landed go, and all that was published stays', async () => {
  const landed = commit(root, { a: '1' })
  await publish('HEAD', ['refs/knot/push/p1', 'refs/knot/integration'])
  const ahead = commit(root, { a: '2' })
  await publish('HEAD', ['refs/knot/push/p2', 'refs/knot/push/p3'])
  // That p3 landed is known here, and that the integration ref has come so far is not so yet.
  await compact(mirror, { landed: new Set(['p1', 'p3']) }, signal)
  const refs = (await listRefs(mirror, signal)).map(({ ref }) => ref)
  expect(refs).toEqual(['refs/knot/integration', 'refs/knot/push/p2', 'refs/knot/push/p3'])
  expect(await sizeOf(mirror, signal)).toMatchObject({ packs: 1, loose: 0, pushes: 2 })
  for (const oid of [landed, ahead]) {
    expect(await mirrors.hasCommit(mirror, oid, signal)).toBe(true)
  }
})

test('S312: compacting forgets nothing, not even what no ref names', async () => {
  const lone = commit(root, { a: '1' })
  await publish('HEAD', ['refs/knot/push/p1'])
  const tip = commit(root, { a: '2' })
  await publish('HEAD', [MINE])
  git(root, 'checkout', '--quiet', '--orphan', 'lone')
  const dangling = commit(root, { b: 'x' })
  await publish('HEAD', ['refs/knot/provisional/x'])
  await updateRef(mirror, { ref: 'refs/knot/provisional/x', from: dangling }, signal)
  await compact(mirror, { landed: new Set() }, signal)
  for (const oid of [lone, tip, dangling]) {
    expect(await mirrors.hasCommit(mirror, oid, signal)).toBe(true)
  }
  expect((await listRefs(mirror, signal)).length).toBe(2)
})

test('S311: locks that a killed git left are gone after the next start, refs are not', async () => {
  const oid = commit(root, { a: '1' })
  await publish('HEAD', [MINE])
  const locks = ['config.lock', 'packed-refs.lock', 'HEAD.lock', `${MINE}.lock`]
  for (const lock of [...locks, 'objects/pack/tmp_pack_abc']) {
    writeFileSync(join(mirror.path, lock), '')
    utimesSync(join(mirror.path, lock), 1_700_000_000, 1_700_000_000)
  }
  await mirrors.initMirror(mirror.path, signal)
  const names = readdirSync(mirror.path, { recursive: true, encoding: 'utf8' })
  expect(names.filter((name) => /lock$|tmp/.test(name))).toEqual([])
  expect(await updateRef(mirror, { ref: MINE, from: oid }, signal)).toEqual({ kind: 'moved' })
})
