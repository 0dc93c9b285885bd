/**
 * Which checks a tree has, from its file names and a few of its files. Pure: the same tree gives
 * the same checks on every machine, whatever is installed there.
 *
 * The integrator detects from the *base* tree. A script of package.json becomes a shell command
 * here and now, so a push that rewrites its own `test` script is still tested by the old one.
 */
import { detectNode, nodeDependencies, type Dependencies } from './node.ts'
import { readSettings } from './settings.ts'

/** One command whose exit code 0 means "passed". */
export type Check = {
  name: string
  command: readonly [string, ...string[]]
  /** The programs that must be there; their versions are part of the evidence. */
  tools: readonly string[]
  /** The file that says that there is this check. */
  from: string
  timeoutMs?: number
}

export type Detected =
  /** No checks: landings will be `unchecked`. */
  | { kind: 'checks'; checks: Check[]; dependencies: Dependencies }
  /** Nothing can be said about the tree before its author mends this file. */
  | { kind: 'malformed'; file: string; line: number; why: string }

/** A tree as detection sees it. */
export type Listing = { paths: readonly string[]; texts: ReadonlyMap<string, string> }

/** The files whose text `detectChecks` looks at. */
export const READ_BY_DETECTION = [
  '.knot.toml', '.yarnrc.yml', 'GNUmakefile', 'Makefile', 'bun.lock', 'makefile',
  'npm-shrinkwrap.json', 'package-lock.json', 'package.json', 'pnpm-lock.yaml', 'pyproject.toml',
  'setup.cfg', 'tox.ini', 'yarn.lock',
]

/** Lists the checks of a tree in the order in which they run, the cheapest kinds first. */
export function detectChecks(listing: Listing): Detected {
  const node = detectNode(listing)
  if (node.kind === 'malformed') return node
  const dependencies = nodeDependencies(listing)
  const text = listing.texts.get('.knot.toml')
  if (text !== undefined) {
    const settings = readSettings(text)
    if (settings.kind === 'malformed') return { ...settings, file: '.knot.toml' }
    const checks = settings.checks.map(({ name, run, timeoutMs }): Check => ({
      name,
      command: ['sh', '-c', run],
      tools: ['sh'],
      from: '.knot.toml',
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    }))
    if (checks.length > 0) return { kind: 'checks', checks, dependencies }
  }
  const checks = [...node.checks, ...compiled(listing), ...python(listing), ...jvm(listing)]
  // A Makefile beside another build mostly calls that build: running both runs it twice.
  if (checks.length === 0) checks.push(...make(listing))
  return { kind: 'checks', checks, dependencies }
}

/** The dependencies of a tree, which may differ from those of the base of its checks. */
export function detectDependencies(listing: Listing): Dependencies {
  return nodeDependencies(listing)
}

function compiled({ paths }: Listing): Check[] {
  const checks: Check[] = []
  if (paths.includes('go.mod')) {
    checks.push({ name: 'go', command: ['go', 'test', './...'], tools: ['go'], from: 'go.mod' })
  }
  if (paths.includes('Cargo.toml')) {
    const locked = paths.includes('Cargo.lock') ? ['--locked'] : []
    const command = ['cargo', 'test', ...locked] as const
    checks.push({ name: 'cargo', command, tools: ['cargo', 'rustc'], from: 'Cargo.toml' })
  }
  return checks
}

function python({ paths, texts }: Listing): Check[] {
  const check = (from: string): Check[] => [
    { name: 'pytest', command: ['pytest', '-q'], tools: ['pytest', 'python3'], from },
  ]
  if (paths.includes('pytest.ini')) return check('pytest.ini')
  for (const [file, mark] of PYTEST_TABLES) if (mark.test(texts.get(file) ?? '')) return check(file)
  const test = paths.find((path) => /(^|\/)(test_[^/]*|[^/]*_test|conftest)\.py$/.test(path))
  return test === undefined ? [] : check(test)
}

const PYTEST_TABLES = [
  ['pyproject.toml', /^\[tool\.pytest\b/m],
  ['setup.cfg', /^\[tool:pytest\]/m],
  ['tox.ini', /^\[pytest\]/m],
] as const

function jvm({ paths }: Listing): Check[] {
  const checks: Check[] = []
  if (paths.includes('pom.xml')) {
    const mvn = paths.includes('mvnw') ? './mvnw' : 'mvn'
    const command = [mvn, '-q', '-B', 'test'] as const
    checks.push({ name: 'maven', command, tools: [mvn, 'java'], from: 'pom.xml' })
  }
  const build = paths.find((path) => /^build\.gradle(\.kts)?$/.test(path))
  if (build !== undefined) {
    const gradle = paths.includes('gradlew') ? './gradlew' : 'gradle'
    const command = [gradle, '--no-daemon', '-q', 'test'] as const
    checks.push({ name: 'gradle', command, tools: [gradle, 'java'], from: build })
  }
  return checks
}

function make({ texts }: Listing): Check[] {
  for (const from of ['GNUmakefile', 'makefile', 'Makefile']) {
    if (!/^test[ \t]*:(?![:=])/m.test(texts.get(from) ?? '')) continue
    return [{ name: 'make test', command: ['make', 'test'], tools: ['make'], from }]
  }
  return []
}
