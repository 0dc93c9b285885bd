/**
 * Who vouches for a rotation when one key was rotated twice.
 *
 * Whoever stole a key that has been rotated away can still sign a second rotation, place it beside
 * the first, and grind its id. What a thief cannot make is the ops of others that had seen the one
 * and not the other.
 */
import type { PublicKey } from '../brand.ts'
import { holds } from './bits.ts'
import { namedBy } from './check.ts'
import type { Entry } from './log.ts'
import type { Register } from './register.ts'

/**
 * How many keys, known to all rotations of this key, have signed an op that had seen only this one
 * of them. Of any op that is no rotation: none.
 */
export function witnessesOf({ ops }: Register, rotation: Entry): number {
  if (rotation.op.deed.kind !== 'rotate') return 0
  const old = rotation.op.author
  const rivals = ops.filter(({ op }) => op.deed.kind === 'rotate' && op.author === old)
  const known = new Set<PublicKey>()
  for (const { op, index } of ops) {
    const key = namedBy(op)
    if (key !== undefined && rivals.every(({ past }) => holds(past, index))) known.add(key)
  }

  const witnesses = new Set<PublicKey>()
  for (const { op, past } of ops) {
    if (op.author === old || !known.has(op.author)) continue
    const had = rivals.filter(({ index }) => holds(past, index))
    if (had.length === 1 && had[0] === rotation) witnesses.add(op.author)
  }
  return witnesses.size
}
