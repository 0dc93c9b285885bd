/** How the branch and the folder of a claim are called. */
import type { Brand } from './brand.ts'
import { SLUG_MAX_CHARS } from './limits.ts'

/**
 * The name of a claim's worktree, `<task>-<title>`: lower-case letters, digits and single dashes,
 * so that it is a ref, a folder and a shell word on every platform, whose case counts or not.
 */
export type WorktreeName = Brand<string, 'WorktreeName'>

/** The name for a task: the first digits of its id, and as much of its title as is readable. */
export function worktreeName({ task, title }: { task: string; title: string }): WorktreeName {
  const slug = slugOf(title)
  return (slug === '' ? task.slice(0, 8) : `${task.slice(0, 8)}-${slug}`) as WorktreeName
}

/** Reads such a name, as it comes from a path or from the local API. */
export function parseWorktreeName(text: string): WorktreeName | undefined {
  const known = /^[a-z2-7]{8}(-[a-z0-9]+)*$/.test(text) && text.length <= 9 + SLUG_MAX_CHARS
  return known ? (text as WorktreeName) : undefined
}

/** The branch of such a worktree. */
export function claimBranch(name: WorktreeName): string {
  return `knot/${name}`
}

/** The words of a title that ASCII has letters for; whole words while they fit. */
function slugOf(title: string): string {
  const plain = title.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const words = plain.split(/[^a-z0-9]+/).filter((word) => word !== '')
  let slug = (words[0] ?? '').slice(0, SLUG_MAX_CHARS)
  for (const word of words.slice(1)) {
    if (slug.length + 1 + word.length > SLUG_MAX_CHARS) break
    slug += `-${word}`
  }
  return slug
}
