/** The first question about a push: does it merge onto the head? */
import type { Oid } from '../core/brand.ts'
import type { MergeOutcome } from '../core/integration/planner.ts'
import { boundedFiles } from '../core/room/bounded.ts'
import { isAncestor, lastTouched, mergeBase, treeOf, virtualMerge } from '../git/merge.ts'
import { getPinned } from './objects.ts'
import type { Holders, Repositories } from './repositories.ts'

/** Merges in the object store; nothing is checked out. */
export async function merge(
  at: Repositories,
  { commit, head, holders }: { commit: Oid; head: Oid | undefined; holders: Holders },
  signal: AbortSignal,
): Promise<MergeOutcome> {
  const { mirror } = at
  if (head === undefined) return { kind: 'clean', tree: await treeOf(mirror, commit, signal) }
  const got = await getPinned(at, { commit: head, holders }, signal)
  if (got.kind === 'failed') return { kind: 'broke', why: got.why }
  if (await isAncestor(mirror, { ancestor: commit, commit: head }, signal)) {
    return { kind: 'contained' }
  }
  const merged = await virtualMerge(mirror, { ours: head, theirs: commit }, signal)
  if (merged.kind !== 'conflict') return merged
  const { files, fileCount } = merged
  const base = await mergeBase(mirror, [head, commit], signal)
  const touched =
    base === undefined ? [] : await lastTouched(mirror, { base, ours: head, files }, signal)
  const against = touched.map(({ commit }) => commit)
  return { kind: 'conflict', ...boundedFiles(files, fileCount), against }
}
