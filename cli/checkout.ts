/** Which checkout a command is about: the nearest folder above with a `.git`. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Failure } from '../src/api/errors.ts'

/** A git checkout, and how far knot has come in it. */
export type Checkout = {
  root: string
  /** Its `.knot` folder, which may not exist yet. */
  knot: string
  stage: 'bare' | 'initialised' | 'in-room'
}

/** Finds the checkout that a folder belongs to; fails where there is none. */
export function checkoutOf(folder: string): Checkout {
  for (let root = folder; ; root = dirname(root)) {
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
  throw new Failure('NOT_INITIALISED', `${checkout.root} has no .knot folder yet.`, 'knot init')
}

function at(root: string): Checkout {
  const knot = join(root, '.knot')
  if (!existsSync(knot)) return { root, knot, stage: 'bare' }
  const inRoom = existsSync(join(knot, 'room', 'room.log'))
  return { root, knot, stage: inRoom ? 'in-room' : 'initialised' }
}
