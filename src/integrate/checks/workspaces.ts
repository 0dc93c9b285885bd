/** The packages of a monorepo: the folders that the root's manifest names as its workspaces. */
import { isRecord, type Manifest, readManifest } from './manifest.ts'

/** A package of a monorepo; its folder is relative to the root and has no slash at its end. */
export type Workspace = { folder: string; manifest: Manifest | 'malformed' }

/** The workspaces that a root manifest or pnpm's file names, in the order of their folders. */
export function workspacesOf(
  { paths, texts }: { paths: readonly string[]; texts: ReadonlyMap<string, string> },
  root: Manifest,
): Workspace[] {
  const patterns = [...npmPatterns(root), ...pnpmPatterns(texts.get('pnpm-workspace.yaml') ?? '')]
  if (patterns.length === 0) return []
  const wanted = patterns.filter((pattern) => !pattern.startsWith('!')).map(matcher)
  const refused = patterns.filter((one) => one.startsWith('!')).map((one) => matcher(one.slice(1)))
  const found: Workspace[] = []
  for (const path of paths) {
    const [, folder] = /^(.+)\/package\.json$/.exec(path) ?? []
    if (folder === undefined || /(^|\/)node_modules(\/|$)/.test(folder)) continue
    if (!wanted.some((one) => one.test(folder)) || refused.some((one) => one.test(folder))) continue
    found.push({ folder, manifest: readManifest(texts.get(path) ?? '') })
  }
  return found
}

/** npm, Yarn and Bun: `workspaces` is a list, or an object with the list in `packages`. */
function npmPatterns(root: Manifest): string[] {
  const { workspaces } = root
  const list = isRecord(workspaces) ? workspaces['packages'] : workspaces
  return Array.isArray(list) ? list.filter((one): one is string => typeof one === 'string') : []
}

/** The list `packages:` of a `pnpm-workspace.yaml`, in block or in flow style. */
function pnpmPatterns(yaml: string): string[] {
  const [, flow, block = ''] = PACKAGES.exec(yaml) ?? []
  const items = flow?.split(',') ?? [...block.matchAll(/^[ \t]*-(.*)$/gm)].map(([, item]) => item)
  return items
    .map((item = '') => /^\s*(?:'([^']*)'|"([^"]*)"|([^#\s]*))/.exec(item)?.slice(1).find(Boolean))
    .filter((item) => item !== undefined)
}

const PACKAGES = /^packages:[ \t]*(?:\[([^\]]*)\]|((?:\r?\n[ \t]*(?:-.*|#.*)?$)+))/m

function matcher(pattern: string): RegExp {
  const plain = pattern.replace(/^\.\//, '').replace(/\/+$/, '')
  const source = plain
    .split(/(\*\*\/?|\*)/)
    .map((part) => GLOBS.get(part) ?? part.replace(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`))
    .join('')
  return new RegExp(`^${source}$`)
}

const GLOBS = new Map([['*', '[^/]*'], ['**/', '(?:.*/)?'], ['**', '.*']])
