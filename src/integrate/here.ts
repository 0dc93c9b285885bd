/** The detected checks, run on the user's own files as they are now. */
import { join } from 'node:path'
import { listHere, readHere } from '../git/checkout-files.ts'
import type { Checkout } from '../git/repository.ts'
import type { CheckRun } from '../core/room/facts.ts'
import { detectChecks, READ_BY_DETECTION } from './checks/detect.ts'
import { type Bench, runChecks } from './checks/run.ts'
import { shown, toRun } from './check.ts'

export type RanHere =
  | { kind: 'ran'; evidence: { name: string; output: string; run: CheckRun }[] }
  | { kind: 'malformed'; file: string; line: number; why: string }

/** Whose files are checked, whose `.knot.toml` says how, and where what is installed is kept. */
export type Place = { files: Checkout; project: Checkout; home: { root: string } }

/** Runs them in place, without a sandbox: it is the user's own machine and the user's own code. */
export async function runHere(
  { files, project, home: { root } }: Place,
  signal: AbortSignal,
  listening?: Bench['told'],
): Promise<RanHere> {
  const paths = await listHere(files, signal)
  const texts = await textsOf({ files, project })
  const detected = detectChecks({ paths, texts })
  if (detected.kind === 'malformed') return detected
  const bench = {
    folder: files.root,
    cache: join(root, 'cache'),
    mirror: join(root, 'repo.git'),
    sandbox: { kind: 'none', why: 'these are the user’s own files' } as const,
    ...(listening === undefined ? {} : { told: listening }),
  }
  const evidence = await runChecks(bench, detected.checks, signal)
  const told = evidence.map((one) => ({ name: one.name, output: one.output, run: toRun(one) }))
  return { kind: 'ran', evidence: told }
}

async function textsOf({ files, project }: Omit<Place, 'home'>): Promise<Map<string, string>> {
  const texts = await readHere(files, READ_BY_DETECTION)
  if (files.root === project.root) return texts
  return new Map([...texts, ...(await readHere(project, ['.knot.toml']))])
}

/** The names and commands of the checks that the checkout has now; none when they do not read. */
export async function checksHere(
  checkout: Checkout,
  signal: AbortSignal,
): Promise<{ name: string; command: string }[]> {
  const paths = await listHere(checkout, signal)
  const texts = await readHere(checkout, READ_BY_DETECTION)
  const detected = detectChecks({ paths, texts })
  if (detected.kind === 'malformed') return []
  return detected.checks.map(({ name, command }) => ({ name, command: shown(command) }))
}
