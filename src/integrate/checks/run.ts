/**
 * Running checks, one after another, and saying exactly what happened.
 *
 * A check that did not run did not pass: `passed` knows one outcome, exit code 0.
 */
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, sep } from 'node:path'
import type { Hash } from '../../core/brand.ts'
import { CHECK_OUTPUT_MAX_BYTES, CHECK_TIMEOUT_MS } from '../../core/limits.ts'
import { startGroup, tailOf } from '../../git/group.ts'
import type { Check } from './detect.ts'
import { checkEnvironment } from './environment.ts'
import { confine, secretPlaces, type Sandbox } from './sandbox.ts'
import { killStragglers } from './stragglers.ts'
import { findTool, toolPath, versionOf } from './tools.ts'

export type Outcome =
  | { kind: 'exited'; code: number }
  | { kind: 'signalled'; signal: string }
  | { kind: 'timed-out'; afterMs: number }
  | { kind: 'missing-tool'; tool: string }
  | { kind: 'not-started'; why: string }

/** What is known of one check after it ran, or did not. */
export type Evidence = {
  name: string
  command: readonly string[]
  outcome: Outcome
  durationMs: number
  /** The end of stdout and stderr together, at most CHECK_OUTPUT_MAX_BYTES. */
  output: string
  /** Of the whole output, also of what was not kept. */
  outputBytes: number
  outputDigest: Hash
  /** Tool by tool, the first line it says about its version. */
  toolchain: Readonly<Record<string, string>>
  sandbox: 'bubblewrap' | 'none'
}

/** True for the one outcome that counts as a pass. */
export function passed({ outcome }: Evidence): boolean {
  return outcome.kind === 'exited' && outcome.code === 0
}

/** Where and under which rules checks run. */
export type Bench = {
  folder: string
  /** What tools download, kept between runs. */
  cache: string
  /** The mirror, whose objects a check may read. */
  mirror: string
  sandbox: Sandbox
  timeoutMs?: number
  /** Variables that the owner of this machine decided to hand in. */
  env?: Readonly<Record<string, string>>
  /** Hears of each check when it begins, and when it has ended. */
  told?: { began: (name: string) => void; ended: (evidence: Evidence) => void }
}

/** Runs every check, also after one failed: its author is told everything at once. */
export async function runChecks(
  bench: Bench,
  checks: readonly Pick<Check, 'name' | 'command' | 'tools' | 'timeoutMs' | 'folder'>[],
  signal: AbortSignal,
): Promise<Evidence[]> {
  await mkdir(bench.cache, { recursive: true })
  // Beside what tools cache, so that what a killed daemon leaves lies in .knot/ and nowhere else.
  const home = await mkdtemp(join(bench.cache, 'home-'))
  const { folder, cache } = bench
  const extra = bench.env ?? {}
  const env = checkEnvironment({ folder, home, cache, outer: process.env, extra })
  const versions = new Map<string, string>()
  const evidence: Evidence[] = []
  try {
    for (const check of checks) {
      bench.told?.began(check.name)
      const found = await runCheck({ bench, check, env, home, versions }, signal)
      bench.told?.ended(found)
      evidence.push(found)
    }
  } finally {
    await killStragglers(folder)
    await rm(home, { recursive: true, force: true }).catch(() => {})
  }
  return evidence
}

type Run = {
  bench: Bench
  check: Pick<Check, 'name' | 'command' | 'tools' | 'timeoutMs' | 'folder'>
  env: Readonly<Record<string, string>>
  home: string
  versions: Map<string, string>
}

async function runCheck(run: Run, signal: AbortSignal): Promise<Evidence> {
  const { bench, check } = run
  const { name, command } = check
  const sandbox = bench.sandbox.kind
  const tools = await findTools(run)
  if (tools.kind === 'missing-tool') {
    const none = { durationMs: 0, output: '', outputBytes: 0, outputDigest: digest().hex() }
    return { name, command, outcome: tools, ...none, toolchain: {}, sandbox }
  }
  signal.throwIfAborted()
  // Beside the check: asking npm alone takes longer than many a check.
  const toolchain = versionsOf(run, tools.programs, signal)
  const asked = toolchain.then(() => undefined, () => undefined)
  const ran = await runGroup(run, asked, signal)
  return { name, command, ...ran, toolchain: await toolchain, sandbox }
}

/** Runs a check's command; `beside` is over before what the check has left running is killed. */
async function runGroup(
  run: Run,
  beside: Promise<void>,
  signal: AbortSignal,
): Promise<Omit<Evidence, 'name' | 'command' | 'toolchain' | 'sandbox'>> {
  const { bench, check, env } = run
  const afterMs = check.timeoutMs ?? bench.timeoutMs ?? CHECK_TIMEOUT_MS
  const from = performance.now()
  const group = startGroup(confined(run), { cwd: bench.folder, env })
  group.stdin.end()
  const whole = digest()
  const streams = [group.stdout, group.stderr]
  for (const stream of streams) stream.on('data', whole.add)
  const tail = tailOf(streams, CHECK_OUTPUT_MAX_BYTES)

  let isLate = false
  const late = setTimeout(() => {
    isLate = true
    group.stop()
  }, afterMs)
  if (signal.aborted) group.stop()
  signal.addEventListener('abort', group.stop, { once: true })
  const ending = await group.ended
  clearTimeout(late)
  signal.removeEventListener('abort', group.stop)
  const durationMs = Math.round(performance.now() - from)
  await beside
  await killStragglers(bench.folder)
  await group.drained
  signal.throwIfAborted()
  return {
    outcome: isLate ? { kind: 'timed-out', afterMs } : ending,
    durationMs,
    output: tail().toString('utf8'),
    outputBytes: whole.bytes(),
    outputDigest: whole.hex(),
  }
}

type Tools =
  | { kind: 'found'; programs: { tool: string; program: string }[] }
  | { kind: 'missing-tool'; tool: string }

async function findTools({ bench, check, env }: Run): Promise<Tools> {
  const programs: { tool: string; program: string }[] = []
  const path = toolPath(bench.folder, check, env['PATH'] ?? '')
  for (const tool of check.tools) {
    const program = await findTool(tool, path, bench.folder)
    if (program === undefined) return { kind: 'missing-tool', tool }
    programs.push({ tool, program })
  }
  return { kind: 'found', programs }
}

async function versionsOf(
  { bench, env, home, versions }: Run,
  programs: readonly { tool: string; program: string }[],
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const asked = programs.map(async ({ tool, program }) => {
    // A program that the tree brings along is named by the tree, and is not started unconfined.
    const version = program.startsWith(bench.folder + sep)
      ? 'of the tree'
      : versions.get(program) ??
        (await versionOf({ tool, program }, { cwd: home, env }, signal))
    versions.set(program, version)
    return [tool, version] as const
  })
  return Object.fromEntries(await Promise.all(asked))
}

function confined({ bench, check, home }: Run): readonly [string, ...string[]] {
  const { folder, cache, mirror, sandbox } = bench
  if (sandbox.kind === 'none') return check.command
  const hidden = secretPlaces({ folder, home: homedir() })
  return confine(sandbox, check.command, {
    folder,
    writable: [home, cache],
    readable: [mirror],
    hidden,
  })
}

function digest(): { add: (chunk: Buffer) => void; bytes: () => number; hex: () => Hash } {
  const hash = createHash('sha256')
  let bytes = 0
  const add = (chunk: Buffer) => {
    bytes += chunk.length
    hash.update(chunk)
  }
  return { add, bytes: () => bytes, hex: () => hash.copy().digest('hex') as Hash }
}
