/** Checks and dependencies of a package.json. */
import type { Check, Listing } from './detect.ts'

export type Dependencies =
  | { kind: 'none' }
  /** `command` makes `node_modules` from `lockfile`; `inputs` are all the texts that decide it. */
  | {
      kind: 'install'
      tool: string
      command: readonly [string, ...string[]]
      lockfile: string
      inputs: readonly string[]
    }

type NodeChecks =
  | { kind: 'checks'; checks: Check[] }
  | { kind: 'malformed'; file: string; line: number; why: string }

/** The checks that a package.json, a tsconfig and test files stand for. */
export function detectNode(listing: Listing): NodeChecks {
  const { paths, texts } = listing
  const manifest = readManifest(texts)
  if (manifest === 'malformed') {
    const why = 'it is not a JSON object'
    return { kind: 'malformed', file: 'package.json', line: 1, why }
  }
  const checks: Check[] = []
  const tools = ['node', managerOf(listing).tool]
  const test = scriptOf(manifest, 'test')

  const typecheck = TYPECHECKS.find((name) => scriptOf(manifest, name) !== undefined)
  const coversTypes = /\btsc\b|\btype-?check\b|\bcheck-types\b/.test(test ?? '')
  if (typecheck !== undefined && !coversTypes) {
    checks.push({ ...scriptCheck(listing, manifest, typecheck), name: 'typecheck', tools })
  } else if (paths.includes('tsconfig.json') && dependsOn(manifest, 'typescript') && !coversTypes) {
    const command = ['tsc', '-p', 'tsconfig.json', '--noEmit'] as const
    checks.push({ name: 'typecheck', command, tools: ['node', 'tsc'], from: 'tsconfig.json' })
  }

  if (test !== undefined) {
    checks.push({ ...scriptCheck(listing, manifest, 'test'), name: 'test', tools })
  } else {
    const file = paths.find((path) => NODE_TEST.test(path))
    if (file !== undefined) {
      checks.push({ name: 'test', command: ['node', '--test'], tools: ['node'], from: file })
    }
  }
  return { kind: 'checks', checks }
}

/** How the dependencies of a tree are installed; never running their own install scripts. */
export function nodeDependencies(listing: Listing): Dependencies {
  const { paths, texts } = listing
  const manifest = readManifest(texts)
  if (manifest === 'malformed' || !texts.has('package.json')) return { kind: 'none' }
  // The tree brings its dependencies along.
  if (paths.some((path) => path.startsWith('node_modules/'))) return { kind: 'none' }
  const { tool, lockfile } = managerOf(listing)
  const text = texts.get(lockfile ?? '')
  const own = texts.get('package.json') ?? ''
  const inputs = text === undefined ? [own] : [text, own]
  if (lockfile === undefined || text === undefined) {
    if (Object.keys(dependenciesOf(manifest)).length === 0) return { kind: 'none' }
    const command = ['npm', 'install', '--no-package-lock', ...QUIET_NPM] as const
    return { kind: 'install', tool: 'npm', command, lockfile: 'package.json', inputs }
  }
  switch (tool) {
    case 'npm': {
      // A lockfile without packages: there is nothing to install.
      if (!text.includes('"node_modules/')) return { kind: 'none' }
      return { kind: 'install', tool, command: ['npm', 'ci', ...QUIET_NPM], lockfile, inputs }
    }
    case 'yarn':
      if (isBerry(listing)) {
        const command = ['yarn', 'install', '--immutable', '--mode=skip-build'] as const
        return { kind: 'install', tool, command, lockfile, inputs }
      }
      break
  }
  const command = [tool, 'install', '--frozen-lockfile', '--ignore-scripts'] as const
  return { kind: 'install', tool, command, lockfile, inputs }
}

const QUIET_NPM = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-progress']
const TYPECHECKS = ['typecheck', 'type-check', 'check-types', 'check:types', 'types']
const NODE_TEST = /^(?!(.*\/)?node_modules\/).*\.test\.[cm]?[jt]s$/

type Manifest = Readonly<Record<string, unknown>>

function readManifest(texts: ReadonlyMap<string, string>): Manifest | 'malformed' {
  const text = texts.get('package.json')
  if (text === undefined) return {}
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return isRecord(value) ? value : 'malformed'
  } catch {
    return 'malformed'
  }
}

function scriptOf(manifest: Manifest, name: string): string | undefined {
  const scripts = manifest['scripts']
  const script = isRecord(scripts) && Object.hasOwn(scripts, name) ? scripts[name] : undefined
  if (typeof script !== 'string' || script.trim() === '') return undefined
  // What `npm init` writes: a promise of tests, not a test.
  return /no test specified/.test(script) ? undefined : script
}

function scriptCheck(
  listing: Listing,
  manifest: Manifest,
  name: string,
): Pick<Check, 'command' | 'from'> {
  const from = 'package.json'
  // Yarn's loader replaces node_modules, so only yarn can start the script.
  if (isBerry(listing)) return { command: ['yarn', 'run', name], from }
  const scripts = [`pre${name}`, name, `post${name}`]
    .map((part) => scriptOf(manifest, part))
    .filter((script) => script !== undefined)
  const [only] = scripts
  const text = scripts.length === 1 ? only : scripts.map((script) => `(${script})`).join(' && ')
  return { command: ['sh', '-c', text ?? ''], from }
}

function managerOf({ paths }: Listing): { tool: string; lockfile?: string } {
  for (const [lockfile, tool] of LOCKFILES) if (paths.includes(lockfile)) return { tool, lockfile }
  return { tool: 'npm' }
}

const LOCKFILES = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['npm-shrinkwrap.json', 'npm'],
  ['package-lock.json', 'npm'],
] as const

function isBerry({ paths, texts }: Listing): boolean {
  if (!paths.includes('yarn.lock')) return false
  if (paths.includes('.pnp.cjs')) return true
  const settings = texts.get('.yarnrc.yml')
  return settings !== undefined && !/^nodeLinker:\s*['"]?node-modules/m.test(settings)
}

function dependsOn(manifest: Manifest, name: string): boolean {
  return Object.hasOwn(dependenciesOf(manifest), name)
}

function dependenciesOf(manifest: Manifest): Manifest {
  const { dependencies, devDependencies } = manifest
  return {
    ...(isRecord(dependencies) ? dependencies : {}),
    ...(isRecord(devDependencies) ? devDependencies : {}),
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
