/** `check`: the detected checks on this checkout as it is now, uncommitted changes included. */
import { Failure } from '../../api/errors.ts'
import type { Answers, Item, Output } from '../../api/types.ts'
import { type RanHere, runHere } from '../../integrate/here.ts'
import type { Daemon } from '../daemon.ts'
import { telling } from '../telling.ts'

/** The handler; it needs no room. */
export function checkCall(daemon: Daemon): Pick<Answers, 'check'> {
  return { check: (_input, signal) => run(daemon, signal) }
}

async function* run(
  { identity }: Daemon,
  signal: AbortSignal,
): AsyncGenerator<Item<'check'>, Output<'check'>, void> {
  const ran = yield* telling<Item<'check'>, RanHere>((tell) =>
    runHere(identity.checkout, identity.home, signal, {
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
