/**
 * The daemon's program.
 *
 *     knotd --home <checkout> [--port N]            serve the checkout until told to stop
 *     knotd --home <checkout> --init [--name N]     prepare the checkout, print one line, end
 *     knotd --home <checkout> --doctor [--fix]      examine the checkout, print one line, end
 *     knotd --home <checkout> --settings [--set key=value | --unset key] [--user]
 *
 * When it cannot run it writes one line {"error":…} and ends with 1.
 */
import { parseArgs } from 'node:util'
import { Failure, problemOf } from '../api/errors.ts'
import { agentIdOf, fingerprintOf } from '../core/auth/identity.ts'
import { keyLineOf } from '../core/auth/ssh.ts'
import { serveCheckout } from './daemon.ts'
import { doctor } from './doctor/doctor.ts'
import { answerSettings } from './set.ts'
import { initialise } from './identity.ts'

const { values } = parseArgs({
  options: {
    home: { type: 'string' },
    doctor: { type: 'boolean', default: false },
    settings: { type: 'boolean', default: false },
    set: { type: 'string' },
    unset: { type: 'string' },
    user: { type: 'boolean', default: false },
    fix: { type: 'boolean', default: false },
    init: { type: 'boolean', default: false },
    name: { type: 'string' },
    port: { type: 'string' },
  },
})

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => stopping.abort())
}
// A terminal that closes is no reason for a daemon to end.
process.on('SIGHUP', () => undefined)

try {
  const home = values.home
  if (home === undefined) throw new Failure('USAGE', '--home is missing', 'knotd --home <checkout>')
  if (values.init) await init(home)
  else if (values.doctor) await examine(home)
  else if (values.settings) await settings(home)
  else await serveCheckout({ root: home, port: portIn(values.port), stopping })
  process.exit(0)
} catch (error) {
  // Told to stop while it was starting: that is no failure, and others read this log for theirs.
  if (stopping.signal.aborted && (error as Error).name === 'AbortError') process.exit(0)
  process.stderr.write(`${JSON.stringify({ error: problemOf(error) })}\n`)
  process.exit(1)
}

async function init(root: string): Promise<void> {
  const { kind, identity } = await initialise(root, values.name, stopping.signal)
  const { key } = identity.signer
  const agent = { id: agentIdOf(key), name: identity.config.name }
  const line = keyLineOf(key, agent.name)
  const result = { kind, agent, fingerprint: fingerprintOf(key), line, home: identity.home.root }
  process.stdout.write(`${JSON.stringify({ result })}\n`)
}

async function examine(root: string): Promise<void> {
  const findings = await doctor(root, values.fix ? 'mend' : 'look', stopping.signal)
  process.stdout.write(`${JSON.stringify({ result: { findings } })}\n`)
}

async function settings(root: string): Promise<void> {
  const { set, unset, user } = values
  const result = await answerSettings({
    root, set, unset, of: user ? 'user' : 'checkout', env: process.env, signal: stopping.signal,
  })
  process.stdout.write(`${JSON.stringify({ result })}\n`)
}

function portIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new Failure('USAGE', `--port ${text} is no port`, 'give a number from 0 to 65535')
}
