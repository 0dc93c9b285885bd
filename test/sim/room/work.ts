/** A simulated peer's work on git objects: what the daemon's worker does, against the table of all. */
import type { Oid, PublicKey } from '../../../src/core/brand.ts'
import type { Job } from '../../../src/core/engine/effect.ts'
import type { Worked } from '../../../src/core/engine/input.ts'
import type { SimGit } from './git.ts'
import type { Disk } from './peer.ts'

/** Where a peer works: its disk, and the commits of those it has a session with. */
export type Desk = {
  git: SimGit
  disk: Disk
  commitsOf(key: PublicKey): ReadonlySet<Oid> | undefined
}

/** Does a job. */
export function work(desk: Desk, job: Job): Worked {
  const { git, disk } = desk
  switch (job.kind) {
    case 'fetch': {
      const { push } = job
      if (!get(desk, job.commit, job.holders)) return { kind: 'fetch', push, outcome: 'failed' }
      disk.pushes.add(push)
      return { kind: 'fetch', push, outcome: 'held' }
    }
    case 'merge': {
      const { push, head, commit } = job
      const here = head === undefined || get(desk, head, job.holders)
      const outcome = here ? git.merge(head, commit, job.again) : ({ kind: 'broke', why: 'no head' } as const)
      return { kind: 'merge', push, head, outcome }
    }
    case 'check': {
      const { push, head, commit, tree } = job
      const outcome = git.check(head, commit, tree)
      if (outcome.kind === 'passed') disk.commits.add(outcome.commit)
      return { kind: 'check', push, head, outcome }
    }
    case 'undo': {
      const { ask, head, before } = job
      if (![head, before].every((oid) => get(desk, oid, job.holders))) {
        return { kind: 'undo', ask, head, outcome: { kind: 'broke', why: 'no head' } }
      }
      const commit = git.undo(head, before)
      disk.commits.add(commit)
      return { kind: 'undo', ask, head, outcome: { kind: 'made', commit, tree: git.tree(commit) } }
    }
    case 'advance': {
      const last = job.landings.at(-1)?.commit as Oid
      const here = get(desk, last, job.holders)
      if (here) disk.integration = last
      return { kind: 'advance', outcome: here ? 'done' : 'failed', integration: disk.integration }
    }
    case 'refs':
      return { kind: 'refs' }
  }
}

/** The result of a job that broke off; undefined for a job that cannot. */
export function brokenOff(job: Job, disk: Disk): Worked | undefined {
  const why = 'it broke off'
  switch (job.kind) {
    case 'fetch':
      return { kind: 'fetch', push: job.push, outcome: 'failed', why }
    case 'merge':
    case 'check':
      return { kind: job.kind, push: job.push, head: job.head, outcome: { kind: 'broke', why } }
    case 'undo':
      return { kind: 'undo', ask: job.ask, head: job.head, outcome: { kind: 'broke', why } }
    case 'advance':
      return { kind: 'advance', outcome: 'failed', integration: disk.integration, why }
    case 'refs':
      return undefined
  }
}

/** Brings a commit and all before it here, from any of the holders that has it. */
function get({ git, disk, commitsOf }: Desk, oid: Oid, holders: readonly PublicKey[]): boolean {
  if (disk.commits.has(oid)) return true
  if (!holders.some((key) => commitsOf(key)?.has(oid))) return false
  for (const past of git.history(oid)) disk.commits.add(past)
  return true
}
