/** Every method of the local API with what answers it. */
import { Failure } from '../../api/errors.ts'
import type { Answers, Output } from '../../api/types.ts'
import { agentIdOf, fingerprintOf } from '../../core/auth/identity.ts'
import type { Daemon } from '../daemon.ts'
import { inLobby, liveFindings } from '../doctor/live.ts'
import type { RunningRoom } from '../running.ts'
import { VERSION } from '../version.ts'
import { whoIs } from '../words.ts'
import { checkCall } from './check.ts'
import { checkHistory } from './check-history.ts'
import { claims } from './claims.ts'
import { compactCall } from './compact.ts'
import { inviteCalls, openInvites } from './invites.ts'
import { keyCalls } from './keys.ts'
import { leaseCalls } from './lease.ts'
import { locks } from './locks.ts'
import { memberCalls } from './members.ts'
import { nextCall } from './next.ts'
import { roomCalls } from './room.ts'
import { statusOf } from './status.ts'
import { sync } from './sync.ts'
import { talk } from './talk.ts'
import { undoCall } from './undo.ts'

/** The table, over a daemon that may be in the lobby or in a room. */
export function handlers(daemon: Daemon): Answers {
  const room = async (): Promise<RunningRoom> => {
    await daemon.opening
    if (daemon.room !== undefined) return daemon.room
    const { root } = daemon.identity.checkout
    const fix = 'knot up to make one, or knot join "knot://…" to enter one'
    throw new Failure('ROOM_MISSING', `${root} is in no room yet`, fix)
  }
  const talking = talk(room)
  return {
    ...talking,
    ...claims(room),
    ...nextCall(room),
    ...locks(room),
    ...leaseCalls(room),
    values: async (_input, signal) => {
      await daemon.opening
      if (daemon.room === undefined) return { tasks: [], members: [], invites: [] }
      const { tasks } = await talking['tasks.list']({}, signal)
      const invites = openInvites(daemon.room)
      return { tasks: wordsOf(tasks), members: membersOf(daemon.room), invites }
    },
    ...sync(room),
    ...undoCall(room),
    ...compactCall(room),
    ...checkCall(daemon),
    ...checkHistory(room),
    ...roomCalls(daemon, room),
    ...memberCalls(room),
    ...keyCalls(daemon, room),
    ...inviteCalls(room),
    status: async () => statusOf(await room()),
    whoami: async () => {
      await daemon.opening
      return whoami(daemon)
    },
    doctor: async () => {
      await daemon.opening
      return { findings: daemon.room === undefined ? [inLobby()] : liveFindings(daemon.room) }
    },
    down: async () => {
      // After the answer is on its way: the client waits for the process, not for this.
      setImmediate(() => daemon.stopping.abort())
      return { pid: process.pid }
    },
    version: async () => ({
      version: VERSION,
      node: process.version,
      api: 1,
      pid: process.pid,
    }),
  }
}

function wordsOf(tasks: Output<'tasks.list'>['tasks']) {
  return tasks
    .filter(({ status }) => status !== 'done' && status !== 'dropped')
    .map(({ id, title }) => ({ id, title }))
}

function membersOf({ engine }: RunningRoom) {
  return [...engine.membership.members.values()]
    .filter(({ status }) => status !== 'removed')
    .map(({ agent, name }) => ({ id: agent, name }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function whoami({ identity, room }: Daemon) {
  const { key } = identity.signer
  const member = room?.engine.membership.byKey(key)
  const named = room === undefined ? undefined : whoIs(room.engine, key)
  const { home } = identity
  return {
    id: named?.id ?? agentIdOf(key),
    name: named?.name ?? identity.config.name,
    fingerprint: fingerprintOf(key),
    ...(member === undefined ? {} : { role: member.role }),
    ...(room === undefined
      ? {}
      : { room: { id: room.engine.volume.room, name: room.engine.membership.roomName } }),
    home: home.root,
  }
}
