/**
 * `knot doctor`: everything that can be looked at without being asked to, and mended without being
 * a risk. It starts no daemon and writes nothing but what `mend` of a finding says.
 */
import { DOCTOR_ASK_MS } from '../../core/limits.ts'
import { homeAt } from '../../store/home.ts'
import { examineChecks } from './checks.ts'
import { examineDaemon } from './socket.ts'
import { type Finding, type Found, note } from './finding.ts'
import { examineGit } from './git.ts'
import { examineHome } from './home.ts'
import { examineLeftovers } from './leftovers.ts'
import { examineLogs } from './logs.ts'
import { examineSpace } from './space.ts'
import { examineWorktrees } from './worktrees.ts'

/** Examines a checkout; with `mend`, mends what can be, and tells what of it is right now. */
export async function doctor(
  root: string,
  what: 'look' | 'mend',
  signal: AbortSignal,
): Promise<Finding[]> {
  const before = await examine(root, signal)
  const mendable = before.filter(({ mend }) => mend !== undefined)
  if (what === 'look' || mendable.length === 0) return before.map(told)

  const failures = new Map<Found, string>()
  for (const found of mendable) {
    await found.mend?.().catch((error: Error) => failures.set(found, error.message))
  }
  // What is told as mended was looked at again: an attempt that reported no error proves nothing.
  const after = await examine(root, signal)
  const rest = after.map((found) => {
    const attempt = mendable.find((one) => isSame(one, found))
    const why = attempt === undefined ? undefined : failures.get(attempt)
    return why === undefined ? told(found) : told({ ...found, text: `${found.text} (${why})` })
  })
  const mended = mendable.filter((one) => !after.some((found) => isSame(one, found)))
  return [...mended.map(asMended), ...rest]
}

function isSame(a: Found, b: Found): boolean {
  return a.code === b.code && a.text === b.text
}

function asMended({ area, code, text }: Found): Finding {
  return { area, code, severity: 'fine', text: `mended: ${text}`, mended: true }
}

function told({ mend: _, ...finding }: Found): Finding {
  return finding
}

async function examine(root: string, signal: AbortSignal): Promise<Found[]> {
  const home = homeAt(root)
  const git = await examineGit(root, signal)
  const found = [...git.findings, ...(await examineHome(home))]
  const until = AbortSignal.any([signal, AbortSignal.timeout(DOCTOR_ASK_MS)])
  const daemon = await examineDaemon(home, until)
  found.push(...(await examineLogs(home, daemon.state)))
  if (daemon.state === 'absent') found.push(...(await examineLeftovers(home, signal)))
  found.push(await examineSpace(root))
  if (git.checkout !== undefined) {
    found.push(...(await examineChecks(git.checkout, signal)))
    found.push(...(await examineWorktrees(git.checkout, signal)))
  }
  found.push(...daemon.findings)
  if (daemon.state !== 'serving') {
    const text = 'peers, addresses, mDNS, clock and lease were not looked at: no daemon answers'
    found.push(note('mesh', 'mesh-unseen', text, 'knot up, then knot doctor again'))
  }
  return found
}
