/**
 * Merging in the object store: no worktree, no index, about 2 ms.
 *
 * Nothing is ever resolved by choosing a side. A conflict is an answer.
 */
import type { Instant, Oid } from '../core/brand.ts'
import { FILES_LISTED_MAX, LAST_TOUCHED_MAX } from '../core/limits.ts'
import { ask, nulls, run } from './door.ts'
import { parseOid } from './refs.ts'
import { type Checkout, inside, type Mirror } from './repository.ts'

/** The best common ancestor of two commits; undefined when their histories never met. */
export async function mergeBase(
  mirror: Mirror,
  [a, b]: readonly [Oid, Oid],
  signal: AbortSignal,
): Promise<Oid | undefined> {
  const { stdout } = await run(['merge-base', a, b], {
    at: inside(mirror),
    signal,
    okCodes: [0, 1],
  })
  return parseOid(stdout.toString('utf8').trim())
}

export type Merged =
  | { kind: 'clean'; tree: Oid }
  /** The first `files` in git's order, of `fileCount`; `messages` are git's own sentences. */
  | { kind: 'conflict'; files: string[]; fileCount: number; messages: string[] }
  /** The histories never met, so there is nothing to compare both sides with. */
  | { kind: 'unrelated' }

/** Merges two commits into a tree. */
export async function virtualMerge(
  mirror: Mirror,
  { ours, theirs }: { ours: Oid; theirs: Oid },
  signal: AbortSignal,
): Promise<Merged> {
  if ((await mergeBase(mirror, [ours, theirs], signal)) === undefined) return { kind: 'unrelated' }
  const merge = ['merge-tree', '--write-tree', '--name-only', '-z', ours, theirs]
  const { code, stdout } = await run(merge, { at: inside(mirror), signal, okCodes: [0, 1] })
  const parts = nulls(stdout)
  if (code === 0) {
    const tree = parseOid(parts[0] ?? '')
    if (tree === undefined) throw new Error('bug: merge-tree named no tree')
    return { kind: 'clean', tree }
  }
  // <tree> <file>… <empty> (<count> <file>×count <kind> <sentence>)…
  const end = parts.indexOf('', 1)
  const names = [...new Set(parts.slice(1, end))]
  const files = names.slice(0, FILES_LISTED_MAX)
  const messages = sentences(parts.slice(end + 1))
  return { kind: 'conflict', files, fileCount: names.length, messages }
}

/** A commit of `ours` and which of the asked files it changed. */
export type Touched = { commit: Oid; files: string[] }

/**
 * The landings that last changed some files, newest first: who to ask about a conflict. A merge
 * counts as one change, made where it joined the line from `base` to `ours`.
 */
export async function lastTouched(
  mirror: Mirror,
  { base, ours, files }: { base: Oid; ours: Oid; files: readonly string[] },
  signal: AbortSignal,
): Promise<Touched[]> {
  if (files.length === 0) return []
  const log = ['log', '-z', '--format=commit:%H', '--name-only', '--no-renames', '--first-parent',
    '-m', '--no-show-signature', '--no-ext-diff', `--max-count=${LAST_TOUCHED_MAX}`,
    `${base}..${ours}`, '--', ...files.slice(0, FILES_LISTED_MAX)]
  const { stdout } = await run(log, { at: inside(mirror), signal })
  const touched: Touched[] = []
  for (const part of nulls(stdout)) {
    // Git puts a line feed between a commit and its first file.
    const name = part.replace(/^\n/, '')
    const commit = /^commit:([0-9a-f]{40})$/.exec(name)?.[1]
    if (commit !== undefined) touched.push({ commit: commit as Oid, files: [] })
    else if (name !== '') touched.at(-1)?.files.push(name)
  }
  return touched
}

export type Identity = { name: string; email: string }

/**
 * Writes a commit whose every byte is given: a leader that resumes after a crash makes the same
 * commit, with the same name, as the one that it may have told others about.
 */
export async function commitTree(
  mirror: Mirror,
  { tree, parents, message, author, at }: {
    tree: Oid
    parents: readonly Oid[]
    message: string
    author: Identity
    at: Instant
  },
  signal: AbortSignal,
): Promise<Oid> {
  const seconds = Math.floor(at / 1000)
  const who = `${plain(author.name) || 'knot'} <${plain(author.email)}> ${seconds} +0000`
  const lines = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${who}`,
    `committer ${who}`,
    '',
    `${message.replaceAll('\0', '').trimEnd()}\n`,
  ]
  const write = ['hash-object', '-t', 'commit', '-w', '--stdin']
  const input = lines.join('\n')
  return (await ask(write, { at: inside(mirror), signal, input })) as Oid
}

/** The tree of a commit. */
export async function treeOf(mirror: Mirror, commit: Oid, signal: AbortSignal): Promise<Oid> {
  const parse = ['rev-parse', '--verify', '--quiet', `${commit}^{tree}`]
  return (await ask(parse, { at: inside(mirror), signal })) as Oid
}

/** The tree of a commit, and its parents in their order. */
export async function commitAt(
  mirror: Mirror,
  commit: Oid,
  signal: AbortSignal,
): Promise<{ tree: Oid; parents: Oid[] }> {
  const list = ['rev-list', '--max-count=1', '--no-commit-header', '--format=%T %P', commit]
  const said = await ask(list, { at: inside(mirror), signal })
  const [tree, ...parents] = said.split(' ').filter((word) => word !== '')
  return { tree: tree as Oid, parents: parents as Oid[] }
}

/** True when `ancestor` is in the history of `commit`, or is it. */
export async function isAncestor(
  repository: Checkout | Mirror,
  { ancestor, commit }: { ancestor: Oid; commit: Oid },
  signal: AbortSignal,
): Promise<boolean> {
  const test = ['merge-base', '--is-ancestor', ancestor, commit]
  return (await run(test, { at: inside(repository), signal, okCodes: [0, 1] })).code === 0
}

function sentences(parts: readonly string[]): string[] {
  const messages: string[] = []
  for (let i = 0; i < parts.length && messages.length < FILES_LISTED_MAX; ) {
    const names = Number(parts[i])
    const sentence = parts[i + names + 2]
    if (!Number.isInteger(names) || sentence === undefined) break
    // "Auto-merging x" is said of files without a conflict, too.
    if (sentence.startsWith('CONFLICT')) messages.push(sentence.trimEnd())
    i += names + 3
  }
  return messages
}

// What git itself takes out of a name: a line feed or an angle bracket would forge a header.
function plain(text: string): string {
  return text.replace(/[\u0000-\u001f<>]/g, '').replace(/^[ .,:;"'\\]+|[ .,:;"'\\]+$/g, '')
}
