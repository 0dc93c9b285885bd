/** The daemon, from outside: does it answer, is it this version, what does it say of itself. */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { type Client, connect } from '../../api/client.ts'
import { Failure, problemOf } from '../../api/errors.ts'
import { socketPath } from '../../api/socket.ts'
import type { Home } from '../../store/home.ts'
import { ownerOf } from '../../store/ownership.ts'
import { VERSION } from '../version.ts'
import { error, fine, type Found, note, warning } from './finding.ts'

/** `busy`: one holds the room, and cannot be talked to. */
export type DaemonState = 'absent' | 'busy' | 'serving'

/** Looks at the socket and asks the daemon behind it. */
export async function examineDaemon(
  home: Home,
  until: AbortSignal,
): Promise<{ state: DaemonState; findings: Found[] }> {
  if (!existsSync(home.root)) return { state: 'absent', findings: [] }
  let path: string
  try {
    path = await socketPath(home.root)
  } catch (thrown) {
    const { message: text, fix = 'ls -ld /tmp/knot-*' } = problemOf(thrown)
    return { state: 'absent', findings: [error('socket', { code: 'socket-unsafe', text, fix })] }
  }
  const connected = await connect(path)
  if (connected.kind === 'denied') {
    const text = `this process may not open ${path} (${connected.why})`
    const fix = 'run knot doctor outside the sandbox'
    return { state: 'busy', findings: [error('socket', { code: 'socket-denied', text, fix })] }
  }
  if (connected.kind === 'absent') return await unserved(home, path)
  try {
    return { state: 'serving', findings: await ask(connected.client, path, until) }
  } catch (thrown) {
    const { code, message, fix: own } = problemOf(thrown)
    // It answered, and says itself what is wrong; the others are said of it by this end.
    if (own !== undefined && !code.startsWith('DAEMON_') && !until.aborted) {
      const trouble = { code: 'daemon-unable', text: `the daemon cannot run: ${message}`, fix: own }
      return { state: 'busy', findings: [error('daemon', trouble)] }
    }
    const why = until.aborted ? 'it did not answer in time' : message
    const pid = await ownerOf(home)
    const text = `a daemon accepts on ${path} and does not answer: ${why}`
    const fix = pid === undefined ? 'knot doctor again in a moment' : `kill -9 ${pid}, then knot up`
    return { state: 'busy', findings: [error('daemon', { code: 'daemon-silent', text, fix })] }
  } finally {
    connected.client.close()
  }
}

async function unserved(
  home: Home,
  path: string,
): Promise<{ state: DaemonState; findings: Found[] }> {
  const pid = await ownerOf(home)
  if (pid !== undefined) {
    const text = `process ${pid} holds this room and cannot be reached: nothing serves ${path}`
    const trouble = { code: 'daemon-unreachable', text, fix: `kill ${pid}, then knot up` }
    return { state: 'busy', findings: [error('daemon', trouble)] }
  }
  const findings = [note('daemon', 'daemon-down', 'no daemon runs', 'knot up')]
  if (existsSync(path)) {
    const text = `${path} is there and nobody serves it: a daemon was killed`
    const mend = () => rm(path, { force: true })
    const trouble = { code: 'socket-stale', text, fix: 'knot doctor --fix', mend }
    findings.unshift(warning('socket', trouble))
  }
  return { state: 'absent', findings }
}

async function ask(client: Client, path: string, until: AbortSignal): Promise<Found[]> {
  const { version, pid, node } = await client.call('version', {}, until)
  const found: Found[] = [fine('socket', `${path} is served`)]
  if (version === VERSION) {
    found.push(fine('daemon', `process ${pid}, knot ${version} on Node ${node}`))
  } else {
    const text = `the daemon is knot ${version}, and this command knot ${VERSION}`
    const trouble = { code: 'daemon-other-version', text, fix: 'knot down && knot up' }
    found.push(warning('daemon', trouble))
  }
  try {
    found.push(...(await client.call('doctor', {}, until)).findings)
  } catch (thrown) {
    // A daemon from before this method is told as one of another version, above.
    if (!(thrown instanceof Failure) || thrown.problem.code !== 'METHOD_UNKNOWN') throw thrown
  }
  return found
}
