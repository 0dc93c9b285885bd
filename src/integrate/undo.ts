/** The commit that takes the last landing back: on top of the head, with the tree before it. */
import type { Instant } from '../core/brand.ts'
import type { Job } from '../core/engine/effect.ts'
import type { UndoOutcome } from '../core/integration/planner.ts'
import { commitTree, treeOf } from '../git/merge.ts'
import { getPinned } from './objects.ts'
import type { Repositories } from './repositories.ts'

/** Makes it and pins it for others to fetch. That tree was tested when it landed. */
export async function undo(
  at: Repositories,
  { head, before, message, seconds, by, holders }: Extract<Job, { kind: 'undo' }>,
  signal: AbortSignal,
): Promise<UndoOutcome> {
  const { mirror } = at
  for (const commit of [head, before]) {
    const got = await getPinned(at, { commit, holders }, signal)
    if (got.kind === 'failed') return { kind: 'broke', why: got.why }
  }
  const tree = await treeOf(mirror, before, signal)
  const author = { name: by.name, email: `${by.agent}@knot` }
  const made = { tree, parents: [head], message, author, at: (seconds * 1000) as Instant }
  const commit = await commitTree(mirror, made, signal)
  const pinned = await getPinned(at, { commit, holders: [] }, signal)
  if (pinned.kind === 'failed') return { kind: 'broke', why: pinned.why }
  return { kind: 'made', commit, tree }
}
