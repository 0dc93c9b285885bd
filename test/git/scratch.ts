/** Real repositories in a temporary folder, free of this machine's git configuration. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import type { Oid } from '../../src/core/brand.ts'

const base = realpathSync(mkdtempSync(join(tmpdir(), 'knot git ')))
process.env['HOME'] = base
process.env['XDG_CONFIG_HOME'] = join(base, 'xdg')
process.env['GIT_CONFIG_GLOBAL'] = join(base, 'gitconfig')
process.env['GIT_CONFIG_NOSYSTEM'] = '1'
process.env['GIT_CEILING_DIRECTORIES'] = base
writeFileSync(join(base, 'gitconfig'), '')
afterAll(() => rmSync(base, { recursive: true, force: true }))

let folders = 0

/** A new folder whose path has a space in it. */
export function folder(name = 'dir'): string {
  const path = join(base, `${name} ${folders++}`)
  mkdirSync(path)
  return path
}

/** Where the user's own git configuration is read from. */
export const userConfig = join(base, 'gitconfig')

export const signal = new AbortController().signal

const IDENTITY = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_AUTHOR_DATE: '@1700000000 +0000',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  GIT_COMMITTER_DATE: '@1700000000 +0000',
}

/** Plain git, as a person would type it. */
export function git(cwd: string, ...args: string[]): string {
  const env = { ...process.env, ...IDENTITY }
  const stdio = ['ignore', 'pipe', 'pipe'] as const
  return execFileSync('git', args, { cwd, env, stdio: [...stdio], encoding: 'utf8' }).trimEnd()
}

/** A repository on `main`, without commits. */
export function repository(): string {
  const root = folder('repo')
  git(root, 'init', '--quiet', '-b', 'main')
  return root
}

/** Writes files; a name may hold anything a file system allows. */
export function write(root: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
}

/** Writes the files and commits everything. */
export function commit(
  root: string,
  files: Readonly<Record<string, string | Uint8Array>> = {},
  message = 'work',
): Oid {
  write(root, files)
  git(root, 'add', '--all')
  git(root, 'commit', '--quiet', '--allow-empty', '--no-verify', '-m', message)
  return git(root, 'rev-parse', 'HEAD') as Oid
}
