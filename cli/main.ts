/** The program `knot`: hands the real world to `run`. */
import { Cli } from 'clipanion'
import { knotdProgram } from './daemon.ts'
import { run } from './run.ts'

const interrupted = new AbortController()
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
// Ctrl-C reaches us twice when an older Node started us: the second must not cut a command's end.
for (const name of signals) process.on(name, () => interrupted.abort(name))

// Whoever reads our output may stop early, as `head` does. A terminal that was closed is the same.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
    interrupted.abort('EPIPE')
  })
}

process.exitCode = await run(process.argv.slice(2), {
  ...Cli.defaultContext,
  cwd: process.cwd(),
  knotd: knotdProgram(),
  signal: interrupted.signal,
  now: Date.now,
  platform: process.platform,
})

const { reason } = interrupted.signal
if (reason === 'EPIPE') process.exit(0)
// A shell only sees that a signal ended the program when a signal did.
if (reason !== undefined) {
  process.removeAllListeners(reason)
  process.kill(process.pid, reason)
}
