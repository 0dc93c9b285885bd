/**
 * Moving the integration ref here, over landings and undos that the term chain confirmed.
 *
 * Each is held against its record before the ref moves: a landing's commit has the tree that was
 * tested, and joins the push to the landing before it; an undo's has the tree of the state before
 * the landing that it takes back. A leader that signed something else is found out here, by every
 * peer, and the ref stays where it was.
 */
import type { Oid } from '../core/brand.ts'
import type { Confirmed } from '../core/engine/effect.ts'
import { commitAt, treeOf } from '../git/merge.ts'
import { readRef, updateRef } from '../git/moves.ts'
import { INTEGRATION_REF, pushRef } from '../git/refs.ts'
import { bring, getPinned } from './objects.ts'
import type { Holders, Repositories } from './repositories.ts'

export type Advanced =
  { kind: 'done'; integration: Oid } | { kind: 'failed'; integration: Oid | undefined; why: string }

/** Takes landings, oldest first; the last one is where the ref will be. */
export async function advance(
  at: Repositories,
  { landings, holders }: { landings: readonly Confirmed[]; holders: Holders },
  signal: AbortSignal,
): Promise<Advanced> {
  const { mirror } = at
  const from = await readRef(mirror, INTEGRATION_REF, signal)
  const failed = (why: string): Advanced => ({ kind: 'failed', integration: from, why })
  const last = landings.at(-1)
  if (last === undefined) return failed('no landing to advance over')
  const got = await getPinned(at, { commit: last.commit, holders }, signal)
  if (got.kind === 'failed') return failed(got.why)
  for (const landing of landings) {
    // The last one was just made sure of.
    if (landing.commit !== last.commit) {
      const here = await getPinned(at, { commit: landing.commit, holders: [] }, signal)
      if (here.kind === 'failed') {
        return failed(`landing ${landing.commit} is not in the history of the last: ${here.why}`)
      }
    }
    const wrong = await contradiction(at, landing, signal)
    if (wrong !== undefined) return failed(wrong)
  }
  const move = { ref: INTEGRATION_REF, to: last.commit, ...(from === undefined ? {} : { from }) }
  const moved = await updateRef(mirror, move, signal)
  if (moved.kind === 'moved-by-other') return failed(`${moved.ref} was moved meanwhile`)
  const brought = await bring(at, signal)
  if (brought.kind === 'failed') return { ...failed(brought.why), integration: last.commit }
  return { kind: 'done', integration: last.commit }
}

/** How a landing's commit differs from its record, in words; undefined when they agree. */
async function contradiction(
  at: Repositories,
  landing: Confirmed,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { commit, tree, prev } = landing
  const { tree: found, parents } = await commitAt(at.mirror, commit, signal)
  if (found !== tree) return `landing ${commit} has tree ${found}, its record ${tree}`
  if (landing.kind === 'undone') {
    const before = await treeOf(at.mirror, landing.before, signal)
    if (before !== tree) return `undo ${commit} has tree ${tree}, before it was ${before}`
    if (parents.join() === prev) return undefined
    return `undo ${commit} follows ${parents.join(' ') || 'nothing'}, its record says ${prev}`
  }
  const { push } = landing
  const pushed = await readRef(at.mirror, pushRef(push), signal)
  const brings = prev === undefined ? parents : parents.slice(1)
  if (prev !== undefined && parents[0] !== prev) {
    return `landing ${commit} follows ${parents[0] ?? 'nothing'}, its record says ${prev}`
  }
  if (pushed !== undefined && brings.join() !== pushed) {
    return `landing ${commit} brings ${brings.join(' ') || 'nothing'}, push ${push} is ${pushed}`
  }
  return undefined
}
