/**
 * Every kind of check on a real small repository, with the tools that this machine has. A test
 * whose tool is missing is skipped by name; what would run there is in detect.test.ts.
 */
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Oid } from '../../../src/core/brand.ts'
import { treeOf } from '../../../src/git/merge.ts'
import { initMirror } from '../../../src/git/mirror.ts'
import type { Worktree } from '../../../src/git/worktree.ts'
import { checksOf, checkTree } from '../../../src/integrate/checks/check.ts'
import { commit, folder, git, repository, signal, write } from '../../git/scratch.ts'

// The scratch home is empty, and toolchains stand in the real one.
const home = userInfo().homedir
process.env['RUSTUP_HOME'] ??= join(home, '.rustup')
process.env['PYENV_ROOT'] ??= join(home, '.pyenv')
const bin = new URL('../../../node_modules/.bin', import.meta.url).pathname
process.env['PATH'] = `${process.env['PATH']}:${bin}`

/** Whether a tool is here and works: a shim may stand for a program that is not installed. */
function works(tool: string, flag = '--version'): boolean {
  try {
    execFileSync(tool, [flag], { stdio: 'ignore', timeout: 20_000 })
    return true
  } catch {
    return false
  }
}

/** The major version of the Yarn that is here; 0 without one. Its two lives are two programs. */
function yarnMajor(): number {
  try {
    return Number.parseInt(execFileSync('yarn', ['--version'], { encoding: 'utf8' }), 10)
  } catch {
    return 0
  }
}

let root: string
let worktree: Worktree
let cache: string

beforeEach(async () => {
  root = repository()
  const knot = join(root, '.knot')
  fs.mkdirSync(knot)
  fs.writeFileSync(join(root, '.git', 'info', 'exclude'), '/.knot/\n')
  worktree = {
    mirror: await initMirror(join(knot, 'repo.git'), signal),
    folder: join(knot, 'check'),
  }
  cache = join(knot, 'cache')
})

type Files = Record<string, string>

async function treeWith(files: Files): Promise<Oid> {
  const head = commit(root, files)
  git(worktree.mirror.path, 'fetch', '--quiet', root, '+HEAD:refs/knot/push/p1')
  return treeOf(worktree.mirror, head, signal)
}

/** Check by check, its name and how it ended, with its output where it failed. */
async function ran(files: Files, timeoutMs = 120_000): Promise<string[]> {
  const tree = await treeWith(files)
  const detected = await checksOf(worktree, tree, signal)
  if (detected.kind !== 'checks') return [`${detected.file}: ${detected.why}`]
  const bench = { cache, sandbox: { kind: 'none', why: 'test' }, timeoutMs } as const
  const checked = await checkTree({ worktree, bench, tree, checks: detected.checks }, signal)
  if (checked.kind === 'stuck') return [checked.why]
  if (checked.kind === 'not-installed') return [`install: ${checked.evidence.output}`]
  expect(checked.tree).toEqual({ kind: 'equal' })
  return checked.evidence.map(({ name, outcome, output }) => {
    if (outcome.kind !== 'exited') return `${name}: ${outcome.kind}`
    return outcome.code === 0 ? `${name}: passed` : `${name}: ${outcome.code}\n${output}`
  })
}

const json = (value: object) => `${JSON.stringify(value)}\n`

/** Passes with the right sum, fails with the wrong one: a check that cannot fail shows nothing. */
async function tells(name: string, files: (sum: string) => Files): Promise<void> {
  expect(await ran(files('3'))).toEqual([`${name}: passed`])
  const [bad] = await ran(files('4'))
  expect(bad).toMatch(new RegExp(`^${name}: [1-9]`))
}

describe('each kind of check passes and fails for real', () => {
  test('npm: a script', () =>
    tells('test', (sum) => ({
      'package.json': json({ scripts: { pretest: 'node -e 0', test: `node -e "if (1+2!=${sum}) throw 1"` } }),
    })))

  test('tsc', () =>
    tells('typecheck', (sum) => ({
      'package.json': json({ devDependencies: { typescript: '*' } }),
      'package-lock.json': json({ lockfileVersion: 3, packages: { '': {} } }),
      'tsconfig.json': json({ compilerOptions: { strict: true, types: [] }, files: ['a.ts'] }),
      'a.ts': `export const sum: 3 = ${sum}\n`,
    })))

  test('tsc, of a root that only refers to others', () =>
    tells('typecheck', (sum) => ({
      'package.json': json({ devDependencies: { typescript: '*' } }),
      'package-lock.json': json({ lockfileVersion: 3, packages: { '': {} } }),
      'tsconfig.json': json({ files: [], references: [{ path: './app' }] }),
      'app/tsconfig.json': json({
        compilerOptions: { composite: true, strict: true, types: [], outDir: '../out' },
        files: ['a.ts'],
      }),
      'app/a.ts': `export const sum: 3 = ${sum}\n`,
    })))

  test('node --test', () =>
    tells('test', (sum) => ({
      'sum.test.mjs': `import test from 'node:test'\ntest('sum', () => { if (1 + 2 !== ${sum}) throw 1 })\n`,
    })))

  test.skipIf(!works('make'))('make', async () => {
    await tells('make test', (sum) => ({ Makefile: `.PHONY: test\nall test:\n\t@[ 3 = ${sum} ]\n` }))
  })

  test.skipIf(!works('make'))('make check, where there is no target test', async () => {
    await tells('make check', (sum) => ({ Makefile: `check::\n\t@[ 3 = ${sum} ]\n` }))
  })

  test.skipIf(!works('pytest'))('pytest, of a flat layout', () =>
    tells('pytest', (sum) => ({
      'sums.py': 'def add(a, b):\n    return a + b\n',
      'tests/test_sums.py': `import sums\n\ndef test_add():\n    assert sums.add(1, 2) == ${sum}\n`,
    })))

  test.skipIf(!works('go', 'version'))('go', () =>
    tells('go', (sum) => ({
      'go.mod': 'module example.org/sums\n\ngo 1.19\n',
      'sum_test.go':
        `package sums\n\nimport "testing"\n\nfunc TestSum(t *testing.T) {\n\tif 1+2 != ${sum} {\n\t\tt.Fatal("sum")\n\t}\n}\n`,
    })))

  test.skipIf(!works('go', 'version'))('go, of a module in a subfolder', () =>
    tells('go server', (sum) => ({
      'README.md': 'x\n',
      'server/go.mod': 'module example.org/sums\n\ngo 1.19\n',
      'server/sum_test.go':
        `package sums\n\nimport "testing"\n\nfunc TestSum(t *testing.T) {\n\tif 1+2 != ${sum} {\n\t\tt.Fatal("sum")\n\t}\n}\n`,
    })))

  test.skipIf(!works('cargo'))('cargo, with a member beside the package at the root', () =>
    tells('cargo', (sum) => ({
      'Cargo.toml': '[package]\nname = "sums"\nversion = "0.1.0"\nedition = "2021"\n\n[workspace]\nmembers = ["more"]\n',
      'src/lib.rs': 'pub fn one() -> i32 { 1 }\n',
      'more/Cargo.toml': '[package]\nname = "more"\nversion = "0.1.0"\nedition = "2021"\n',
      'more/src/lib.rs': `#[test]\nfn sum() { assert_eq!(1 + 2, ${sum}); }\n`,
    })))
})

describe('monorepos', () => {
  const packages = (sum: string): Files => ({
    'package.json': json({ private: true, workspaces: ['packages/*'] }),
    'packages/a/package.json': json({ name: 'a', version: '1.0.0', main: 'a.js' }),
    'packages/a/a.js': 'exports.three = 3\n',
    'packages/b/package.json': json({
      name: 'b',
      version: '1.0.0',
      dependencies: { a: '1.0.0' },
      scripts: { test: `node -e "if (require('a').three != ${sum}) throw 1"` },
    }),
    '.gitignore': 'node_modules\n',
  })

  test('npm’s workspaces are linked and tested, without a script at the root', () =>
    tells('test packages/b', packages))

  test('two packages side by side, each with its own dependencies', async () => {
    const packages = {
      '': { dependencies: { dep: 'file:./dep' } },
      dep: { version: '1.0.0' },
      'node_modules/dep': { resolved: 'dep', link: true },
    }
    const one = (folder: string, script: string): Files => ({
      [`${folder}/package.json`]: json({ dependencies: { dep: 'file:./dep' }, scripts: { test: script } }),
      [`${folder}/package-lock.json`]: json({ lockfileVersion: 3, requires: true, packages }),
      [`${folder}/dep/package.json`]: json({ name: 'dep', version: '1.0.0' }),
      [`${folder}/dep/index.js`]: `module.exports = '${folder}'\n`,
    })
    const script = 'node -e "if (!process.cwd().endsWith(require(\'dep\'))) throw 1"'
    const files = { ...one('web', script), ...one('api', script), '.gitignore': 'node_modules\n' }
    expect(await ran(files)).toEqual(['test api: passed', 'test web: passed'])
    const installed = fs.statSync(join(worktree.folder, 'web/node_modules')).ino
    expect(await ran({ ...files, new: '' })).toEqual(['test api: passed', 'test web: passed'])
    expect(fs.statSync(join(worktree.folder, 'web/node_modules')).ino).toBe(installed)
  })

  test('a runner that is installed for one folder only is found there', async () => {
    const files = {
      'web/package.json': json({ devDependencies: { ava: 'file:./ava' } }),
      'web/package-lock.json': json({
        lockfileVersion: 3,
        packages: {
          '': { devDependencies: { ava: 'file:./ava' } },
          ava: { version: '1.0.0', dev: true, bin: { ava: 'cli.js' } },
          'node_modules/ava': { resolved: 'ava', link: true },
        },
      }),
      'web/ava/package.json': json({ name: 'ava', version: '1.0.0', bin: { ava: 'cli.js' } }),
      'web/ava/cli.js': '#!/usr/bin/env node\nconsole.log("fine")\n',
      'web/a.test.js': '',
      '.gitignore': 'node_modules\n',
    }
    write(root, files)
    // As its author has it: npm makes it executable where it links it.
    fs.chmodSync(join(root, 'web/ava/cli.js'), 0o755)
    expect(await ran(files)).toEqual(['test web: passed'])
  })

  test.skipIf(!works('pnpm'))('those of pnpm', () =>
    tells('test packages/b', (sum) => {
      const { 'package.json': _, ...rest } = packages(sum)
      return {
        ...rest,
        'package.json': json({ private: true }),
        'packages/b/package.json': rest['packages/b/package.json']!.replace('1.0.0"},', 'workspace:*"},'),
        'pnpm-workspace.yaml': 'packages:\n  - "packages/*"\n',
        'pnpm-lock.yaml': PNPM_LOCK,
      }
    }))

  test.skipIf(yarnMajor() !== 1)('those of Yarn 1', () =>
    tells('test packages/b', (sum) => ({ ...packages(sum), 'yarn.lock': YARN_LOCK })))

  test.skipIf(yarnMajor() < 2)('those of Yarn 4, whose loader replaces node_modules', async () => {
    const scratch = folder('yarn')
    write(scratch, { ...packages('3'), 'yarn.lock': '' })
    execFileSync('yarn', ['install', '--mode=update-lockfile'], { cwd: scratch, stdio: 'ignore' })
    // As it stands in a repository that Yarn was used in: it formats manifests, too.
    const files = Object.fromEntries(
      [...Object.keys(packages('3')), 'yarn.lock'].map((path) =>
        [path, fs.readFileSync(join(scratch, path), 'utf8')]),
    )
    files['.gitignore'] = '.pnp.*\n.yarn\n'
    expect(await ran(files)).toEqual(['test packages/b: passed'])
    const installed = fs.statSync(join(worktree.folder, '.pnp.cjs')).ino
    expect(await ran({ ...files, new: '' })).toEqual(['test packages/b: passed'])
    expect(fs.statSync(join(worktree.folder, '.pnp.cjs')).ino).toBe(installed)
  })

  test.skipIf(!works('bun'))('those of Bun', () =>
    tells('test packages/b', (sum) => ({ ...packages(sum), 'bun.lock': BUN_LOCK })))
})

describe('what real repositories do', () => {
  test('npm’s placeholder, a Makefile without tests and pytest’s settings alone are no checks', async () => {
    expect(await ran({
      'package.json': json({ scripts: { test: 'echo "Error: no test specified" && exit 1' } }),
      Makefile: 'all:\n\techo\n',
      'pyproject.toml': '[tool.pytest.ini_options]\naddopts = "-q"\n',
    })).toEqual([])
  })

  test('S744: a check has no terminal: what asks one is told at once that there is none', async () => {
    const script = 'read answer; [ -z "$answer" ] && ! [ -t 0 ] && ! (: < /dev/tty) 2> /dev/null'
    expect(await ran({ 'package.json': json({ scripts: { test: script } }) }, 20_000)).toEqual([
      'test: passed',
    ])
  })

  test('a runner that watches by default runs once', async () => {
    expect(await ran({
      'package.json': json({ scripts: { test: 'vitest' } }),
      'a.test.mjs': `import { test } from 'vitest'\ntest('a', () => {})\n`,
      'vitest.config.mjs': 'export default { cacheDir: "/tmp/none", root: "." }\n',
    }, 60_000)).toEqual(['test: passed'])
  })
})

const PNPM_LOCK = `lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .: {}

  packages/a: {}

  packages/b:
    dependencies:
      a:
        specifier: workspace:*
        version: link:../a
`

const YARN_LOCK = `# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.
# yarn lockfile v1


`

const BUN_LOCK = json({
  lockfileVersion: 1,
  workspaces: {
    '': {},
    'packages/a': { name: 'a', version: '1.0.0' },
    'packages/b': { name: 'b', version: '1.0.0', dependencies: { a: '1.0.0' } },
  },
  packages: { a: ['a@workspace:packages/a'], b: ['b@workspace:packages/b'] },
})
