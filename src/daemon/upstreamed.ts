/** The shared remote in the daemon: whether it is used, and what its lane is told of the room. */
import { keyOf } from '../core/brand.ts'
import type { Place } from '../core/room/facts.ts'
import { writes } from '../core/auth/roles.ts'
import { isOneAgent } from '../core/engine/alive.ts'
import { leaders, leads } from '../core/engine/chain.ts'
import { type Engine, connected } from '../core/engine/state.ts'
import { sorted, standingOf } from '../core/room/views/board.ts'
import { UpstreamLane } from '../integrate/upstream/lane.ts'
import type { Picture } from '../integrate/upstream/picture.ts'
import type { Repositories } from '../integrate/repositories.ts'
import { verifyFast } from '../store/ed25519.ts'
import type { Identity } from './identity.ts'
import { clocks, type Loop } from './loop.ts'
import type { Watch } from './watch.ts'

/** The lane, not started yet; undefined where the mesh alone was chosen. */
export function openUpstream(parts: {
  identity: Identity
  repositories: Repositories
  engine: Engine
  loop: () => Loop
  watch: Watch
  signal: AbortSignal
  log: (text: string) => void
}): UpstreamLane | undefined {
  const { identity, repositories, engine, loop, watch, signal, log } = parts
  const { transport = 'auto' } = identity.config
  if (transport === 'mesh') return undefined
  return new UpstreamLane(repositories, {
    transport,
    verify: verifyFast,
    picture: () => pictureOf(engine),
    now: () => clocks().wall,
    signal,
    log,
    tell: (result) => void loop().push({ kind: 'worked', result }),
    moved: () => watch.moved(),
  })
}

/** What the lane needs to know, as it is at this moment. */
export function pictureOf(engine: Engine): Picture {
  const { me, membership, board } = engine
  const { agent, actor, signer } = me
  const members = [...membership.members.values()].filter(({ status }) => status === 'member')
  const others = members.filter((member) => member.agent !== agent && writes(member.role))
  return {
    room: engine.volume.room,
    me: { agent, actor, signer },
    part: partOf(engine),
    own: ownPushes(engine),
    missing: missing(engine),
    line: board.line.map(({ fact }) => fact.commit),
    agents: new Set(others.map((member) => member.agent)),
    agentOf: (actor) => membership.byKey(keyOf(actor))?.agent,
    newestOf: (actor) => board.newest.get(actor)?.place.n ?? -1,
    authorOf: (push) => {
      const entry = board.pushes.get(push)
      return entry === undefined ? undefined : keyOf(entry.place.actor)
    },
  }
}

function partOf(engine: Engine): Picture['part'] {
  const member = engine.membership.byKey(engine.me.signer.key)
  if (member?.status !== 'member' || !writes(member.role)) return 'reads'
  return leads(engine, clocks()) ? 'leads' : 'writes'
}

/** Those that wait for a leader, and the last one. */
function ownPushes(engine: Engine): Picture['own'] {
  const { board, me } = engine
  const isOwn = ({ place }: { place: Place }) => isOneAgent(engine, place.actor, me.actor)
  const [newest] = [...board.newest.values()].filter(isOwn).sort((a, b) => b.fact.at - a.fact.at)
  const waiting = sorted(board.unlanded).filter(({ id, place }) => {
    if (!isOwn({ place }) || id === newest?.id) return false
    return standingOf(board, id, leaders(engine)).kind === 'queued'
  })
  const own = newest === undefined ? waiting : [...waiting, newest]
  return own.map(({ id, place, fact }) => {
    const { commit, base, at } = fact
    const { actor, n } = place
    return { push: id, actor, n, commit, ...(base === undefined ? {} : { base }), at }
  })
}

/** Not here, and its author, who would be asked first, is not connected. */
function missing(engine: Engine): Picture['missing'] {
  const { board, holding, running } = engine
  const near = new Set(connected(engine))
  return sorted(board.unlanded)
    .filter(({ id, place }) => !holding.has(id) && !near.has(keyOf(place.actor)))
    .filter(({ id }) => !running.has(id))
    .map(({ id, fact }) => ({ push: id, commit: fact.commit }))
}
