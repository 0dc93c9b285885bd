/** Checks of the languages that bring a build tool along: Go, Rust, Python and the JVM's; make. */
import type { Check, Listing } from './detect.ts'
import { commandIn, isForeign, nameIn, placedIn, rootsOf, within } from './places.ts'

/** Go and Cargo: at the root, else wherever their topmost manifests stand. */
export function compiled({ paths }: Listing): Check[] {
  const go = rootsOf(paths, 'go.mod').map((folder): Check => {
    const command = commandIn(folder, ['go', 'test', './...'])
    const from = within(folder, 'go.mod')
    return { name: nameIn('go', folder), command, tools: ['go'], from, ...placedIn(folder) }
  })
  const cargo = rootsOf(paths, 'Cargo.toml').map((folder): Check => {
    const locked = paths.includes(within(folder, 'Cargo.lock')) ? ['--locked'] : []
    // A root that is a package itself would leave the other members of its workspace out.
    const command = commandIn(folder, ['cargo', 'test', '--workspace', ...locked])
    const from = within(folder, 'Cargo.toml')
    const tools = ['cargo', 'rustc']
    return { name: nameIn('cargo', folder), command, tools, from, ...placedIn(folder) }
  })
  return [...go, ...cargo]
}

/** pytest, where there are tests for it: without any it ends with 5, and nothing would land. */
export function python({ paths, texts }: Listing): Check[] {
  const settings = PYTEST_TABLES.find(([file, mark]) => mark.test(texts.get(file) ?? ''))?.[0]
  const names = /^\s*python_files\s*=/m.test(texts.get(settings ?? '') ?? '')
  const first = paths.find((path) => PYTHON_TEST.test(path) && !isForeign(path))
  const from = settings !== undefined && names ? settings : first && (settings ?? first)
  if (from === undefined) return []
  // As `python -m pytest` does it: the tests of a flat layout import what stands beside them.
  const command = ['env', 'PYTHONPATH=.', 'pytest', '-q'] as const
  return [{ name: 'pytest', command, tools: ['pytest', 'python3'], from }]
}

const PYTHON_TEST = /(^|\/)(test_[^/]*|[^/]*_test)\.py$/

const PYTEST_TABLES = [
  ['pytest.ini', /^\[pytest\]/m],
  ['pyproject.toml', /^\[tool\.pytest\b/m],
  ['setup.cfg', /^\[tool:pytest\]/m],
  ['tox.ini', /^\[pytest\]/m],
] as const

/** Maven and Gradle, by the wrapper that the tree brings along, if any. */
export function jvm({ paths }: Listing): Check[] {
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

/** The target `test` of the Makefile that make would read, else GNU's word for it, `check`. */
export function make({ texts }: Listing): Check[] {
  const from = ['GNUmakefile', 'makefile', 'Makefile'].find((file) => texts.has(file))
  if (from === undefined) return []
  const targets = targetsOf(texts.get(from) ?? '')
  const target = ['test', 'check'].find((name) => targets.has(name))
  if (target === undefined) return []
  return [{ name: `make ${target}`, command: ['make', target], tools: ['make'], from }]
}

/** The names before a colon that is no part of an assignment. */
function targetsOf(makefile: string): Set<string> {
  const found = new Set<string>()
  for (const line of makefile.split(/\r?\n/)) {
    const [, names] = /^([^\t#:=][^#:=]*?)[ \t]*::?(?![:=])/.exec(line) ?? []
    for (const name of names?.split(/[ \t]+/) ?? []) found.add(name)
  }
  return found
}
