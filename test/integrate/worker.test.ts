import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { Oid, PublicKey } from '../../src/core/brand.ts'
import type { Worked } from '../../src/core/engine/input.ts'
import { FETCHES_MAX } from '../../src/core/limits.ts'
import type { FactId } from '../../src/core/room/facts.ts'
import { findCheckout } from '../../src/git/checkout.ts'
import { initMirror } from '../../src/git/mirror.ts'
import { Worker } from '../../src/integrate/worker.ts'
import { commit, folder, git, repository, signal } from '../git/scratch.ts'

const SILENT = 'a'.repeat(64) as PublicKey
const GONE = 'b'.repeat(64) as PublicKey

test('a peer that says nothing holds up one fetch, not those behind it', async () => {
  const root = repository()
  commit(root, { a: '1' })
  const found = await findCheckout(root, signal)
  if (found.kind !== 'found') throw new Error(found.kind)
  const helperFolder = folder()
  const helper = join(helperFolder, 'git-remote-knot')
  writeFileSync(helper, `#!/bin/sh\ncase "$2" in *${SILENT}*) exec sleep 60 ;; esac\nexit 1\n`)
  chmodSync(helper, 0o755)
  const home = folder()
  const at = {
    checkout: found.checkout,
    mirror: await initMirror(join(home, 'repo.git'), signal),
    route: { helperFolder, socket: '' },
    checkFolder: join(home, 'check'),
    cacheFolder: join(home, 'cache'),
  }
  const stopping = new AbortController()
  const worker = new Worker(at, { signal: stopping.signal, log: () => undefined })
  const told: Worked[] = []
  worker.start((result) => told.push(result))
  const fetch = (n: number, holder: PublicKey) => {
    const commit = String(n).padStart(40, '0') as Oid
    worker.take({ kind: 'fetch', push: String(n) as FactId, commit, holders: [holder] })
  }

  try {
    for (let n = 1; n < FETCHES_MAX; n++) fetch(n, SILENT)
    for (let n = FETCHES_MAX; n < FETCHES_MAX + 3; n++) {
      fetch(n, GONE)
      await vi.waitFor(() => expect(told).toHaveLength(n - FETCHES_MAX + 1), { timeout: 5_000 })
    }
  } finally {
    stopping.abort()
    await worker.idle()
  }
})

test('S684: a check for a head that has gone gives way to the next one', async () => {
  const root = repository()
  const check = (script: string) => commit(root, {
    'package.json': JSON.stringify({ name: 'x', scripts: { test: script } }),
  })
  const [slow, quick] = [check('sleep 600'), check('true')]
  const found = await findCheckout(root, signal)
  if (found.kind !== 'found') throw new Error(found.kind)
  const home = folder()
  const mirror = await initMirror(join(home, 'repo.git'), signal)
  git(root, 'push', '--quiet', mirror.path, `${quick}:refs/knot/push/x`)
  const at = {
    checkout: found.checkout,
    mirror,
    route: { helperFolder: folder(), socket: '' },
    checkFolder: join(home, 'check'),
    cacheFolder: join(home, 'cache'),
  }
  const stopping = new AbortController()
  const worker = new Worker(at, { signal: stopping.signal, log: () => undefined })
  const told: Worked[] = []
  worker.start((result) => told.push(result))
  const by = { name: 'ada', agent: 'ag_aaaaaaaaaaaaaaaa' }
  const tree = git(root, 'rev-parse', `${quick}^{tree}`) as Oid
  const ask = (head: Oid) => {
    const job = { kind: 'check' as const, push: 'x' as FactId, commit: quick, head, tree }
    worker.take({ ...job, message: 'Land', seconds: 0, by, holders: [] })
  }
  try {
    ask(slow)
    await vi.waitFor(() => expect(existsSync(join(home, 'check', 'package.json'))).toBe(true), 10_000)
    ask(quick)
    await vi.waitFor(() => expect(told).toMatchObject([
      { kind: 'check', head: slow, outcome: { kind: 'broke', why: 'the head moved meanwhile' } },
      { kind: 'check', head: quick, outcome: { kind: 'passed' } },
    ]), 10_000)
  } finally {
    stopping.abort()
    await worker.idle()
  }
}, 30_000)
