/** Paths as people type them, from where they stand, as the room has them: from the root. */
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { Failure } from '../src/api/errors.ts'

/**
 * A path or a glob, seen from a folder, as one from the root of its working tree. What is outside
 * of the tree, or is all of it, is refused.
 */
export function fromRoot(text: string, folder: string): string {
  const here = realpathSync(folder)
  const root = treeRoot(here)
  const below = text.startsWith('/') ? inside(text, root) : [...stepsTo(here, root), ...parts(text)]
  const steps: string[] = []
  for (const step of below) {
    if (step === '.') continue
    if (step !== '..') steps.push(step)
    else if (steps.pop() === undefined) throw outside(text, root)
  }
  if (steps.length > 0) return steps.join('/')
  const reason = `"${text}" is the whole repository, and that is nobody's to lock.`
  throw new Failure('INPUT_INVALID', reason, 'name the folders that you change')
}

/** An absolute path may go through other links to the same place than the folder did. */
function inside(text: string, root: string): string[] {
  let known = text
  while (known !== '/' && !existsSync(known)) known = dirname(known)
  const rest = parts(text.slice(known.length))
  const real = realpathSync(known)
  if (real !== root && !real.startsWith(root + sep)) throw outside(text, root)
  return [...stepsTo(real, root), ...rest]
}

/** The folders from the root down to one below it; what is special in a glob is not in a name. */
function stepsTo(folder: string, root: string): string[] {
  const steps = relative(root, folder).split(sep)
  return steps.filter((step) => step !== '').map((step) => step.replace(/[\\*?[]/g, '\\$&'))
}

function parts(text: string): string[] {
  return text.split('/').filter((part) => part !== '')
}

function treeRoot(folder: string): string {
  for (let root = folder; root !== dirname(root); root = dirname(root)) {
    if (existsSync(join(root, '.git'))) return root
  }
  const reason = `${folder} is not in a git repository, and knot works inside one.`
  throw new Failure('REPOSITORY_MISSING', reason, 'git init, or cd into your clone')
}

function outside(text: string, root: string): Failure {
  const reason = `"${text}" is outside of the repository ${root}.`
  return new Failure('INPUT_INVALID', reason, 'name a path inside it')
}
