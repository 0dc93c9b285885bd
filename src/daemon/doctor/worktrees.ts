/** The worktrees of claims, and whether git and the disk agree on them. */
import { listClaimWorktrees, listStrays } from '../../git/linked.ts'
import type { Checkout } from '../../git/repository.ts'
import { fine, type Found, warning } from './finding.ts'

/** Looks at them; nothing here mends, as what git forgets of a worktree is forgotten for good. */
export async function examineWorktrees(
  checkout: Checkout,
  signal: AbortSignal,
): Promise<Found[]> {
  const found: Found[] = []
  const worktrees = await listClaimWorktrees(checkout, signal)
  for (const { path, state } of worktrees) {
    if (state === 'here') continue
    const code = `worktree-${state}`
    const why = state === 'gone' ? 'its folder is gone' : 'a git that was killed left it unfinished'
    const text = `the worktree ${path} of a claim is no use: ${why}`
    const force = state === 'gone' ? '' : '-f -f '
    const fix = `claim the task again, or git worktree remove ${force}'${path}'`
    found.push(warning('worktrees', { code, text, fix }))
  }
  for (const path of await listStrays(checkout, signal)) {
    const text = `git does not know the worktree ${path}: this clone, or that folder, was moved`
    const fix = `git worktree repair '${path}'`
    found.push(warning('worktrees', { code: 'worktree-stray', text, fix }))
  }
  const here = worktrees.filter(({ state }) => state === 'here').length
  const count = here === 1 ? '1 worktree of a claim' : `${here} worktrees of claims`
  if (found.length === 0 && here > 0) found.push(fine('worktrees', count))
  return found
}
