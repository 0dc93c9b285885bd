import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import type { Oid } from '../../src/core/brand.ts'
import { findCheckout } from '../../src/git/checkout.ts'
import { initMirror, publish } from '../../src/git/mirror.ts'
import { listRefs } from '../../src/git/moves.ts'
import { fetchUpstream, findUpstream, listUpstream, pushUpstream, type Upstream,
  withoutSecrets } from '../../src/git/upstream.ts'
import { commit, folder, git, repository, signal, userConfig } from './scratch.ts'

const A = 'refs/knot/push/aaaaaaaaaaaaaaaa'
const B = 'refs/knot/push/bbbbbbbbbbbbbbbb'

afterEach(() => {
  delete process.env['GIT_SSH_COMMAND']
})

/** A checkout with a mirror, and a bare remote as its origin. */
async function stage(url?: (bare: string) => string) {
  const bare = folder('shared')
  git(bare, 'init', '--quiet', '--bare')
  const root = repository()
  const first = commit(root, { a: '1' })
  git(root, 'remote', 'add', 'origin', url?.(bare) ?? bare)
  const found = await findCheckout(root, signal)
  if (found.kind !== 'found') throw new Error(found.kind)
  const { checkout } = found
  const mirror = await initMirror(join(folder(), 'repo.git'), signal)
  await publish({ checkout, mirror, rev: 'HEAD', refs: [A] }, signal)
  const upstream = await findUpstream({ checkout, mirror }, signal) as Upstream
  return { bare, root, first, checkout, mirror, upstream }
}

/** Everything of a checkout that knot must not touch. */
function untouched(root: string) {
  const text = (name: string) => {
    const path = join(root, '.git', name)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  }
  return [
    git(root, 'for-each-ref'), git(root, 'status', '--porcelain'), text('HEAD'), text('config'),
    text('FETCH_HEAD'), text('packed-refs'), readdirSync(join(root, '.git')).sort(),
  ]
}

test('S600: refs go to origin and come from it, and the checkout stays as it is', async () => {
  for (const url of [(bare: string) => bare, (bare: string) => pathToFileURL(bare).href]) {
    const { bare, root, first, mirror, upstream } = await stage(url)
    const before = untouched(root)
    expect(await pushUpstream(upstream, [{ ref: A, to: first }], signal)).toEqual({ kind: 'pushed' })
    expect(git(bare, 'for-each-ref', '--format=%(refname) %(objectname)')).toBe(`${A} ${first}`)
    const listed = await listUpstream(upstream, signal)
    expect(listed).toEqual({ kind: 'listed', refs: new Map([[A, first]]) })

    const clone = folder()
    git(clone, 'clone', '--quiet', bare, '.')
    const other = commit(clone, { b: '2' })
    git(clone, 'push', '--quiet', bare, `${other}:${B}`)
    const fetched = await fetchUpstream(upstream, [{ ref: B, oid: other }], signal)
    expect(fetched).toEqual({ kind: 'answered', refs: [{ kind: 'fetched', ref: B, oid: other }] })
    expect((await listRefs(mirror, signal)).map(({ ref }) => ref)).toEqual([A, B])
    expect(untouched(root)).toEqual(before)
  }
})

test('S600: an origin with a relative path is where git finds it from the checkout', async () => {
  const { bare, root, first, checkout, mirror } = await stage()
  const name = bare.slice(bare.lastIndexOf('/') + 1)
  git(root, 'remote', 'set-url', 'origin', `../${name}`)
  const upstream = await findUpstream({ checkout, mirror }, signal) as Upstream
  expect(await pushUpstream(upstream, [{ ref: A, to: first }], signal)).toEqual({ kind: 'pushed' })
  expect(git(bare, 'rev-parse', A)).toBe(first)
})

test('S600: there is no upstream without an origin', async () => {
  const { root, checkout, mirror } = await stage()
  git(root, 'remote', 'rename', 'origin', 'elsewhere')
  expect(await findUpstream({ checkout, mirror }, signal)).toBeUndefined()
})

test('an origin that is a working copy on this machine is told apart', async () => {
  const { root, checkout, mirror, upstream } = await stage()
  expect(upstream.is).toBe('remote')
  const seed = repository()
  for (const url of [seed, join(seed, '.git'), pathToFileURL(seed).href]) {
    git(root, 'remote', 'set-url', 'origin', url)
    expect((await findUpstream({ checkout, mirror }, signal))?.is, url).toBe('working-copy')
  }
  for (const url of ['host:repo', 'ssh://git@host/repo', 'https://host/repo.git', '/gone']) {
    git(root, 'remote', 'set-url', 'origin', url)
    expect((await findUpstream({ checkout, mirror }, signal))?.is, url).toBe('remote')
  }
})

test('S602: settings of the checkout count, those of the user once, and nobody is asked', async () => {
  const { bare, root, first, checkout, mirror } = await stage()
  git(root, 'remote', 'set-url', 'origin', 'short:it')
  git(root, 'config', `url.${bare}.insteadOf`, 'short:it')
  git(root, 'config', 'http.extraHeader', 'Authorization: secret')
  git(root, 'config', 'credential.helper', '')
  git(root, 'config', 'core.pager', 'false')
  writeFileSync(userConfig, '[http]\n\textraHeader = X-User: 1\n')
  const upstream = await findUpstream({ checkout, mirror }, signal) as Upstream
  writeFileSync(userConfig, '')
  expect(await pushUpstream(upstream, [{ ref: A, to: first }], signal)).toEqual({ kind: 'pushed' })
  expect(git(bare, 'rev-parse', A)).toBe(first)
  const { env, config } = upstream.at
  const told = Array.from({ length: Number(env['GIT_CONFIG_COUNT']) }, (_, n) =>
    `${env[`GIT_CONFIG_KEY_${n}`]}=${env[`GIT_CONFIG_VALUE_${n}`]}`)
  expect(told).toContain('http.extraheader=Authorization: secret')
  expect(told).toContain('credential.helper=')
  expect(told.join(' ')).not.toMatch(/X-User|pager/)
  expect(config.join(' ')).not.toContain('secret')
  expect(env).toMatchObject({ GIT_ASKPASS: '', SSH_ASKPASS_REQUIRE: 'never' })
  expect(env['GIT_SSH_COMMAND']).toBe('ssh -oBatchMode=yes')
})

test('S602: ssh runs as the user has set it, told not to ask', async () => {
  const { bare, root, first, checkout, mirror } = await stage()
  const bin = folder('bin')
  const fake = join(bin, 'ssh')
  const asked = join(bin, 'asked')
  // What git hands to ssh: options, host, and the command for the other side.
  const script = `#!/bin/sh\necho "$@" >> '${asked}'\nfor last; do :; done\nexec sh -c "$last"\n`
  writeFileSync(fake, script)
  chmodSync(fake, 0o755)
  git(root, 'config', 'core.sshCommand', `'${fake}' -i key`)
  git(root, 'config', 'ssh.variant', 'ssh')
  git(root, 'remote', 'set-url', 'origin', `git@host:${bare}`)
  const upstream = await findUpstream({ checkout, mirror }, signal) as Upstream
  expect(await pushUpstream(upstream, [{ ref: A, to: first }], signal)).toEqual({ kind: 'pushed' })
  expect(git(bare, 'rev-parse', A)).toBe(first)
  expect(readFileSync(asked, 'utf8')).toMatch(/^-i key/)
  process.env['GIT_SSH_COMMAND'] = 'ssh -p 2222'
  const env = (await findUpstream({ checkout, mirror }, signal))?.at.env
  expect(env?.['GIT_SSH_COMMAND']).toBe('ssh -p 2222 -oBatchMode=yes')
})

test('S603: passwords are shown nowhere', async () => {
  const { root, checkout, mirror } = await stage()
  git(root, 'remote', 'set-url', 'origin', 'https://ada:s3cret@localhost:1/x.git')
  const upstream = await findUpstream({ checkout, mirror }, signal) as Upstream
  expect(upstream.shown).toBe('https://localhost:1/x.git')
  for (const [url, shown] of [
    ['https://ada:secret@example.org/repo.git', 'https://example.org/repo.git'],
    ['git@example.org:repo.git', 'git@example.org:repo.git'],
  ] as const) {
    git(root, 'remote', 'set-url', 'origin', url)
    expect((await findUpstream({ checkout, mirror }, signal))?.shown).toBe(shown)
  }
  const listed = await listUpstream(upstream, signal)
  expect(listed.kind).toBe('failed')
  expect(JSON.stringify(listed)).not.toContain('s3cret')
  expect(withoutSecrets('ssh://git:pw@host/x and https://t0ken@host/y'))
    .toBe('ssh://git@host/x and https://host/y')
  expect(withoutSecrets('git@host:x/y.git')).toBe('git@host:x/y.git')
})

test('S604: a ref moves only from where it was said to be, and several move together', async () => {
  const { bare, root, first, checkout, mirror, upstream } = await stage()
  const second = commit(root, { a: '2' })
  await publish({ checkout, mirror, rev: 'HEAD', refs: [B] }, signal)
  const push = (...moves: Parameters<typeof pushUpstream>[1]) =>
    pushUpstream(upstream, moves, signal)
  expect(await push({ ref: A, to: first })).toEqual({ kind: 'pushed' })
  const stale = { ref: A, from: second, to: second }
  expect(await push({ ref: B, to: second }, stale)).toMatchObject({ kind: 'failed' })
  expect(await push({ ref: B, to: second }, { ref: A, to: second })).toMatchObject({ kind: 'failed' })
  expect(git(bare, 'for-each-ref', '--format=%(refname) %(objectname)')).toBe(`${A} ${first}`)
  expect(await push({ ref: B, to: second }, { ref: A, from: first, to: second }))
    .toEqual({ kind: 'pushed' })
})

test('S604: a host without --atomic takes each ref by its own swap', async () => {
  const { bare, root, first, checkout, mirror, upstream } = await stage()
  git(bare, 'config', 'receive.advertiseAtomic', 'false')
  const second = commit(root, { a: '2' })
  await publish({ checkout, mirror, rev: 'HEAD', refs: [B] }, signal)
  const moves = [{ ref: A, to: first }, { ref: B, to: second }]
  expect(await pushUpstream(upstream, moves, signal)).toEqual({ kind: 'pushed' })
  const stale = [{ ref: A, from: second, to: second }]
  expect(await pushUpstream(upstream, stale, signal)).toMatchObject({ kind: 'failed' })
  expect(git(bare, 'rev-parse', A)).toBe(first)
})

test('S605: a tip that is not the wanted commit is refused, and a name that is not there is told', async () => {
  const { first, mirror, upstream } = await stage()
  await pushUpstream(upstream, [{ ref: A, to: first }], signal)
  const oid = 'c'.repeat(40) as Oid
  const fetched = await fetchUpstream(upstream, [{ ref: B, from: A, oid }], signal)
  expect(fetched).toEqual({
    kind: 'answered', refs: [{ kind: 'refused', ref: B, wanted: oid, found: first }],
  })
  expect(await fetchUpstream(upstream, [{ ref: B, oid }], signal)).toEqual({
    kind: 'answered', refs: [{ kind: 'not-there', ref: B }],
  })
  expect((await listRefs(mirror, signal)).map(({ ref }) => ref)).toEqual([A])
})

test('a remote that is gone is an answer, with git’s own words', async () => {
  const { bare, root, first, checkout, mirror } = await stage()
  git(root, 'remote', 'set-url', 'origin', `${bare}-gone`)
  const upstream = await findUpstream({ checkout, mirror }, signal) as Upstream
  const failed = { kind: 'failed', why: expect.stringContaining('does not') }
  expect(await listUpstream(upstream, signal)).toMatchObject(failed)
  expect(await pushUpstream(upstream, [{ ref: A, to: first }], signal)).toMatchObject(failed)
  expect(await fetchUpstream(upstream, [{ ref: B, oid: 'd'.repeat(40) as Oid }], signal))
    .toMatchObject(failed)
  expect(statSync(join(root, '.git')).isDirectory()).toBe(true)
})
