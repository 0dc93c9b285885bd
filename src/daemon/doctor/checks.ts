/** The checks of the repository, and whether they could run here. */
import type { Checkout } from '../../git/repository.ts'
import { inspectChecks } from '../../integrate/checks-here.ts'
import { error, fine, type Found, note, warning } from './finding.ts'

/** Looks at what would be checked before a landing. */
export async function examineChecks(checkout: Checkout, signal: AbortSignal): Promise<Found[]> {
  const seen = await inspectChecks(checkout, signal)
  if (seen.kind === 'malformed') {
    const { file, line, why } = seen
    const text = `${file}:${line}: ${why}`
    return [error('checks', { code: 'checks-malformed', text, fix: `mend ${file}` })]
  }
  const { checks, sandbox } = seen
  const found: Found[] = []
  if (checks.length === 0) {
    const text = 'no check was detected: what lands is not tested'
    found.push(note('checks', 'checks-none', text, 'name one in .knot.toml: [[check]] name, run'))
  }
  for (const { name, missing } of checks) {
    if (missing.length === 0) continue
    const text = `${missing.join(', ')} is not installed, so the check ${name} cannot pass here`
    const fix = `install ${missing.join(', ')}, or put it into PATH before the daemon starts`
    found.push(warning('checks', { code: 'check-tool-missing', text, fix }))
  }
  const runnable = checks.filter(({ missing }) => missing.length === 0).map(({ name }) => name)
  if (runnable.length > 0) found.push(fine('checks', `${runnable.join(', ')}: programs are here`))
  if (sandbox.kind === 'bubblewrap') found.push(fine('sandbox', `${sandbox.path} confines checks`))
  else found.push(note('sandbox', 'sandbox-missing', `${sandbox.why}: checks run unconfined`))
  return found
}
