/**
 * Bringing undone landings back. Git holds them for merged, since they are in the history of the
 * head; so what each of them changed is merged into the head once more, oldest first, before the
 * push itself is. What others had undone beside them stays out.
 */
import type { Instant, Oid } from '../core/brand.ts'
import type { Returning } from '../core/engine/effect.ts'
import { commitTree, treeOf, virtualMerge } from '../git/merge.ts'
import type { Mirror } from '../git/repository.ts'

export type BroughtBack =
  /** A commit that nobody names, with what came back; the head where nothing does. */
  | { kind: 'clean'; onto: Oid }
  | { kind: 'conflict'; files: string[]; fileCount: number; base: Oid }

/** Merges each landing's changes into the head, in the object store. */
export async function bringBack(
  mirror: Mirror,
  { head, again }: { head: Oid; again: readonly Returning[] },
  signal: AbortSignal,
): Promise<BroughtBack> {
  let onto = head
  for (const { before, landing } of again) {
    // The state so far as if it had grown from `before`, so that this is where the two meet.
    const ours = await grown(mirror, { from: onto, parent: before }, signal)
    const merged = await virtualMerge(mirror, { ours, theirs: landing }, signal)
    if (merged.kind === 'unrelated') throw new Error(`bug: ${landing} is not on top of ${before}`)
    if (merged.kind === 'conflict') {
      const { files, fileCount } = merged
      return { kind: 'conflict', files, fileCount, base: landing }
    }
    onto = await commitTree(mirror, { ...NOBODY, tree: merged.tree, parents: [head] }, signal)
  }
  return { kind: 'clean', onto }
}

/** A commit with the tree of one and another as its parent. */
async function grown(
  mirror: Mirror,
  { from, parent }: { from: Oid; parent: Oid },
  signal: AbortSignal,
): Promise<Oid> {
  const tree = await treeOf(mirror, from, signal)
  return commitTree(mirror, { ...NOBODY, tree, parents: [parent] }, signal)
}

/** Always the same, so that trying again makes no new objects. */
const NOBODY = {
  message: 'Bring back',
  author: { name: 'knot', email: 'knot' },
  at: 0 as Instant,
}
