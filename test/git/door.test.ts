import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ask, GitError, run } from '../../src/git/door.ts'
import { inDirectory } from '../../src/git/repository.ts'
import { commit, folder, git, repository, signal, userConfig } from './scratch.ts'

test('S300: a quiet exit code 1 is reported, and is an error unless it was named', async () => {
  const root = repository()
  commit(root, { file: 'base\n' })
  git(root, 'checkout', '--quiet', '-b', 'other')
  const theirs = commit(root, { file: 'theirs\n' })
  git(root, 'checkout', '--quiet', 'main')
  const ours = commit(root, { file: 'ours\n' })
  const merge = ['merge-tree', '--write-tree', ours, theirs]

  const at = inDirectory(root)
  const { code, stderr } = await run(merge, { at, signal, okCodes: [0, 1] })
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
  await expect(run(merge, { at, signal })).rejects.toThrow(GitError)
})

test('a failure names the command, the code and what git said', async () => {
  const root = repository()
  await expect(run(['rev-parse', '--verify', 'nope'], { at: inDirectory(root), signal })).rejects
    .toThrow(/^git rev-parse failed with exit code 128: fatal: /)
})

test('S301: variables that steer git do not reach it', async () => {
  const root = repository()
  const other = repository()
  process.env['GIT_DIR'] = join(other, '.git')
  process.env['GIT_INDEX_FILE'] = join(other, 'index')
  process.env['GIT_CONFIG_COUNT'] = '1'
  process.env['GIT_CONFIG_KEY_0'] = 'knot.leak'
  process.env['GIT_CONFIG_VALUE_0'] = 'yes'
  try {
    const at = inDirectory(root)
    expect(await ask(['rev-parse', '--show-toplevel'], { at, signal })).toBe(root)
    const leak = await run(['config', 'knot.leak'], { at, signal, okCodes: [1] })
    expect(leak.code).toBe(1)
  } finally {
    for (const name of Object.keys(process.env)) {
      if (/^GIT_(DIR|INDEX_FILE|CONFIG_COUNT|CONFIG_KEY_0|CONFIG_VALUE_0)$/.test(name)) {
        delete process.env[name]
      }
    }
  }
})

test('S302: hooks of the user do not run for a command of knot', async () => {
  const root = repository()
  commit(root, { a: '1' })
  const hooks = folder('hooks')
  writeFileSync(join(hooks, 'reference-transaction'), '#!/bin/sh\nexit 1\n')
  chmodSync(join(hooks, 'reference-transaction'), 0o755)
  writeFileSync(userConfig, `[core]\n\thooksPath = ${hooks}\n`)
  try {
    expect(() => git(root, 'update-ref', 'refs/knot/x', 'HEAD')).toThrow()
    await run(['update-ref', 'refs/knot/x', 'HEAD'], { at: inDirectory(root), signal })
  } finally {
    writeFileSync(userConfig, '')
  }
})

test('input and output are bytes', async () => {
  const at = inDirectory(repository())
  const bytes = Uint8Array.of(0, 255, 10, 13, 0)
  const oid = await ask(['hash-object', '-w', '--stdin'], { at, signal, input: bytes })
  const { stdout } = await run(['cat-file', 'blob', oid], { at, signal })
  expect(new Uint8Array(stdout)).toEqual(bytes)
})

test('an aborted command rejects with the reason, before and during its run', async () => {
  const at = inDirectory(repository())
  const reason = new Error('enough')
  await expect(run(['version'], { at, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)

  const late = new AbortController()
  const input = 'x\n'.repeat(1e6)
  const hanging = run(['cat-file', '--batch'], { at, signal: late.signal, input })
  late.abort(reason)
  await expect(hanging).rejects.toBe(reason)
})

test('a silent command costs no waiting', async () => {
  const root = repository()
  commit(root, { a: '1' })
  const from = performance.now()
  for (let i = 0; i < 10; i++) {
    await run(['update-ref', `refs/knot/x${i}`, 'HEAD'], { at: inDirectory(root), signal })
  }
  expect((performance.now() - from) / 10).toBeLessThan(45)
})

test('a command that hangs is ended with a sentence; a missing folder is an error', async () => {
  const at = inDirectory(repository())
  const endless = run(['cat-file', '--batch'], {
    at,
    signal,
    input: 'x\n'.repeat(1e6),
    timeoutMs: 1,
  })
  await expect(endless).rejects.toThrow('git cat-file ran longer than 1 ms')
  await expect(run(['version'], { at: inDirectory('/nowhere'), signal })).rejects.toThrow()
})
