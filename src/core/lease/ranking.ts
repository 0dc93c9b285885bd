/** Who stands first: an order that all peers compute alike, and that no candidate can choose. */
import type { PublicKey } from '../brand.ts'
import { hashOf, tagged } from '../bytes/hash.ts'
import { Writer } from '../bytes/writer.ts'
import type { Era } from './ballot.ts'

/**
 * The place of a key among the others for one term, 0 first. It changes with the term, so that a
 * first candidate who is never elected does not stay first. Only avoids duels; votes make safety.
 */
export function rankOf(
  key: PublicKey,
  { era, term, among }: { era: Era; term: number; among: readonly PublicKey[] },
): number {
  const own = score(key, era, term)
  return among.filter((other) => other !== key && score(other, era, term) < own).length
}

function score(key: PublicKey, era: Era, term: number): string {
  const body = new Writer().id(era.room).uint(era.number).uint(term).id(key).done()
  return hashOf(tagged('knot/rank/1', body))
}
