/**
 * One checkout's daemon: the socket that makes it the only one, and behind it either the lobby (no
 * room yet) or the running room.
 */
import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { socketPath } from '../api/socket.ts'
import { serve } from '../api/server.ts'
import { Failure } from '../api/errors.ts'
import { FAREWELL_MS } from '../core/limits.ts'
import { openLines } from '../store/lines.ts'
import { ownRoom } from '../store/ownership.ts'
import { Followers } from './followers.ts'
import { connectGit } from './git-door.ts'
import { handlers } from './handlers/table.ts'
import { type Identity, readIdentity } from './identity.ts'
import { brokenDisk } from './opening.ts'
import { type RunningRoom, type Starting, startRoom } from './running.ts'

/** What the handlers share. */
export type Daemon = {
  readonly identity: Identity
  readonly starting: Starting
  readonly stopping: AbortController
  readonly log: (text: string) => void
  /** Calls wait for it: until then nobody knows whether there is a room. */
  opening: Promise<void>
  /** Undefined in the lobby. */
  room: RunningRoom | undefined
  /** A `room.create` or `room.join` under way: one at a time. */
  entering: boolean
  failure: Failure | undefined
}

/** Serves until stopped; fails when it cannot begin, and returns at once where another serves. */
export async function serveCheckout(asked: {
  root: string
  port: number | undefined
  stopping: AbortController
}): Promise<void> {
  const { root, port, stopping } = asked
  const identity = await readIdentity(root, stopping.signal)
  const lines = openLines({ path: identity.home.daemonLog, now: () => new Date() })
  const log = (text: string) => lines.write({ event: 'note', text })
  process.on('uncaughtException', (error) => log(`uncaught: ${error.stack ?? error.message}`))
  process.on('unhandledRejection', (error) => log(`unhandled: ${String(error)}`))

  const socket = await socketPath(identity.home.root)
  const starting = { identity, port, log, socket, followers: new Followers() }
  const opened = Promise.withResolvers<void>()
  const daemon: Daemon = {
    identity,
    starting,
    stopping,
    log,
    room: undefined,
    entering: false,
    failure: undefined,
    opening: opened.promise,
  }
  const served = await serve(socket, handlers(daemon), {
    onGit: (connection, header) => void connect(daemon, connection, header),
    onBug: (error, method) =>
      log(`bug in ${method}: ${error instanceof Error ? error.stack : error}`),
  })
  if (served.kind === 'already-running') return
  let release = async (): Promise<void> => undefined
  try {
    release = await own(identity)
    daemon.room = await startRoom(starting)
    opened.resolve()
    log(`serving ${root}, process ${process.pid}`)
    await ended(daemon)
  } catch (error) {
    await farewell(daemon, opened.reject, error)
    throw error
  } finally {
    await daemon.room?.stop()
    await release()
    await served.close()
    lines.close()
  }
}

/** Takes the room's files: the socket alone can be removed by anybody who tidies up. */
async function own({ home }: Identity): Promise<() => Promise<void>> {
  const owned = await ownRoom(home)
  switch (owned.kind) {
    case 'ok':
      return owned.release
    case 'held': {
      const why = `${home.root} is in use by a daemon that cannot be reached, process ${owned.pid}`
      throw new Failure('BUSY', why, `kill ${owned.pid}, then run the command again`)
    }
    case 'failed':
      throw new Failure('FAILED', owned.fault.why, 'mend that, then run the command again')
  }
}

/** Tells whoever has connected, or is about to, why this daemon ends. */
async function farewell(
  daemon: Daemon,
  refuse: (why: unknown) => void,
  error: unknown,
): Promise<void> {
  daemon.opening.catch(() => undefined)
  refuse(error)
  daemon.failure ??= error instanceof Failure ? error : undefined
  const { signal } = daemon.stopping
  await pause(FAREWELL_MS, undefined, { signal }).catch(() => undefined)
}

async function connect(daemon: Daemon, socket: Socket, header: unknown): Promise<void> {
  const { git, peer } = (header ?? {}) as { git?: unknown; peer?: unknown }
  const { room, stopping } = daemon
  await connectGit(room?.mesh, socket, { service: git, peer }, stopping.signal)
}

/** Resolves when told to stop; fails when the room's loop ended by itself, as on a full disk. */
async function ended(daemon: Daemon): Promise<void> {
  const { stopping } = daemon
  const told = new Promise<void>((resolve) => {
    if (stopping.signal.aborted) resolve()
    stopping.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  // A room that is made or entered later is watched by whoever made it: see `watchEnd`.
  watchEnd(daemon)
  await told
  if (daemon.failure !== undefined) throw daemon.failure
}

function bugFailure(error: unknown): Failure {
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new Failure('INTERNAL', `bug: ${why}`, 'run knot status: it starts the daemon again')
}

/** Stops the daemon when the room's loop ends by itself: nothing may be acknowledged after that. */
export function watchEnd(daemon: Daemon): void {
  void daemon.room?.ended().then((end) => {
    if (end.kind === 'stopped') return
    daemon.failure = end.kind === 'failed' ? brokenDisk(end.why) : bugFailure(end.error)
    daemon.log(daemon.failure.message)
    daemon.stopping.abort()
  })
}
