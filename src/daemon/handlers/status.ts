/** `status` and `whoami`: what this peer knows of its room, as the API shows it. */
import type { Output } from '../../api/types.ts'
import { keyOf } from '../../core/brand.ts'
import { fingerprintOf } from '../../core/auth/identity.ts'
import type { Member } from '../../core/auth/members.ts'
import { leaderNow, leaders, modeNow, termOf, votersNow } from '../../core/engine/chain.ts'
import { isOffer } from '../../core/engine/landing.ts'
import { governors, standingRefusal } from '../../core/engine/standing.ts'
import type { Engine } from '../../core/engine/state.ts'
import { OFFLINE_MS } from '../../core/limits.ts'
import { queueOf } from '../../core/room/views/board.ts'
import { inOrder } from '../../core/integration/planner.ts'
import type { FactId } from '../../core/room/facts.ts'
import type { RunningRoom } from '../running.ts'
import { whoIs } from '../words.ts'
import { undoRows } from './undo.ts'
import { wayOf } from './ways.ts'

type Status = Output<'status'>

/** The whole status of a running room. */
export function statusOf(room: RunningRoom): Status {
  const { engine } = room
  const now = room.now()
  const leader = leaderNow(engine, now)
  return {
    room: { id: engine.volume.room, name: engine.membership.roomName },
    me: {
      ...whoIs(engine, engine.me.signer.key),
      fingerprint: fingerprintOf(engine.me.signer.key),
      ...standingOf(room),
    },
    members: [...engine.membership.members.values()]
      .map((member) => memberRow(room, member))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    ...(leader === undefined ? {} : { leader: leaderRow(engine, leader) }),
    term: termOf(engine),
    voters: votersNow(engine).map((actor) => whoIs(engine, keyOf(actor))),
    mode: modeNow(engine, now),
    integration: integrationRow(engine),
    pid: process.pid,
    node: process.version,
    addresses: room.mesh.addresses(),
    ...upstreamRow(room),
    store: room.size(),
    checks: room.checks,
  }
}

/** Why this agent may write nothing here: by the log, or else by the word of who hung up. */
function standingOf({ engine, turnedAway }: RunningRoom): Pick<Status['me'], 'refused'> {
  const refusal = standingRefusal(engine)
  if (refusal !== undefined) {
    const status = engine.membership.members.get(engine.me.agent)?.status
    const kind = status === 'pending' ? 'pending' : status === 'member' ? 'role' : 'removed'
    return { refused: { kind, message: refusal.message, fix: refusal.fix ?? '' } }
  }
  const said = turnedAway()
  if (said === undefined) return {}
  const message = `${whoIs(engine, said.by).name} says: ${said.why}`
  const fix = `ask ${governors(engine)}: knot key add "<what knot key show prints here>"`
  return { refused: { kind: 'removed', message, fix } }
}

function upstreamRow(room: RunningRoom): Pick<Status, 'transport' | 'upstream'> {
  const { transport, upstream } = wayOf(room)
  const integration = room.upstream?.seen()?.integration
  if (upstream === undefined || integration === undefined) return { transport }
  const commit = 'at' in integration ? integration.at : undefined
  const standing = { standing: integration.kind, ...(commit === undefined ? {} : { commit }) }
  return { transport, upstream: { ...upstream, integration: standing } }
}

function leaderRow(engine: Engine, leader: NonNullable<ReturnType<typeof leaderNow>>) {
  const { actor, mine, lapsed } = leader
  return { ...whoIs(engine, keyOf(actor)), mine, lapsed }
}

/** A member as this peer sees it now. */
export function memberRow(room: RunningRoom, member: Member): Status['members'][number] {
  const { engine } = room
  const me = member.agent === engine.me.agent
  const session = engine.sessions.get(member.key)
  const seen = room.lastSeen(member.key)
  const status = member.status === 'member' ? 'active' : member.status
  return {
    id: member.agent,
    name: member.name,
    fingerprint: fingerprintOf(member.key),
    role: member.role,
    status,
    me,
    online: me || isOnline(room, member),
    path: me ? 'self' : (session?.path ?? 'none'),
    ...integratesOf(engine, member),
    ...(session === undefined ? {} : { address: session.address }),
    ...(seen === undefined ? {} : { lastSeen: seen }),
  }
}

/** Whether a member may lead: by its role, and by what it says of itself. */
function integratesOf(engine: Engine, { agent, key, role }: Member): { integrates?: boolean } {
  const { me, presence } = engine
  if (role === 'relay' || role === 'observer') return { integrates: false }
  const said = agent === me.agent ? me.integrates : presence.get(key)?.beat.integrates
  return said === undefined ? {} : { integrates: said === 'yes' }
}

/** Online: a session stands, or a beat that somebody passed on is fresh. */
function isOnline({ engine, now }: RunningRoom, { key }: Member): boolean {
  if (engine.sessions.get(key)?.actor !== undefined) return true
  const heard = engine.presence.get(key)?.heard
  return heard !== undefined && now().mono - heard < OFFLINE_MS
}

function integrationRow(engine: Engine): Status['integration'] {
  const { line, stack } = engine.board
  const { taken } = engine.integration
  const commit = line[taken - 1]?.fact.commit
  const queue = inOrder(queueOf(engine.board, leaders(engine))).map(({ push, commit, at }) => {
    const entry = engine.board.pushes.get(push)
    const name = entry === undefined ? push : whoIs(engine, keyOf(entry.place.actor)).name
    return { push, name, commit, state: stateOf(engine, push), at }
  })
  return {
    ...(commit === undefined ? {} : { commit }),
    landings: stack.length,
    behind: line.length - taken,
    ...undoRows(engine),
    queue,
  }
}

function stateOf(engine: Engine, push: FactId): Status['integration']['queue'][number]['state'] {
  const { desk } = engine
  if (isOffer(engine, push)) return 'offered'
  if (!engine.holding.has(push)) return 'fetching'
  if (desk?.landing === push) return 'landing'
  if (desk?.checking === push) return 'checking'
  if (desk?.merging === push) return 'merging'
  return 'queued'
}
