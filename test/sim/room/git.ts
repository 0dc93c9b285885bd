/**
 * Git as the simulator has it: commits are maps of files, merges are three-way by file, and a check
 * fails where a file says `broken`. Everybody's commits are in one table; who *holds* which is not.
 */
import { createHash } from 'node:crypto'
import type { Oid } from '../../../src/core/brand.ts'
import type { Returning } from '../../../src/core/engine/effect.ts'
import type { CheckOutcome, MergeOutcome } from '../../../src/core/integration/planner.ts'

export type Files = Readonly<Record<string, string>>
type Commit = { parents: readonly Oid[]; files: Files; tree: Oid }

export class SimGit {
  readonly #commits = new Map<Oid, Commit>()
  readonly #trees = new Map<Oid, Files>()

  commit(files: Files, parents: readonly Oid[]): Oid {
    const tree = this.#write(files)
    const oid = digest(JSON.stringify([tree, parents]))
    this.#commits.set(oid, { files, parents, tree })
    return oid
  }

  files(oid: Oid): Files {
    return this.#at(oid).files
  }

  parents(oid: Oid): readonly Oid[] {
    return this.#at(oid).parents
  }

  tree(oid: Oid): Oid {
    return this.#at(oid).tree
  }

  /** The commit and all before it. */
  history(oid: Oid): Set<Oid> {
    const seen = new Set<Oid>()
    const queue = [oid]
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      if (seen.has(at)) continue
      seen.add(at)
      queue.push(...this.parents(at))
    }
    return seen
  }

  merge(head: Oid | undefined, commit: Oid, again: readonly Returning[]): MergeOutcome {
    if (head === undefined) return { kind: 'clean', tree: this.tree(commit) }
    let ours = this.files(head)
    for (const { before, landing } of again) {
      const back = join(this.files(before), ours, this.files(landing))
      if (back.conflicts.length > 0) return conflict(back.conflicts, head)
      ours = back.files
    }
    const past = this.history(head)
    if (past.has(commit)) {
      return again.length === 0 ? { kind: 'contained' } : { kind: 'clean', tree: this.#write(ours) }
    }
    const base = this.#base(past, commit)
    if (base === undefined) return { kind: 'unrelated' }
    const { files, conflicts } = join(this.files(base), ours, this.files(commit))
    if (conflicts.length > 0) return conflict(conflicts, head)
    return { kind: 'clean', tree: this.#write(files) }
  }

  /** The commit in which a push lands on a head. */
  land(head: Oid | undefined, commit: Oid, tree: Oid): Oid {
    const files = this.#trees.get(tree)
    if (files === undefined) throw new Error(`bug: no tree ${tree}`)
    return this.commit(files, head === undefined ? [commit] : [head, commit])
  }

  /** The commit that goes on from a head with the files of another. */
  undo(head: Oid, before: Oid): Oid {
    return this.commit(this.files(before), [head])
  }

  check(head: Oid | undefined, commit: Oid, tree: Oid): CheckOutcome {
    const landing = this.land(head, commit, tree)
    const run = { name: 'test', command: 'test', ms: 1, digest: '' }
    if (Object.values(this.files(landing)).includes('broken')) {
      return { kind: 'failed', checks: [{ ...run, outcome: 'failed', exit: 1 }], output: 'broken' }
    }
    const checks = [{ ...run, outcome: 'passed' as const, exit: 0 }]
    return { kind: 'passed', checks, commit: landing, steers: [] }
  }

  #write(files: Files): Oid {
    const tree = treeOf(files)
    this.#trees.set(tree, files)
    return tree
  }

  #at(oid: Oid): Commit {
    const commit = this.#commits.get(oid)
    if (commit === undefined) throw new Error(`bug: no commit ${oid}`)
    return commit
  }

  /** The first commit, going back from `commit`, that is in `past`. */
  #base(past: ReadonlySet<Oid>, commit: Oid): Oid | undefined {
    const queue = [commit]
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      if (past.has(at)) return at
      queue.push(...this.parents(at))
    }
    return undefined
  }
}

function conflict(files: string[], head: Oid): MergeOutcome {
  return { kind: 'conflict', files, fileCount: files.length, against: [head] }
}

function join(base: Files, ours: Files, theirs: Files): { files: Files; conflicts: string[] } {
  const files: Record<string, string> = {}
  const conflicts: string[] = []
  for (const name of Object.keys({ ...base, ...ours, ...theirs }).sort()) {
    const [b, o, t] = [base[name], ours[name], theirs[name]]
    const merged = o === t || t === b ? o : t
    if (o !== b && t !== b && o !== t) conflicts.push(name)
    if (merged !== undefined) files[name] = merged
  }
  return { files, conflicts }
}

function treeOf(files: Files): Oid {
  return digest(JSON.stringify(sortedFiles(files)))
}

function sortedFiles(files: Files): [string, string][] {
  return Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))
}

function digest(text: string): Oid {
  return createHash('sha1').update(text).digest('hex') as Oid
}
