/** How a tree's dependencies are installed: which tool, which command, and what decides it all. */
import { PROJECTS_MAX } from '../../core/limits.ts'
import type { Listing } from './detect.ts'
import { dependenciesOf, readManifest } from './manifest.ts'
import { commandIn, listingIn, oneAfterAnother, rootsOf, within } from './places.ts'
import { workspacesOf } from './workspaces.ts'

export type Dependencies =
  | { kind: 'none' }
  /** `command` installs what `lockfile` names; `inputs` are all the texts that decide it. */
  | {
      kind: 'install'
      tools: readonly string[]
      command: readonly [string, ...string[]]
      lockfile: string
      inputs: readonly string[]
    }

/**
 * How the dependencies of a tree are installed, never running their own install scripts. Those of
 * several packages without one around them are one set.
 */
export function nodeDependencies(listing: Listing): Dependencies {
  const folders = rootsOf(listing.paths, 'package.json')
  if (folders.length > PROJECTS_MAX) return { kind: 'none' }
  const found = folders.flatMap((folder) => {
    const at = folder === '' ? listing : listingIn(listing, folder)
    const one = projectDependencies(at)
    if (one.kind === 'none') return []
    const lockfile = within(folder, one.lockfile)
    return [{ ...one, command: commandIn(folder, one.command), lockfile }]
  })
  const [first] = found
  if (first === undefined || found.length === 1) return first ?? { kind: 'none' }
  const command = oneAfterAnother(found.map(({ command }) => command))
  const tools = [...new Set(found.flatMap(({ tools }) => tools))]
  const inputs = found.flatMap(({ lockfile, inputs }) => [lockfile, ...inputs])
  return { kind: 'install', tools, command, lockfile: first.lockfile, inputs }
}

function projectDependencies(listing: Listing): Dependencies {
  const { paths, texts } = listing
  const manifest = readManifest(texts.get('package.json') ?? '')
  if (manifest === 'malformed') return { kind: 'none' }
  // The tree brings its dependencies along.
  if (paths.some((path) => path.startsWith('node_modules/'))) return { kind: 'none' }
  const { tool, lockfile } = managerOf(listing)
  const workspaces = workspacesOf(listing, manifest)
  const manifests = workspaces.map(({ folder }) => `${folder}/package.json`)
  const deciding = [lockfile, 'package.json', ...SETTINGS, ...manifests]
  const inputs = deciding.flatMap((path = '') => {
    const text = texts.get(path)
    return text === undefined ? [] : manifests.includes(path) ? [path, text] : [text]
  })
  const text = texts.get(lockfile ?? '')
  // It does not read: detection says so, and without it nothing certain can be installed.
  if (lockfile !== undefined && text === undefined) return { kind: 'none' }
  if (lockfile === undefined || text === undefined) {
    // Workspaces are linked, whatever they depend on.
    const isBare = Object.keys(dependenciesOf(manifest)).length === 0 && workspaces.length === 0
    if (isBare) return { kind: 'none' }
    const command = ['npm', 'install', '--no-package-lock', ...QUIET_NPM] as const
    return { kind: 'install', tools: ['npm'], command, lockfile: 'package.json', inputs }
  }
  const command = commandOf(listing, tool)
  // A lockfile without packages: there is nothing to install.
  if (tool === 'npm' && !text.includes('"node_modules/')) return { kind: 'none' }
  return { kind: 'install', tools: [tool], command, lockfile, inputs }
}

function commandOf(listing: Listing, tool: string): readonly [string, ...string[]] {
  if (tool === 'npm') return ['npm', 'ci', ...QUIET_NPM]
  if (tool === 'yarn' && isModernYarn(listing)) {
    return ['yarn', 'install', '--immutable', '--mode=skip-build']
  }
  return [tool, 'install', '--frozen-lockfile', '--ignore-scripts']
}

const QUIET_NPM = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-progress']
/** Files beside a package.json that say how its dependencies are installed. */
export const SETTINGS = ['.npmrc', '.yarnrc.yml', 'pnpm-workspace.yaml']

/** The manager whose lockfile a tree has; npm without one. */
export function managerOf({ paths }: Pick<Listing, 'paths'>): { tool: string; lockfile?: string } {
  for (const [lockfile, tool] of LOCKFILES) if (paths.includes(lockfile)) return { tool, lockfile }
  return { tool: 'npm' }
}

const LOCKFILES = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['npm-shrinkwrap.json', 'npm'],
  ['package-lock.json', 'npm'],
] as const

/** Whether Yarn's loader stands in for `node_modules`. */
export function isBerry({ paths, texts }: Listing): boolean {
  if (!paths.includes('yarn.lock')) return false
  if (paths.includes('.pnp.cjs')) return true
  const settings = texts.get('.yarnrc.yml') ?? ''
  const isLinked = /^nodeLinker:\s*['"]?(node-modules|pnpm)/m.test(settings)
  return isModernYarn({ paths, texts }) && !isLinked
}

/** Whether the lockfile is that of Yarn 2 or later; `packageManager` may be all that says so. */
function isModernYarn({ paths, texts }: Listing): boolean {
  if (paths.includes('.pnp.cjs') || texts.has('.yarnrc.yml')) return true
  return /^__metadata:/m.test(texts.get('yarn.lock') ?? '')
}
