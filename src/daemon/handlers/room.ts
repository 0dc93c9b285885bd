/** Making a room, entering one, and inviting others to it. */
import type { Answers, Output, Parsed } from '../../api/types.ts'
import { Failure, problemOf } from '../../api/errors.ts'
import type { Instant } from '../../core/brand.ts'
import { agentIdOf, fingerprintOf } from '../../core/auth/identity.ts'
import { parseLink } from '../../core/auth/link.ts'
import { INVITE_DAYS, INVITE_USES } from '../../core/limits.ts'
import { type Daemon, watchEnd } from '../daemon.ts'
import { enterRoom, requireMembership } from '../entering.ts'
import { chosenName, foundRoom } from '../founding.ts'
import { openInvite, rememberInvite } from '../invites.ts'
import { entering } from '../one-entry.ts'
import { prompt } from '../playbook.ts'
import type { RunningRoom } from '../running.ts'
import { newSeed, publicKeyOf } from '../../store/ed25519.ts'
import { whoIs } from '../words.ts'
import { linkFor } from '../linking.ts'
import { type FindRoom, granted } from './talk.ts'

type RoomCalls = Pick<Answers, 'room.create' | 'room.join' | 'invite'>
type Created = Output<'room.create'>

/** The handlers. */
export function roomCalls(daemon: Daemon, room: FindRoom): RoomCalls {
  return {
    'room.create': (input, signal) => create(daemon, input, signal),
    'room.join': (input, signal) => join(daemon, input, signal),
    invite: async ({ role, uses, expires }) => {
      return invite(await room(), { role, uses, lasts: expires })
    },
  }
}

async function create(
  daemon: Daemon,
  input: Parsed<'room.create'>,
  signal: AbortSignal,
): Promise<Created> {
  await daemon.opening
  const resumed = daemon.room !== undefined
  if (!resumed) {
    await entering(daemon, async () => {
      daemon.room = await foundRoom(daemon, input, signal)
      watchEnd(daemon)
    })
  }
  const room = daemon.room as RunningRoom
  requireMembership(room.engine)
  if (input.approve && !room.engine.membership.approves) throw letsIn(room)
  requireRoom(room, input.room)
  const link = (resumed ? await openLink(room) : undefined) ?? (await freshLink(room))
  return {
    kind: resumed ? 'resumed' : 'created',
    ...(link === undefined ? {} : { link }),
    ...introduction(room),
  }
}

/** Whether joiners wait is in the genesis: nobody may change it under those who are in. */
function letsIn({ engine }: RunningRoom): Failure {
  const { roomName } = engine.membership
  const why = `the room ${roomName} was made to let in whoever has a link, and that stays`
  return new Failure('USAGE', why, 'knot up here, or knot up --approve in another clone')
}

/** Whoever names a room means that one, and not the one that happens to be here. */
function requireRoom({ engine, identity }: RunningRoom, wanted: string | undefined): void {
  const { roomName } = engine.membership
  if (wanted === undefined || chosenName(wanted) === roomName) return
  const why = `${identity.checkout.root} is in the room ${roomName}, not in "${wanted}"`
  throw new Failure('ROOM_OTHER', why, 'knot up for this room; another one needs another clone')
}

async function* join(
  daemon: Daemon,
  { link, name }: Parsed<'room.join'>,
  signal: AbortSignal,
): ReturnType<Answers['room.join']> {
  await daemon.opening
  const entry = enterRoom(daemon, { link, name }, signal)
  for (;;) {
    const next = await entry.next()
    if (next.done !== true) {
      yield next.value
      continue
    }
    const { kind, approvers } = next.value
    if (kind === 'pending') return waiting(daemon, { link, name, approvers })
    const room = daemon.room
    if (room === undefined) throw new Error('bug: entered a room that does not run')
    const members = [...room.engine.membership.members.values()]
    const count = members.filter(({ status }) => status === 'member').length
    return { kind, members: count, ...introduction(room) }
  }
}

/** What is known of a room whose members have not let us in yet: nothing but who can. */
function waiting(
  { identity }: Daemon,
  {
    link,
    name,
    approvers,
  }: {
    link: string
    name: string | undefined
    approvers: readonly string[]
  },
): Output<'room.join'> {
  const parsed = parseLink(link)
  if (parsed.kind !== 'link') throw new Error('bug: entered by a link that does not read')
  const { key } = identity.signer
  const id: string = parsed.link.room
  return {
    kind: 'pending',
    members: 0,
    room: { id, name: id.slice(0, 8) },
    fingerprint: fingerprintOf(key),
    agent: { id: agentIdOf(key), name: name ?? identity.config.name },
    prompt: `Waiting for ${approvers.join(' or ')} to let you in; then run knot join again.`,
  }
}

function introduction(room: RunningRoom) {
  const { engine } = room
  const agent = whoIs(engine, engine.me.signer.key)
  const { roomName } = engine.membership
  return {
    room: { id: engine.volume.room, name: roomName },
    fingerprint: fingerprintOf(engine.me.signer.key),
    agent,
    prompt: prompt({ room: roomName, name: agent.name }),
  }
}

async function invite(
  room: RunningRoom,
  {
    role = 'member',
    uses = INVITE_USES,
    lasts = INVITE_DAYS * 86_400_000,
  }: {
    role?: Output<'invite'>['role'] | undefined
    uses?: number | undefined
    /** In milliseconds from now. */
    lasts?: number | undefined
  },
): Promise<Output<'invite'>> {
  if (role === 'founder') throw new Error('bug: nobody is invited as founder')
  const until = (Date.now() + lasts) as Instant
  const seed = newSeed()
  const key = publicKeyOf(seed)
  await rememberInvite(room.identity.home, { key, seed })
  const answer = await granted(room, { kind: 'invite', key, role, uses, expires: until })
  if (answer.kind !== 'invited') throw new Error(`bug: invite answered ${answer.kind}`)
  return { link: linkFor(room, seed), id: answer.invite, role, uses, expires: until }
}

/** A new link; undefined for an agent that may not invite. */
async function freshLink(room: RunningRoom): Promise<string | undefined> {
  try {
    return (await invite(room, {})).link
  } catch (error) {
    if (problemOf(error).code === 'UNAUTHORISED') return undefined
    throw error
  }
}

/** A link that this agent made and that still lets somebody in. */
async function openLink(room: RunningRoom): Promise<string | undefined> {
  const seed = await openInvite(room.identity.home, room.engine.membership, Date.now() as Instant)
  return seed === undefined ? undefined : linkFor(room, seed)
}
