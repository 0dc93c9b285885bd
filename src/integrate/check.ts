/**
 * The second question about a push: does the merged tree pass the checks of the state before it?
 *
 * The landing's commit is made here, from the very tree that was tested, and only when every check
 * ran and passed and left the tracked files alone.
 */
import type { Instant, Oid } from '../core/brand.ts'
import type { Job } from '../core/engine/effect.ts'
import type { CheckOutcome } from '../core/integration/planner.ts'
import { STEERS_NAMED_MAX, TOOLCHAIN_MAX_CHARS } from '../core/limits.ts'
import { boundedChecks, boundedFiles, boundedOutput } from '../core/room/bounded.ts'
import type { CheckRun } from '../core/room/facts.ts'
import { commitTree, treeOf } from '../git/merge.ts'
import { filesBetween } from '../git/checkout.ts'
import type { Mirror } from '../git/repository.ts'
import { holdsKnot, readFiles } from '../git/tree.ts'
import type { Worktree } from '../git/worktree.ts'
import { checkTree, checksFor, checksOf } from './checks/check.ts'
import type { Detected } from './checks/detect.ts'
import { type Evidence, passed } from './checks/run.ts'
import { findSandbox } from './checks/sandbox.ts'
import { changesChecks } from './checks/steering.ts'
import { getPinned } from './objects.ts'
import type { Repositories } from './repositories.ts'

type CheckJob = Extract<Job, { kind: 'check' }>

/** Checks a merged tree, and commits it when it passed. */
export async function check(
  at: Repositories,
  job: CheckJob,
  signal: AbortSignal,
): Promise<CheckOutcome> {
  const { mirror, checkFolder: folder, cacheFolder: cache } = at
  const { head, tree } = job
  const worktree = { mirror, folder }
  const [holds, detected, sandbox] = await Promise.all([
    holdsKnot(mirror, tree, signal),
    ruling(worktree, { base: head ?? tree, tree }, signal),
    findSandbox(process.env['PATH'] ?? '', signal),
  ])
  if (holds) {
    return failed([], 'the push has a .knot folder in it: git rm -r --cached .knot, and commit')
  }
  if (detected.kind === 'malformed') {
    const { file, line, why } = detected
    return failed([], `${file}:${line}: ${why}`)
  }
  const { checks } = detected
  const asked = { worktree, bench: { cache, sandbox }, tree, head: head ?? job.commit, checks }
  const checked = await checkTree(asked, signal)
  if (checked.kind === 'stuck') return { kind: 'broke', why: checked.why }
  if (checked.kind === 'not-installed') return failed([checked.evidence], checked.evidence.output)
  const { evidence } = checked
  const bad = evidence.find((one) => !passed(one))
  if (bad !== undefined) return failed(evidence, bad.output)
  if (checked.tree.kind === 'changed') {
    const names = checked.tree.names.slice(0, 20).join(' ')
    return failed(evidence, `the checks changed tracked files: ${names}`)
  }
  const runs = boundedChecks(evidence.map(toRun))
  const [steers, commit] = await Promise.all([
    head === undefined ? [] : steering(mirror, { base: head, tip: tree }, signal),
    land(at, job, signal),
  ])
  return { kind: 'passed', checks: runs, commit, steers }
}

/**
 * The checks of the state before the push; its own where that state's settings do not read, or
 * nobody could ever mend them. A push after which they would not read is refused.
 */
async function ruling(
  worktree: Worktree,
  { base, tree }: { base: Oid; tree: Oid },
  signal: AbortSignal,
): Promise<Detected> {
  const [after, before] = await Promise.all([
    checksOf(worktree, tree, signal),
    checksFor(worktree, { base, tree }, signal),
  ])
  if (after.kind === 'malformed') return after
  return before.kind === 'malformed' ? after : before
}

/** The files of a push that change what the checks mean: they rule from the next landing on. */
async function steering(
  mirror: Mirror,
  { base, tip }: { base: Oid; tip: Oid },
  signal: AbortSignal,
): Promise<string[]> {
  const { names: changed } = await filesBetween(mirror, { base, tip }, signal)
  const paths = changed.filter((path) => path.split('/').at(-1) === 'package.json')
  const [before, after] = await Promise.all([
    readFiles(mirror, { tree: base, paths }, signal),
    readFiles(mirror, { tree: tip, paths }, signal),
  ])
  const steers = changesChecks({ changed, base: before, tip: after })
  return boundedFiles(steers.slice(0, STEERS_NAMED_MAX)).files
}

/** Commits the tested tree, asserts that the commit has it, and pins it for others to fetch. */
async function land(at: Repositories, job: CheckJob, signal: AbortSignal): Promise<Oid> {
  const { commit, head, tree, message, seconds, by } = job
  const landing = {
    tree,
    parents: head === undefined ? [commit] : [head, commit],
    message,
    author: { name: by.name, email: `${by.agent}@knot` },
    at: (seconds * 1000) as Instant,
  }
  const made = await commitTree(at.mirror, landing, signal)
  const found = await treeOf(at.mirror, made, signal)
  if (found !== tree) throw new Error(`bug: landing ${made} has tree ${found}, tested was ${tree}`)
  const pinned = await getPinned(at, { commit: made, holders: [] }, signal)
  if (pinned.kind === 'failed') throw new Error(`landing ${made} was not pinned: ${pinned.why}`)
  return made
}

function failed(evidence: readonly Evidence[], output: string): CheckOutcome {
  const checks = boundedChecks(evidence.map(toRun))
  return { kind: 'failed', checks, output: boundedOutput(output.trim()) }
}

/** Evidence as a fact carries it. */
export function toRun({ name, command, outcome, durationMs, ...rest }: Evidence): CheckRun {
  const { outputDigest: digest, toolchain: tools, sandbox } = rest
  const versions = Object.entries(tools).map(([tool, version]) => `${tool} ${version}`)
  const toolchain = versions.join(', ').slice(0, TOOLCHAIN_MAX_CHARS)
  const run = { name, command: shown(command), ms: durationMs, digest, toolchain, sandbox }
  switch (outcome.kind) {
    case 'exited': {
      const verdict = outcome.code === 0 ? 'passed' : 'failed'
      return { ...run, outcome: verdict, exit: outcome.code }
    }
    case 'timed-out':
      return { ...run, outcome: 'timeout' }
    case 'missing-tool':
      return { ...run, outcome: 'missing' }
    default:
      return { ...run, outcome: 'failed' }
  }
}

/** A command as a person would type it; a shell's script is shown as the script. */
export function shown(command: readonly string[]): string {
  const [shell, flag, script] = command
  const isScript = shell === 'sh' && flag === '-c' && script !== undefined
  return (isScript ? script : command.join(' ')).slice(0, 200)
}
