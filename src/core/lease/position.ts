/** Places on the term chain, and how they rank. */

/** The term of a record and its place in the chain; {0, 0} is the empty chain. */
export type Position = { readonly term: number; readonly seq: number }

/** Orders tails: the term of the last record first, then the length. Never the length alone. */
export function comparePositions(a: Position, b: Position): number {
  return a.term - b.term || a.seq - b.seq
}
