/** The program `knot`: hands the real world to `run`. */
import { Cli } from 'clipanion'
import { knotdProgram } from './daemon.ts'
import { run } from './run.ts'

const interrupted = new AbortController()
const signals = ['SIGINT', 'SIGTERM'] as const
for (const name of signals) process.once(name, () => interrupted.abort(name))

// Whoever reads our output may stop early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

process.exitCode = await run(process.argv.slice(2), {
  ...Cli.defaultContext,
  cwd: process.cwd(),
  knotd: knotdProgram(),
  signal: interrupted.signal,
  now: Date.now,
})

// A shell only sees that a signal ended the program when a signal did.
if (interrupted.signal.aborted) process.kill(process.pid, interrupted.signal.reason)
