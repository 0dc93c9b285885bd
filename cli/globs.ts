/** Paths and globs as they are typed in some folder, as globs from the root of the repository. */
import { existsSync, realpathSync } from 'node:fs'
import { isAbsolute, relative, resolve } from 'node:path'
import { Failure } from '../src/api/errors.ts'
import { parseGlobs } from '../src/core/globs.ts'

/** Where a person types: the folder, and the root of the working tree around it. */
export type Typed = { cwd: string; root: string }

/**
 * The globs that a person means. A name that is there is that file or folder, whatever characters
 * it has; everything else is a glob. Refuses what is outside the repository, or no glob.
 */
export function rootedGlobs(texts: readonly string[], typed: Typed): string[] {
  const rooted = texts.map((text) => rootedGlob(text, typed))
  const read = parseGlobs(rooted)
  if (read.kind === 'globs') return read.globs.map(({ text }) => text)
  const text = texts[rooted.indexOf(read.glob ?? '')]
  const reason = text === undefined ? `${read.why}.` : `"${text}" cannot be locked: ${read.why}.`
  throw new Failure('USAGE', reason, 'name files, folders or globs, as in knot lock "src/**/*.ts"')
}

function rootedGlob(text: string, { cwd, root }: Typed): string {
  if (text === '') throw new Failure('USAGE', '"" names no path.', `knot lock ${EXAMPLE}`)
  const whole = resolve(cwd, text)
  if (existsSync(whole)) return below(whole, { text, root })
  if (isAbsolute(text)) return segmentsOf(below(whole, { text, root }, 'glob'), text, root)
  const prefix = escaped(relative(root, cwd))
  return segmentsOf(prefix === '' ? text : `${prefix}/${text}`, text, root)
}

/** A path below the root, its characters standing for themselves unless they are a glob's. */
function below(
  path: string,
  { text, root }: { text: string; root: string },
  as: 'path' | 'glob' = 'path',
): string {
  // The same folder may have two names, as /tmp and /private/tmp have on a Mac.
  const roots = [root, realRoot(root)]
  const real = as === 'path' ? [path, realRoot(path)] : [path]
  for (const one of real) {
    const inside = roots.map((each) => relative(each, one)).find((each) => !isOutside(each))
    if (inside === '') return '**'
    if (inside !== undefined) return as === 'path' ? escaped(inside) : inside
  }
  throw outside(text, root)
}

/** Takes `.` and `..` out of a glob, as a shell would out of a path. */
function segmentsOf(glob: string, text: string, root: string): string {
  const segments: string[] = []
  for (const segment of glob.split('/')) {
    if (segment === '.') continue
    if (segment !== '..') segments.push(segment)
    else if (segments.pop() === undefined) throw outside(text, root)
  }
  return segments.join('/') || '**'
}

function outside(text: string, root: string): Failure {
  const reason = `"${text}" is outside the repository ${root}, and nothing there can be locked.`
  return new Failure('USAGE', reason, `name a path in ${root}, as in knot lock ${EXAMPLE}`)
}

const EXAMPLE = '"src/**"'

function isOutside(path: string): boolean {
  return path === '..' || path.startsWith('../') || isAbsolute(path)
}

function realRoot(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

function escaped(path: string): string {
  return path.replace(/[*?[\\]/g, '\\$&')
}
