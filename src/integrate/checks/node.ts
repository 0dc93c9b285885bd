/** Checks of a package.json, of what stands beside it, and of the workspaces that it names. */
import { PROJECTS_MAX, WORKSPACES_MAX } from '../../core/limits.ts'
import type { Check, Listing } from './detect.ts'
import { isBerry, managerOf } from './install.ts'
import { dependsOn, type Manifest, readManifest, scriptOf } from './manifest.ts'
import {
  checkIn, commandIn, listingIn, nameIn, oneAfterAnother, placedIn, rootsOf, within,
} from './places.ts'
import { workspacesOf } from './workspaces.ts'

type NodeChecks =
  | { kind: 'checks'; checks: Check[] }
  | { kind: 'malformed'; file: string; line: number; why: string }

/**
 * The checks that package.jsons, tsconfigs and test files stand for: those of the root, or those
 * of the topmost packages where the root is none.
 */
export function detectNode(listing: Listing): NodeChecks {
  const [first, ...others] = rootsOf(listing.paths, 'package.json')
  if (first === undefined || first === '') return projectChecks(listing)
  const folders = [first, ...others]
  if (folders.length > PROJECTS_MAX) {
    const many = `there are ${folders.length} packages, over ${PROJECTS_MAX}, and none at the root`
    const why = `${many}; name the checks in .knot.toml`
    return malformed(within(first, 'package.json'), why)
  }
  const isBelow = (path: string) => folders.some((folder) => path.startsWith(`${folder}/`))
  const loose = projectChecks({ ...listing, paths: listing.paths.filter((path) => !isBelow(path)) })
  const checks = loose.kind === 'checks' ? loose.checks : []
  for (const folder of folders) {
    const found = projectChecks(listingIn(listing, folder))
    if (found.kind === 'malformed') return { ...found, file: within(folder, found.file) }
    checks.push(...found.checks.map((check) => checkIn(folder, check)))
  }
  return { kind: 'checks', checks }
}

function projectChecks(listing: Listing): NodeChecks {
  const { paths, texts } = listing
  const manifest = readManifest(texts.get('package.json') ?? '{}')
  if (manifest === 'malformed') return malformed('package.json', 'it is not a JSON object')
  for (const file of ['package.json', managerOf(listing).lockfile]) {
    if (file !== undefined && paths.includes(file) && !texts.has(file)) {
      return malformed(file, 'it is no plain file, or too large')
    }
  }
  const workspaces = workspacesOf(listing, manifest)
  const belowOne = (path: string) =>
    workspaces.some(({ folder }) => path.startsWith(`${folder}/`))
  const own = paths.filter((path) => !belowOne(path))
  const checks = packageChecks(listing, { folder: '', manifest, paths: own })
  // A root that tests tests its workspaces, or has its reasons.
  if (scriptOf(manifest, 'test') !== undefined) return { kind: 'checks', checks }
  for (const { folder, manifest } of workspaces) {
    if (manifest === 'malformed') {
      const many = `there are more than ${WORKSPACES_MAX} workspaces`
      const why = `it is not a JSON object, or ${many}; name the checks in .knot.toml`
      return malformed(within(folder, 'package.json'), why)
    }
    const paths = listing.paths.filter((path) => path.startsWith(`${folder}/`))
    checks.push(...packageChecks(listing, { folder, manifest, paths }))
  }
  return { kind: 'checks', checks }
}

function malformed(file: string, why: string): NodeChecks {
  return { kind: 'malformed', file, line: 1, why }
}

type Package = { folder: string; manifest: Manifest; paths: readonly string[] }

function packageChecks(listing: Listing, at: Package): Check[] {
  const checks = [...typecheckOf(listing, at), ...testOf(listing, at)]
  return checks.map((check) => ({ ...check, ...placedIn(at.folder) }))
}

function typecheckOf(listing: Listing, at: Package): Check[] {
  const { folder, manifest, paths } = at
  if (COVERS_TYPES.test(scriptOf(manifest, 'test') ?? '')) return []
  const name = nameIn('typecheck', folder)
  const script = TYPECHECKS.find((one) => scriptOf(manifest, one) !== undefined)
  if (script !== undefined) return [{ ...scriptCheck(listing, at, script), name }]
  const from = within(folder, 'tsconfig.json')
  if (!paths.includes(from) || !dependsOn(manifest, 'typescript')) return []
  // With references and no files of its own, `tsc -p` would look at nothing and pass.
  const isBuild = /"references"\s*:\s*\[\s*\{/.test(listing.texts.get(from) ?? '')
  const tsc = isBuild ? ['tsc', '-b'] as const : ['tsc', '-p', 'tsconfig.json', '--noEmit'] as const
  return [{ name, command: commandIn(folder, tsc), tools: ['node', 'tsc'], from }]
}

function testOf(listing: Listing, at: Package): Check[] {
  const { folder, manifest, paths } = at
  const name = nameIn('test', folder)
  if (scriptOf(manifest, 'test') !== undefined) {
    return [{ ...scriptCheck(listing, at, 'test'), name }]
  }
  const skipped = folder === '' ? 0 : folder.length + 1
  const inPackage = paths.map((path) => ({ path, name: path.slice(skipped) }))
  const isBun = managerOf(listing).tool === 'bun'
  for (const { tool, command, files } of RUNNERS) {
    if (tool === 'bun' ? !isBun : tool !== 'node' && !dependsOn(manifest, tool)) continue
    const first = inPackage.find((one) => files.test(one.name) && !INSTALLED.test(one.name))
    if (first === undefined) continue
    const tools = tool === 'bun' ? ['bun'] : ['node', ...(tool === 'node' ? [] : [tool])]
    return [{ name, command: commandIn(folder, command), tools, from: first.path }]
  }
  return []
}

const TYPECHECKS = ['typecheck', 'type-check', 'check-types', 'check:types', 'types']
const COVERS_TYPES = /\btsc\b|\btype-?check\b|\bcheck-types\b/
const INSTALLED = /(^|\/)node_modules\//
const TESTS = /\.(test|spec)\.[cm]?[jt]sx?$/

type Runner = { tool: string; command: readonly [string, ...string[]]; files: RegExp }

// Who runs test files that no script runs: what the package depends on, else Node itself.
const RUNNERS: readonly Runner[] = [
  { tool: 'vitest', command: ['vitest', 'run'], files: TESTS },
  { tool: 'jest', command: ['jest', '--ci'], files: /\.(test|spec)\.[jt]sx?$|(^|\/)__tests__\// },
  { tool: 'ava', command: ['ava'], files: /\.test\.[cm]?js$/ },
  { tool: 'mocha', command: ['mocha'], files: /^test\/[^/]+\.[cm]?js$/ },
  { tool: 'bun', command: ['bun', 'test'], files: TESTS },
  { tool: 'node', command: ['node', '--test'], files: /\.test\.[cm]?[jt]s$/ },
]

function scriptCheck(
  listing: Listing,
  { folder, manifest }: Package,
  name: string,
): Pick<Check, 'command' | 'from' | 'tools'> {
  const from = within(folder, 'package.json')
  const tools = ['node', managerOf(listing).tool]
  // Yarn's loader replaces node_modules, so only yarn can start the script.
  if (isBerry(listing)) return { command: commandIn(folder, ['yarn', 'run', name]), from, tools }
  const scripts = [`pre${name}`, name, `post${name}`]
    .map((part) => scriptOf(manifest, part))
    .filter((script) => script !== undefined)
  const [only = ''] = scripts
  const text = scripts.length === 1 ? only : scripts.map((script) => `(${script})`).join(' && ')
  return { command: commandIn(folder, ['sh', '-c', text]), from, tools }
}

/** Makes of some checks at most so many: the last one runs all the rest. */
export function gathered(checks: readonly Check[], max: number): Check[] {
  const [kept, rest] = [checks.slice(0, max - 1), checks.slice(max - 1)]
  const [first] = rest
  if (first === undefined || rest.length === 1) return [...checks]
  // What is installed for a folder is found there, and says itself when it is not.
  const wide = rest.filter(({ folder }) => folder === undefined)
  const tools = [...new Set(['sh', ...wide.flatMap(({ tools }) => tools)])]
  const name = `${first.name} and ${rest.length - 1} more`
  const command = oneAfterAnother(rest.map(({ command }) => command))
  return [...kept, { name, command, tools, from: first.from }]
}
