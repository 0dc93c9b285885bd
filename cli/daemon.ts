/**
 * The daemon, from the command line's side: reach it, start it, run it once.
 *
 * What this expects of the program `knotd --home <checkout>`: it listens on the
 * checkout's socket (or ends with code 0 when another one does), and when it
 * cannot run it writes one line {"error":{code,message,fix}} and ends with
 * another code. With `--init` it prepares the checkout, prints one line
 * {"result":…} or {"error":…} and ends.
 */
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, connect } from '../src/api/client.ts'
import { Failure, problemFrom, problemOf } from '../src/api/errors.ts'
import { socketPath } from '../src/api/socket.ts'
import { API_LINE_MAX_BYTES, DAEMON_SILENT_MS, DAEMON_START_MS } from '../src/core/limits.ts'
import type { Checkout } from './checkout.ts'
import type { KnotContext } from './context.ts'
import { clean } from './print.ts'

/** When a person starts to wonder. */
const QUIET_MS = 1_000
const POLL_MS = 25
const LOG_LINES = 12
/** Of one line of a log; a stack trace quotes the source, however wide. */
const LOG_COLUMNS = 300

/** The daemon's program, beside the bundle or in the source tree. */
export function knotdProgram(): string {
  const here = dirname(fileURLToPath(import.meta.url))
  const bundled = join(here, 'knotd.js')
  return existsSync(bundled) ? bundled : join(here, '..', 'src', 'daemon', 'main.ts')
}

/** What starting takes: the world, arguments for the daemon, and somebody to tell. */
export type Start = {
  context: KnotContext
  /** A daemon without a room is of no use to most commands, and is not started for them. */
  needs: 'room' | 'checkout'
  args: string[]
  progress: (text: string) => void
}

/** Connects to the running daemon; undefined when there is none. */
export async function runningDaemon(
  checkout: Checkout,
  context: KnotContext,
): Promise<Client | undefined> {
  return (await reached(checkout, context))?.client
}

/** A daemon that answers. One that is dying still accepts, and what it is asked then is lost. */
async function reached(
  checkout: Checkout,
  context: KnotContext,
): Promise<{ client: Client; pid: number } | undefined> {
  const path = await socketPath(checkout.knot)
  const connected = await connect(path, context.signal)
  if (connected.kind === 'absent') return undefined
  if (connected.kind === 'denied') {
    throw new Failure(
      'SOCKET_DENIED',
      `this process may not open ${path} (${connected.why}).`,
      `run this command outside the sandbox${sandboxNote(context)}`,
    )
  }
  const { client } = connected
  const silence = AbortSignal.timeout(DAEMON_SILENT_MS)
  try {
    const { pid } = await client.call('version', {}, AbortSignal.any([context.signal, silence]))
    return { client, pid }
  } catch (error) {
    client.close()
    if (problemOf(error).code === 'DAEMON_GONE') return undefined
    if (!silence.aborted) throw error
    const seconds = DAEMON_SILENT_MS / 1000
    const reason = `the daemon of ${checkout.root} has not answered for ${seconds} s.`
    throw new Failure('DAEMON_SILENT', reason, `kill -9 $(pgrep -f "home ${checkout.root}")`)
  }
}

/** Connects to the daemon and starts it if it does not run. */
export async function ensureDaemon(checkout: Checkout, start: Start): Promise<Client> {
  const running = await runningDaemon(checkout, start.context)
  if (running !== undefined) return running
  if (start.needs === 'room' && checkout.stage !== 'in-room') {
    const fix = 'knot up to make one, or knot join "knot://…" to enter one'
    throw new Failure('ROOM_MISSING', `${checkout.root} is in no room yet.`, fix)
  }

  const sandbox = sandboxOf(start.context)
  if (sandbox === undefined) return await startDaemon(checkout, start)
  throw new Failure(
    'DAEMON_SANDBOXED',
    `no daemon runs for ${checkout.root}, and one started in this sandbox (${sandbox}) would `
      + 'be cut off from the network and end with it.',
    `in a terminal outside the sandbox: cd ${checkout.root} && knot up`,
  )
}

async function startDaemon(checkout: Checkout, start: Start): Promise<Client> {
  const { context, progress } = start
  const { spawn } = await import('node:child_process')
  const log = join(checkout.knot, 'daemon.log')
  const output = openLog(log)
  const from = fstatSync(output).size
  const child = spawn(process.execPath, [context.knotd, '--home', checkout.root, ...start.args], {
    cwd: checkout.root,
    detached: true,
    env: context.env,
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  child.unref()
  let ended: number | undefined
  child.once('exit', (code) => {
    ended = code ?? 1
  })
  child.once('error', () => {
    ended = 1
  })

  let told = false
  const began = context.now()
  for (;;) {
    // Read before the attempt: one that ended because another was faster leaves that one to find.
    const failed = ended !== undefined && ended !== 0
    const there = await reached(checkout, context)
    if (there !== undefined) {
      // Another command's daemon was faster. Ours, still loading, must not rise after a knot down.
      if (there.pid !== child.pid) child.kill()
      return there.client
    }
    if (failed) throw failureFrom(log, from, `the daemon ended with code ${ended}`)

    const waited = context.now() - began
    if (waited > DAEMON_START_MS) {
      throw failureFrom(log, from, `the daemon did not answer within ${DAEMON_START_MS / 1000} s`)
    }
    if (waited > QUIET_MS && !told) progress('starting the daemon…')
    told ||= waited > QUIET_MS
    await sleep(POLL_MS, undefined, { signal: context.signal })
  }
}

function openLog(path: string): number {
  try {
    return openSync(path, 'a', 0o600)
  } catch (error) {
    const { code = 'unknown', message } = error as NodeJS.ErrnoException
    const why = `the daemon could not write ${path} (${message.split(',')[0] ?? code}).`
    throw new Failure('DAEMON_FAILED', why, `make ${dirname(path)} a folder that you can write`)
  }
}

/** The daemon's own words if it had any, else the end of what it wrote since `from`. */
function failureFrom(log: string, from: number, what: string): Failure {
  const lines = readFileSync(log).subarray(from).toString('utf8').trimEnd().split('\n')
  const spoken = lines.map(errorIn).findLast((failure) => failure !== undefined)
  if (spoken !== undefined) return spoken
  const last = lines.filter((line) => line !== '').slice(-LOG_LINES)
  const tail = last.map((line) => `  ${clean(line.slice(0, LOG_COLUMNS))}`)
  const said = tail.length === 0 ? 'It wrote nothing.' : `The end of its log:\n${tail.join('\n')}`
  return new Failure('DAEMON_FAILED', `${what}. ${said}`, `see ${log}`)
}

function errorIn(line: string): Failure | undefined {
  if (!line.startsWith('{"error":')) return undefined
  try {
    const { code, message, fix } = problemFrom(JSON.parse(line).error)
    return new Failure(code, message, fix)
  } catch {
    return undefined
  }
}

/** What `knotd --init` answers. */
export type Initialised = {
  kind: 'created' | 'exists'
  agent: { id: string; name: string }
  fingerprint: string
  /** The public key as ssh writes it. */
  line: string
  home: string
}

/** Prepares a checkout: key, config, exclude. Does no harm where that was done before. */
export async function initialise(
  checkout: Checkout,
  name: string | undefined,
  context: KnotContext,
): Promise<Initialised> {
  const named = name === undefined ? [] : ['--name', name]
  return (await runOnce(checkout, ['--init', ...named], context)) as Initialised
}

/** Runs the daemon's program for one line of result; what it refuses is thrown. */
export async function runOnce(
  checkout: Checkout,
  words: string[],
  context: KnotContext,
): Promise<unknown> {
  const { execFile } = await import('node:child_process')
  const args = [context.knotd, '--home', checkout.root, ...words]
  const maxBuffer = API_LINE_MAX_BYTES
  const options = { cwd: checkout.root, env: context.env, signal: context.signal, maxBuffer }
  const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, args, options, (_error, stdout, stderr) => {
      resolve({ stdout, stderr })
    })
  })
  for (const line of `${stdout}\n${stderr}`.split('\n').reverse()) {
    const failure = errorIn(line)
    if (failure !== undefined) throw failure
    if (line.startsWith('{"result":')) return JSON.parse(line).result
  }
  const said = `${stdout}${stderr}`.trim().split('\n').slice(-LOG_LINES).join('\n')
  const what = `knotd ${words[0] ?? ''} failed in ${checkout.root}`
  throw new Failure('DAEMON_FAILED', `${what}:\n${clean(said)}`)
}

/** Set by sandboxes whose children have no network and do not outlive the agent's turn. */
const SANDBOX_VARIABLES = ['CODEX_SANDBOX', 'CODEX_SANDBOX_NETWORK_DISABLED', 'SANDBOX_RUNTIME']

function sandboxOf({ env }: KnotContext): string | undefined {
  return SANDBOX_VARIABLES.find((name) => (env[name] ?? '') !== '')
}

function sandboxNote(context: KnotContext): string {
  const sandbox = sandboxOf(context)
  return sandbox === undefined ? '' : ` (${sandbox} is set)`
}
