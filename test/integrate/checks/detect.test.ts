import { describe, expect, test } from 'vitest'
import {
  detectChecks, detectDependencies, type Check,
} from '../../../src/integrate/checks/detect.ts'
import { readSettings } from '../../../src/integrate/checks/settings.ts'
import { changesChecks } from '../../../src/integrate/checks/steering.ts'

function listing(files: Record<string, string | object>) {
  const texts = new Map<string, string>()
  for (const [path, content] of Object.entries(files)) {
    texts.set(path, typeof content === 'string' ? content : JSON.stringify(content))
  }
  return { paths: Object.keys(files), texts }
}

function checks(files: Record<string, string | object>): Check[] {
  const detected = detectChecks(listing(files))
  if (detected.kind !== 'checks') throw new Error(JSON.stringify(detected))
  return detected.checks
}

const lines = (files: Record<string, string | object>) =>
  checks(files).map(({ name, command }) => `${name}: ${command.join(' ')}`)

const PYTEST = 'pytest: env PYTHONPATH=. pytest -q'

describe('detecting', () => {
  test('S344: a repository without checks has none, and npm’s placeholder is none', () => {
    expect(checks({ 'README.md': '' })).toEqual([])
    const test = 'echo "Error: no test specified" && exit 1'
    expect(checks({ 'package.json': { scripts: { test } } })).toEqual([])
    expect(checks({ 'package.json': { scripts: { test: ' ' } } })).toEqual([])
    expect(checks({ 'package.json': { scripts: { __proto__: { test: 'x' } } } })).toEqual([])
  })

  test('a script is the text that this tree has, with what npm runs around it', () => {
    const scripts = { pretest: 'a; b', test: 'vitest run', posttest: 'c', typecheck: 'tsc' }
    expect(lines({ 'package.json': { scripts } })).toEqual([
      'typecheck: sh -c tsc',
      'test: sh -c (a; b) && (vitest run) && (c)',
    ])
  })

  test('tsc runs where there is a tsconfig and typescript, and no script that does it', () => {
    const devDependencies = { typescript: '7' }
    const tsc = 'typecheck: tsc -p tsconfig.json --noEmit'
    expect(lines({ 'package.json': { devDependencies }, 'tsconfig.json': '{}' })).toEqual([tsc])
    expect(lines({ 'package.json': {}, 'tsconfig.json': '{}' })).toEqual([])
    const scripts = { test: 'npm run typecheck && vitest run', typecheck: 'tsc' }
    const both = { 'package.json': { devDependencies, scripts }, 'tsconfig.json': '{}' }
    expect(lines(both)).toEqual([`test: sh -c ${scripts.test}`])
  })

  test('test files without a script are run by node', () => {
    expect(lines({ 'test/a.test.mjs': '' })).toEqual(['test: node --test'])
    expect(lines({ 'a.test.ts': '', 'package.json': {} })).toEqual(['test: node --test'])
    expect(lines({ 'node_modules/x/a.test.js': '', 'atest.js': '' })).toEqual([])
  })

  test('each language has its own command', () => {
    expect(lines({ 'go.mod': '', 'Cargo.toml': '', 'Cargo.lock': '' })).toEqual([
      'go: go test ./...',
      'cargo: cargo test --workspace --locked',
    ])
    expect(lines({ 'src/test_a.py': '' })).toEqual([PYTEST])
    expect(lines({ 'pyproject.toml': '[project]\n', 'contest.py': '' })).toEqual([])
    expect(lines({ 'pom.xml': '', mvnw: '' })).toEqual(['maven: ./mvnw -q -B test'])
    expect(lines({ 'build.gradle.kts': '' })).toEqual(['gradle: gradle --no-daemon -q test'])
  })

  test('S742: pytest counts where there are tests for it, not where it is only set up', () => {
    const pyproject = '[tool.pytest.ini_options]\n'
    expect(lines({ 'pyproject.toml': pyproject, 'conftest.py': '' })).toEqual([])
    expect(lines({ 'pytest.ini': '[pytest]\n', 'a_test.py': '' })).toEqual([PYTEST])
    const named = { 'pyproject.toml': `${pyproject}python_files = "check_*.py"\n` }
    expect(lines(named)).toEqual([PYTEST])
    expect(lines({ 'vendor/x/test_a.py': '', 'lib/testdata/test_b.py': '' })).toEqual([])
  })

  test('S741: Go and Cargo are checked where their topmost manifests stand', () => {
    expect(lines({ 'go.mod': '', 'tools/go.mod': '' })).toEqual(['go: go test ./...'])
    const nested = {
      'api/go.mod': '', 'api/gen/go.mod': '', 'vendor/x/go.mod': '', '_old/go.mod': '',
      'go.work': '', "it's/Cargo.toml": '', "it's/Cargo.lock": '', 'examples/Cargo.toml': '',
    }
    const path = 'PATH="$PWD/node_modules/.bin:$PATH"'
    expect(lines(nested)).toEqual([
      `go api: sh -c cd api && ${path} && go test ./...`,
      String.raw`cargo it's: sh -c cd 'it'\''s' && ${path} && cargo test --workspace --locked`,
    ])
  })

  test('S741: so are packages where the root is none, each with its own tools', () => {
    const files = {
      'web/package.json': { devDependencies: { vitest: '1' } }, 'web/src/a.test.ts': '',
      'web/pnpm-lock.yaml': 'x', 'node_modules/y/package.json': {},
      'server/package.json': { workspaces: ['lib/*'] }, 'server/package-lock.json': '"node_modules/',
      'server/lib/a/package.json': { scripts: { test: 'one' } },
      'examples/x/package.json': { scripts: { test: 'no' } }, 'loose.test.mjs': '',
    }
    const into = (folder: string) => `cd ${folder} && PATH="$PWD/node_modules/.bin:$PATH" &&`
    expect(lines(files)).toEqual([
      'test: node --test',
      `test web: sh -c ${into('web')} vitest run`,
      `test server/lib/a: sh -c ${into('server')} (${into('lib/a')} (one))`,
    ])
    const found = detectDependencies(listing(files))
    expect(found).toMatchObject({ kind: 'install', tools: ['pnpm', 'npm'] })
    expect(found.kind === 'install' && found.command[2]).toMatch(
      /^\(cd web && .* && pnpm install .*\) && \(cd server && .* && npm ci .*\)$/,
    )
    const many = Array.from({ length: 17 }, (_, n) => [`p${n}/package.json`, {}])
    expect(detectChecks(listing(Object.fromEntries(many)))).toMatchObject({
      kind: 'malformed', why: expect.stringContaining('name the checks in .knot.toml'),
    })
  })

  test('S741: a check of a folder that the tested tree does not have is left out', () => {
    const base = listing({
      'package.json': { workspaces: ['p/*'] }, 'p/a/package.json': { scripts: { test: 'one' } },
      'p/b/package.json': { scripts: { test: 'two' } }, 'api/go.mod': '', 'old/go.mod': '',
    })
    const names = (tested: string[]) => {
      const detected = detectChecks(base, tested)
      return detected.kind === 'checks' ? detected.checks.map(({ name }) => name) : []
    }
    expect(names(['package.json', 'p/b/x.js', 'p/ab', 'api/main.go'])).toEqual(['test p/b', 'go api'])
    expect(names([...base.paths])).toEqual(['test p/a', 'test p/b', 'go api', 'go old'])
    const web = listing({ 'web/package.json': { scripts: { test: 'one' } } })
    expect(detectChecks(web, ['site/package.json'])).toMatchObject({ checks: [] })
  })

  test('the runner that a package depends on runs its test files', () => {
    const of = (tool: string, file: string) =>
      lines({ 'package.json': { devDependencies: { [tool]: '1' } }, [file]: '' })
    expect(of('vitest', 'src/a.spec.tsx')).toEqual(['test: vitest run'])
    expect(of('jest', '__tests__/a.js')).toEqual(['test: jest --ci'])
    expect(of('mocha', 'test/a.js')).toEqual(['test: mocha'])
    expect(of('ava', 'a.test.js')).toEqual(['test: ava'])
    expect(of('left-pad', 'a.test.js')).toEqual(['test: node --test'])
    expect(lines({ 'package.json': {}, 'bun.lock': '', 'a.test.ts': '' })).toEqual([
      'test: bun test',
    ])
  })

  test('a Makefile counts when nothing else does', () => {
    const Makefile = 'all:\n\ntest: all\n\t./run\n'
    expect(lines({ Makefile })).toEqual(['make test: make test'])
    expect(lines({ Makefile, 'go.mod': '' })).toEqual(['go: go test ./...'])
    expect(lines({ Makefile: 'test := x\nmytest:\n\t:\n' })).toEqual([])
    expect(lines({ Makefile: 'all check:: x # y\n' })).toEqual(['make check: make check'])
    expect(lines({ Makefile: 'check:\ntest : check\n' })).toEqual(['make test: make test'])
    expect(lines({ Makefile: '# test:\n\ttest:\ntest ::= x\nx: test\n' })).toEqual([])
    // GNU make reads this one, and not the other.
    expect(lines({ GNUmakefile: 'all:\n', Makefile: 'test:\n' })).toEqual([])
  })

  test('checks that are named replace all that are detected', () => {
    const toml = '[[check]]\nname = "unit"\nrun = "make unit"\ntimeout = 60\n'
    expect(checks({ '.knot.toml': toml, 'go.mod': '' })).toEqual([
      { name: 'unit', command: ['sh', '-c', 'make unit'], tools: ['sh'], from: '.knot.toml',
        timeoutMs: 60_000 },
    ])
    expect(lines({ '.knot.toml': '[room]\n', 'go.mod': '' })).toEqual(['go: go test ./...'])
  })

  test('S345: a malformed file is named with its line, and stands for no passed check', () => {
    expect(detectChecks(listing({ 'package.json': '{"scripts":' }))).toMatchObject({
      kind: 'malformed',
      file: 'package.json',
    })
    const toml = '[[check]]\nname = "unit"\n# no run\n'
    expect(detectChecks(listing({ '.knot.toml': toml }))).toEqual({
      kind: 'malformed',
      file: '.knot.toml',
      line: 1,
      why: 'the check "unit" has no run',
    })
  })

  test('S345: a setting that would keep every daemon from starting stands for none either', () => {
    const toml = '# ours\nlan_only = "maybe"\n\n[[check]]\nname = "unit"\nrun = "true"\n'
    expect(detectChecks(listing({ '.knot.toml': toml }))).toMatchObject({
      kind: 'malformed', file: '.knot.toml', line: 2, why: expect.stringContaining('lan_only'),
    })
  })
})

describe('S740: the workspaces of a root without a test', () => {
  const member = (test: string) => ({ scripts: { test } })
  const members = {
    'packages/a/package.json': member('one'),
    'packages/b/package.json': { scripts: { pretest: 'two', test: 'three' } },
    'packages/none/package.json': {},
    'apps/deep/er/package.json': member('four'),
    'packages/a/fixtures/package.json': member('no'),
  }
  const at = (folder: string, script: string) =>
    `test ${folder}: sh -c cd ${folder} && PATH="$PWD/node_modules/.bin:$PATH" && (${script})`

  test('are each checked in their folder, by their own scripts', () => {
    const workspaces = ['./packages/*/', 'apps/**', '!packages/b']
    const wanted = [at('packages/a', 'one'), at('apps/deep/er', 'four')]
    expect(lines({ 'package.json': { workspaces }, ...members })).toEqual(wanted)
    const object = { workspaces: { packages: ['packages/b'] } }
    expect(lines({ 'package.json': object, ...members })).toEqual([
      at('packages/b', '(two) && (three)'),
    ])
    const yaml = `packages:\n  # ours\n  - 'packages/*' # all\n  - "!packages/b"\n  - apps/**\nx: 1\n`
    expect(lines({ 'package.json': {}, 'pnpm-workspace.yaml': yaml, ...members })).toEqual(wanted)
    const flow = { 'package.json': {}, 'pnpm-workspace.yaml': 'packages: ["packages/a"]\n' }
    expect(lines({ ...flow, ...members })).toEqual([at('packages/a', 'one')])
  })

  test('a root that tests speaks for them', () => {
    const root = { workspaces: ['packages/*'], scripts: { test: 'all' } }
    expect(lines({ 'package.json': root, ...members })).toEqual(['test: sh -c all'])
  })

  test('are at most 32 checks, of which the last runs all the rest', () => {
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [`p/${n}/package.json`, member(`run ${n}`)]),
    )
    const found = checks({ 'package.json': { workspaces: ['p/*'] }, ...many })
    expect(found.length).toBe(32)
    expect(found.at(-1)?.name).toBe('test p/31 and 8 more')
    for (let n = 31; n < 40; n++) expect(found.at(-1)?.command[2]).toContain(`(run ${n})`)
  })

  test('one that does not read is named, unless the checks are named by hand', () => {
    const files = { 'package.json': { workspaces: ['p/*'] }, 'p/a/package.json': '{' }
    expect(detectChecks(listing(files))).toMatchObject({
      kind: 'malformed', file: 'p/a/package.json',
    })
    const toml = '[[check]]\nname = "a"\nrun = "b"\n'
    expect(lines({ ...files, '.knot.toml': toml })).toEqual(['a: sh -c b'])
  })
})

describe('dependencies', () => {
  const of = (files: Record<string, string | object>) => {
    const found = detectDependencies(listing(files))
    return found.kind === 'none' ? 'none' : found.command.join(' ')
  }

  test('the lockfile names the tool; a lockfile without packages installs nothing', () => {
    const manifest = { 'package.json': { dependencies: { a: '1' } } }
    const filled = { packages: { '': {}, 'node_modules/a': {} } }
    const npm = 'npm ci --ignore-scripts --no-audit --no-fund --no-progress'
    expect(of({ ...manifest, 'package-lock.json': filled })).toBe(npm)
    expect(of({ ...manifest, 'package-lock.json': { packages: { '': {} } } })).toBe('none')
    expect(of({ ...manifest, 'pnpm-lock.yaml': 'x' })).toBe(
      'pnpm install --frozen-lockfile --ignore-scripts',
    )
    expect(of({ ...manifest, 'yarn.lock': 'x', '.yarnrc.yml': 'a: b' })).toBe(
      'yarn install --immutable --mode=skip-build',
    )
    expect(of(manifest)).toMatch(/^npm install --no-package-lock --ignore-scripts/)
    expect(of({ 'package.json': {} })).toBe('none')
    expect(of({})).toBe('none')
    const berry = 'yarn install --immutable --mode=skip-build'
    expect(of({ ...manifest, 'yarn.lock': '__metadata:\n  version: 8\n' })).toBe(berry)
    expect(of({ ...manifest, 'bun.lockb': 'x' })).toBe(
      'bun install --frozen-lockfile --ignore-scripts',
    )
    expect(of({ 'package.json': { workspaces: ['a'] }, 'a/package.json': {} })).toMatch(/^npm ins/)
  })

  test('S743: all that decides an install names its set', () => {
    const files = {
      'package.json': { workspaces: ['p/*'] }, 'package-lock.json': '"node_modules/', '.npmrc': 'a',
      'p/x/package.json': {},
    }
    const inputs = (more: object = {}) => {
      const found = detectDependencies(listing({ ...files, ...more }))
      return found.kind === 'install' ? found.inputs : []
    }
    const changes = [{}, { '.npmrc': 'b' }, { 'package-lock.json': ' "node_modules/' },
      { 'p/x/package.json': { a: 1 } }, { 'p/y/package.json': {} }]
    expect(new Set(changes.map((one) => JSON.stringify(inputs(one)))).size).toBe(changes.length)
  })

  test('S743: a lockfile that is there and does not read is never passed over', () => {
    const { texts } = listing({ 'package.json': { dependencies: { a: '1' } } })
    const paths = ['package.json', 'package-lock.json']
    expect(detectChecks({ paths, texts })).toMatchObject({
      kind: 'malformed', file: 'package-lock.json',
    })
  })
})

describe('.knot.toml', () => {
  test('both kinds of string, comments, and foreign tables', () => {
    const text = [
      '# a comment', 'lan_only = true', '[room]', 'name = [1, 2]', '', '[[check]] # one',
      `name = 'unit tests'`, String.raw`run = "echo \"a\\b\" && x" # run`, 'timeout = 5 # seconds',
      '[[ check ]]', 'name="two"', `run='a "b" # c'`,
    ]
    expect(readSettings(text.join('\r\n'))).toEqual({
      kind: 'settings',
      checks: [
        { name: 'unit tests', run: 'echo "a\\b" && x', timeoutMs: 5000 },
        { name: 'two', run: 'a "b" # c' },
      ],
    })
  })

  test('whatever is misspelt is an error at its line', () => {
    const why = (text: string) => {
      const settings = readSettings(text)
      return settings.kind === 'malformed' ? `${settings.line}: ${settings.why}` : 'fine'
    }
    expect(why('[check]\nname = "a"')).toMatch(/^1: a check begins with \[\[check\]\]/)
    expect(why('[[checks]]')).toMatch(/^1: /)
    const check = '[[check]]\nname = "a"\nrun = "b"\n'
    expect(why(`${check}cmd = "b"`)).toMatch(/^4: "cmd" is no setting/)
    expect(why(`${check}run = "c"`)).toBe('4: run is given twice')
    expect(why(`${check}timeout = 0`)).toMatch(/^4: timeout must be between/)
    expect(why(`${check}timeout = "5"`)).toMatch(/^4: timeout must be/)
    expect(why(`${check}what is this`)).toMatch(/^4: "what is this" is not of the form/)
    expect(why('[[check]]\nrun = "b')).toMatch(/^2: run must be a "string"/)
    expect(why('[[check]]\nrun = """')).toMatch(/^2: /)
    expect(why('[[check]]\nname = "a;b"')).toMatch(/^2: name must be/)
    expect(why(check + check)).toBe('4: "a" is named twice')
    const many = Array.from({ length: 33 }, (_, i) => `[[check]]\nname = "c${i}"\nrun = "x"\n`)
    expect(why(many.join(''))).toMatch(/more than 32 checks/)
  })
})

describe('pushes that change their own checks', () => {
  const steers = (changed: string[], before: object = {}, after: object = before) =>
    changesChecks({
      changed,
      base: new Map([['package.json', JSON.stringify(before)]]),
      tip: new Map([['package.json', JSON.stringify(after)]]),
    })

  test('S346: configuration of checks anywhere in the tree is named', () => {
    const files = ['a/vitest.config.ts', '.knot.toml', 'Cargo.toml', 'x/conftest.py', 'Makefile',
      'tsconfig.build.json', '.github/workflows/ci.yml', 'gradlew', '.mocharc.json']
    expect(steers([...files, 'src/a.ts', 'docs/Makefile.md', 'README.md'])).toEqual(files)
  })

  test('a package.json counts when more than names, versions and dependencies change', () => {
    const path = ['package.json']
    const before = { version: '1', scripts: { test: 'a' }, dependencies: {} }
    expect(steers(path, before, { ...before, version: '2', dependencies: { x: '1' } })).toEqual([])
    expect(steers(path, before, { ...before, scripts: { test: 'true' } })).toEqual(path)
    expect(steers(path, before, { ...before, jest: { bail: 1 } })).toEqual(path)
    const gone = { changed: path, base: new Map([['package.json', '{}']]), tip: new Map() }
    expect(changesChecks(gone)).toEqual(path)
    expect(changesChecks({ ...gone, base: new Map() })).toEqual(path)
  })
})
