/**
 * Which checkout a command is about: the nearest folder above with a `.git`. In the worktree of a
 * claim it is the checkout that the claim's agent lives in.
 */
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../src/api/errors.ts'

/** A git checkout, and how far knot has come in it. */
export type Checkout = {
  root: string
  /** Its `.knot` folder, which may not exist yet. */
  knot: string
  stage: 'bare' | 'initialised' | 'in-room'
  /** The worktree of a claim that the command was given in: its files and its HEAD are meant. */
  worktree?: string
}

/** Finds the checkout that a folder belongs to; fails where there is none. */
export function checkoutOf(folder: string): Checkout {
  for (let root = folder; ; root = dirname(root)) {
    const name = claimOf(root)
    if (name !== undefined) {
      const agent = dirname(dirname(dirname(root)))
      if (existsSync(join(root, '.git'))) return { ...at(agent), worktree: name }
      // Further up, git finds the checkout, whose HEAD is not the one that is meant here.
      const reason = `${root} is no worktree any more: its .git file is gone.`
      throw new Failure('REPOSITORY_MISSING', reason, `git -C ${agent} worktree list`)
    }
    if (existsSync(join(root, '.git'))) return at(root)
    if (root !== dirname(root)) continue
    throw new Failure(
      'REPOSITORY_MISSING',
      `${folder} is not in a git repository, and knot works inside one.`,
      'git init, or cd into your clone',
    )
  }
}

/** Finds a checkout that `knot init` was run in; fails where it was not. */
export function initialisedCheckout(folder: string): Checkout {
  const checkout = checkoutOf(folder)
  if (checkout.stage !== 'bare') return checkout
  const { root } = checkout
  const agent = agentAround(root)
  if (agent === undefined) {
    throw new Failure('NOT_INITIALISED', `${root} has no .knot folder yet.`, 'knot init')
  }
  const reason = `${root} has no .knot folder: the agent of ${agent} works there, and in worktrees`
  const fix = `cd ${agent}, or knot init for another agent here`
  throw new Failure('NOT_INITIALISED', `${reason} that knot claim makes.`, fix)
}

/** The folder of the working tree that a command was given in. */
export function treeOf({ knot, root, worktree }: Checkout): string {
  return worktree === undefined ? root : join(knot, 'worktrees', worktree)
}

function at(root: string): Checkout {
  const knot = join(root, '.knot')
  if (!existsSync(knot)) return { root, knot, stage: 'bare' }
  const inRoom = existsSync(join(knot, 'room', 'room.log'))
  return { root, knot, stage: inRoom ? 'in-room' : 'initialised' }
}

/** The name of the worktree whose place a folder is, `<checkout>/.knot/worktrees/<name>`. */
function claimOf(folder: string): string | undefined {
  const worktrees = dirname(folder)
  const knot = dirname(worktrees)
  const isPlace = basename(worktrees) === 'worktrees' && basename(knot) === '.knot'
  return isPlace && existsSync(join(dirname(knot), '.git')) ? basename(folder) : undefined
}

/** The checkout with an agent of whose repository a folder is another worktree. */
function agentAround(root: string): string | undefined {
  try {
    const [, main] = /^gitdir: (.+)\/\.git\/worktrees\/[^/]+$/m.exec(
      readFileSync(join(root, '.git'), 'utf8'),
    ) ?? []
    return main !== undefined && existsSync(join(main, '.knot')) ? main : undefined
  } catch {
    return undefined
  }
}
