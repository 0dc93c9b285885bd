/** The first question about a push: does it merge onto the head? */
import type { Oid } from '../core/brand.ts'
import type { Returning } from '../core/engine/effect.ts'
import type { MergeOutcome } from '../core/integration/planner.ts'
import { boundedFiles } from '../core/room/bounded.ts'
import { isAncestor, lastTouched, mergeBase, treeOf, virtualMerge } from '../git/merge.ts'
import { bringBack } from './again.ts'
import { getPinned } from './objects.ts'
import type { Holders, Repositories } from './repositories.ts'

/** Merges in the object store; nothing is checked out. */
export async function merge(
  at: Repositories,
  { commit, head, again, holders }: {
    commit: Oid
    head: Oid | undefined
    again: readonly Returning[]
    holders: Holders
  },
  signal: AbortSignal,
): Promise<MergeOutcome> {
  const { mirror } = at
  if (head === undefined) return { kind: 'clean', tree: await treeOf(mirror, commit, signal) }
  const got = await getPinned(at, { commit: head, holders }, signal)
  if (got.kind === 'failed') return { kind: 'broke', why: got.why }
  const back = await bringBack(mirror, { head, again }, signal)
  if (back.kind === 'conflict') return conflict(at, { ...back, head }, signal)
  const contained = await isAncestor(mirror, { ancestor: commit, commit: head }, signal)
  if (contained && again.length === 0) return { kind: 'contained' }
  if (contained) return { kind: 'clean', tree: await treeOf(mirror, back.onto, signal) }
  const merged = await virtualMerge(mirror, { ours: back.onto, theirs: commit }, signal)
  if (merged.kind !== 'conflict') return merged
  const base = await mergeBase(mirror, [head, commit], signal)
  return conflict(at, { ...merged, base, head }, signal)
}

/** A conflict with the landings and undos that changed the same files since `base`. */
async function conflict(
  { mirror }: Repositories,
  { files, fileCount, base, head }: {
    files: string[]
    fileCount: number
    base: Oid | undefined
    head: Oid
  },
  signal: AbortSignal,
): Promise<MergeOutcome> {
  const touched =
    base === undefined ? [] : await lastTouched(mirror, { base, ours: head, files }, signal)
  const against = touched.map(({ commit }) => commit)
  return { kind: 'conflict', ...boundedFiles(files, fileCount), against }
}
