/** The detected checks, run on the user's own files as they are now. */
import { join } from 'node:path'
import { readHere } from '../git/checkout-files.ts'
import type { Checkout } from '../git/repository.ts'
import type { CheckRun } from '../core/room/facts.ts'
import { detectChecks, type Listing } from './checks/detect.ts'
import { listingHere } from './checks/listing.ts'
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
  const detected = detectChecks(await listingOf({ files, project }, signal))
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

/** What is here; in the worktree of a claim the `.knot.toml` of its checkout comes first. */
async function listingOf(
  { files, project }: Omit<Place, 'home'>,
  signal: AbortSignal,
): Promise<Listing> {
  const { paths, texts } = await listingHere(files, signal)
  if (files.root === project.root) return { paths, texts }
  const settings = await readHere(project, ['.knot.toml'])
  const named = settings.size === 0 ? [] : ['.knot.toml']
  return { paths: [...new Set([...paths, ...named])], texts: new Map([...texts, ...settings]) }
}

/** The names and commands of the checks that the checkout has now; none when they do not read. */
export async function checksHere(
  checkout: Checkout,
  signal: AbortSignal,
): Promise<{ name: string; command: string }[]> {
  const detected = detectChecks(await listingHere(checkout, signal))
  if (detected.kind === 'malformed') return []
  return detected.checks.map(({ name, command }) => ({ name, command: shown(command) }))
}
