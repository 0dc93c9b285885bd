/** Which checks the user's files have, and whether this machine could run them. */
import { delimiter, join } from 'node:path'
import type { Checkout } from '../git/repository.ts'
import { detectChecks } from './checks/detect.ts'
import { listingHere } from './checks/listing.ts'
import { findSandbox, type Sandbox } from './checks/sandbox.ts'
import { findTool, toolPath } from './checks/tools.ts'

/** A check by its name, with the programs that are not here. */
export type Runnable = { name: string; missing: string[] }

/** Detects checks and looks for their programs; nothing is run but the sandbox, to see it work. */
export async function inspectChecks(
  checkout: Checkout,
  signal: AbortSignal,
): Promise<
  | { kind: 'checks'; checks: Runnable[]; sandbox: Sandbox }
  | { kind: 'malformed'; file: string; line: number; why: string }
> {
  const detected = detectChecks(await listingHere(checkout, signal))
  if (detected.kind === 'malformed') return detected
  const outer = process.env['PATH'] ?? ''
  const path = [join(checkout.root, 'node_modules', '.bin'), outer].join(delimiter)
  const checks: Runnable[] = []
  for (const check of detected.checks) {
    const { name, tools } = check
    const own = toolPath(checkout.root, check, path)
    const missing: string[] = []
    for (const tool of tools) {
      if ((await findTool(tool, own, checkout.root)) === undefined) missing.push(tool)
    }
    checks.push({ name, missing })
  }
  return { kind: 'checks', checks, sandbox: await findSandbox(outer, signal) }
}
