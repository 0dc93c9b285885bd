/**
 * Which checks a tree has, from its file names and a few of its files. Pure: the same tree gives
 * the same checks on every machine, whatever is installed there.
 *
 * The integrator detects from the *base* tree. A script of package.json becomes a shell command
 * here and now, so a push that rewrites its own `test` script is still tested by the old one.
 */
import {
  CHECKS_MAX, CONFIG_FILE_MAX_BYTES, LOCKFILE_MAX_BYTES, MANIFEST_MAX_BYTES, PROJECTS_MAX,
  WORKSPACES_MAX,
} from '../../core/limits.ts'
import { type Dependencies, managerOf, nodeDependencies, SETTINGS } from './install.ts'
import { compiled, jvm, make, python } from './languages.ts'
import { detectNode, gathered } from './node.ts'
import { listingIn, rootsOf, within } from './places.ts'
import { readSettings } from './settings.ts'

/** One command whose exit code 0 means "passed". */
export type Check = {
  name: string
  command: readonly [string, ...string[]]
  /** The programs that must be there; their versions are part of the evidence. */
  tools: readonly string[]
  /** The file that says that there is this check. */
  from: string
  /** The folder that it is of, where that is not the whole tree. */
  folder?: string
  timeoutMs?: number
}

export type Detected =
  /** No checks: landings will be `unchecked`. */
  | { kind: 'checks'; checks: Check[]; dependencies: Dependencies }
  /** Nothing can be said about the tree before its author mends this file. */
  | { kind: 'malformed'; file: string; line: number; why: string }

/** A tree as detection sees it. */
export type Listing = { paths: readonly string[]; texts: ReadonlyMap<string, string> }

/** The files whose text detection looks at, and how large each of them may be. */
export function toRead(paths: readonly string[]): { paths: string[]; maxBytes: number }[] {
  const projects = rootsOf(paths, 'package.json').slice(0, PROJECTS_MAX)
  const lockfiles = projects.flatMap((folder) => {
    const at = folder === '' ? { paths } : listingIn({ paths, texts: new Map() }, folder)
    const { lockfile } = managerOf(at)
    return lockfile === undefined ? [] : [within(folder, lockfile)]
  })
  const settings = projects.flatMap((folder) => SETTINGS.map((file) => within(folder, file)))
  const nested = paths.filter((path) => MANIFEST.test(path) && !/(^|\/)node_modules\//.test(path))
  const configuration = paths.filter((path) => {
    return CONFIGURATION.has(path) || settings.includes(path)
  })
  const wanted = [
    { paths: configuration, maxBytes: CONFIG_FILE_MAX_BYTES },
    { paths: nested.slice(0, WORKSPACES_MAX * 2), maxBytes: MANIFEST_MAX_BYTES },
    ...lockfiles.map((path) => ({ paths: [path], maxBytes: LOCKFILE_MAX_BYTES })),
  ]
  return wanted.filter(({ paths }) => paths.length > 0)
}

const CONFIGURATION = new Set([
  '.knot.toml', '.npmrc', '.yarnrc.yml', 'GNUmakefile', 'Makefile', 'makefile', 'package.json',
  'pnpm-workspace.yaml', 'pyproject.toml', 'pytest.ini', 'setup.cfg', 'tox.ini', 'tsconfig.json',
])
const MANIFEST = /\/(package|tsconfig)\.json$/

/**
 * Lists the checks of a tree in the order in which they run, the cheapest kinds first. Those of a
 * folder of which the tree to be tested has nothing left are of nothing, and are left out.
 */
export function detectChecks(listing: Listing, tested = listing.paths): Detected {
  const node = detectNode(listing)
  if (node.kind === 'malformed' && !node.file.includes('/')) return node
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
  // Of one workspace of many: checks that are named do not need it.
  if (node.kind === 'malformed') return node
  const checks = [...node.checks, ...compiled(listing), ...python(listing), ...jvm(listing)]
  // A Makefile beside another build mostly calls that build: running both runs it twice.
  if (checks.length === 0) checks.push(...make(listing))
  const isLeft = ({ folder }: Check) =>
    folder === undefined || tested.some((path) => path.startsWith(`${folder}/`))
  return { kind: 'checks', checks: gathered(checks.filter(isLeft), CHECKS_MAX), dependencies }
}

/** The dependencies of a tree, which may differ from those of the base of its checks. */
export function detectDependencies(listing: Listing): Dependencies {
  return nodeDependencies(listing)
}
