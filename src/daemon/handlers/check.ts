/** `check`: the detected checks on this checkout as it is now, uncommitted changes included. */
import { Failure } from '../../api/errors.ts'
import type { Answers, Item, Output, Parsed } from '../../api/types.ts'
import { type RanHere, runHere } from '../../integrate/here.ts'
import type { Daemon } from '../daemon.ts'
import { telling } from '../telling.ts'
import { workplaceOf } from '../worktrees.ts'

/** The handler; it needs no room. */
export function checkCall(daemon: Daemon): Pick<Answers, 'check'> {
  return { check: (input, signal) => run(daemon, input, signal) }
}

async function* run(
  { identity }: Daemon,
  { worktree }: Parsed<'check'>,
  signal: AbortSignal,
): AsyncGenerator<Item<'check'>, Output<'check'>, void> {
  const files = await workplaceOf(identity.checkout, worktree, signal)
  const ran = yield* telling<Item<'check'>, RanHere>((tell) =>
    runHere({ files, project: identity.checkout, home: identity.home }, signal, {
      began: (check) => tell({ check }),
      ended: ({ name: check, output }) => tell({ check, text: output }),
    }),
  )
  if (ran.kind === 'malformed') {
    throw new Failure('FAILED', `${ran.file}:${ran.line}: ${ran.why}`, `mend ${ran.file}`)
  }
  const checks = ran.evidence.map(({ run }) => run)
  const failed = checks.some(({ outcome }) => outcome !== 'passed')
  const verdict = checks.length === 0 ? 'unchecked' : failed ? 'failed' : 'passed'
  return { verdict, ms: checks.reduce((sum, { ms }) => sum + ms, 0), checks }
}
