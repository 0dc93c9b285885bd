/**
 * A running room: the engine, what is around it, and how they are joined.
 *
 *     store ──▶ engine ◀──▶ mesh          the loop performs what the engine asks for
 *                 │
 *                 └──▶ worker (git, checks) · document (Automerge) · followers (log)
 */
import type { Instant, PublicKey } from '../core/brand.ts'
import { isOneAgent } from '../core/engine/alive.ts'
import type { Now } from '../core/engine/effect.ts'
import type { Engine } from '../core/engine/state.ts'
import { integrationOf } from '../core/room/views/board.ts'
import { checksHere } from '../integrate/here.ts'
import type { UpstreamLane } from '../integrate/upstream/lane.ts'
import { Worker } from '../integrate/worker.ts'
import type { Repositories } from '../integrate/repositories.ts'
import type { Mesh } from '../mesh/port.ts'
import type { Identity } from './identity.ts'
import { Farewells } from './farewells.ts'
import type { Followers } from './followers.ts'
import type { Rotation } from '../store/room.ts'
import { clocks, type Ended, Loop } from './loop.ts'
import { leaveQueues } from './handlers/queue.ts'
import { joinMesh } from './meshed.ts'
import { Memory } from './memory.ts'
import { type OpenedEngine, openEngine } from './opening.ts'
import { Pace } from './pace.ts'
import { openRepositories } from './repositories.ts'
import { Watch } from './watch.ts'
import { type TurnedAway, watchStanding } from './turned-away.ts'
import { openUpstream } from './upstreamed.ts'
import { createWorld } from './world.ts'
import { followDocument } from './document.ts'

/** A room that is running in this process. */
export type RunningRoom = {
  readonly identity: Identity
  readonly engine: Engine
  readonly loop: Loop
  readonly mesh: Mesh
  readonly watch: Watch
  readonly followers: Followers
  readonly repositories: Repositories
  /** The lane of the shared remote; undefined where the mesh alone was chosen. */
  readonly upstream: UpstreamLane | undefined
  /** The checks that the checkout had when the room was started. */
  readonly checks: { name: string; command: string }[]
  /** What a member says that hangs up on us: that we are none any more. */
  turnedAway(): TurnedAway | undefined
  now(): Now
  /** When a peer was last heard, by this machine's clock. */
  lastSeen(key: PublicKey): Instant | undefined
  size(): { changes: number; bytes: number }
  /** The last time that room.log was written anew. */
  rotated(): Rotation | undefined
  ended(): Promise<Ended>
  stop(): Promise<void>
}

/** What a room is started with. */
export type Starting = {
  identity: Identity
  port: number | undefined
  log: (text: string) => void
  /** Those who follow the log, for as long as the daemon lives. */
  followers: Followers
  /** The daemon's socket, through which our own git reaches peers. */
  socket: string
}

/**
 * Starts the room that the store holds; undefined when it holds none. Fails, with everything closed
 * again, when the room cannot run.
 */
export async function startRoom(starting: Starting): Promise<RunningRoom | undefined> {
  const { identity, log } = starting
  const opened = await openEngine(identity, log)
  if (opened === undefined) return undefined
  const stopping = new AbortController()
  const closers: Closer[] = [() => opened.store.close()]
  const stop = async () => {
    stopping.abort()
    for (const closer of closers.splice(0).reverse()) await closer().catch((e) => log(String(e)))
  }
  try {
    const parts = { ...starting, opened, signal: stopping.signal, closers }
    return { ...(await assemble(parts)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

type Closer = () => Promise<unknown>

async function assemble(
  parts: Starting & { opened: OpenedEngine; signal: AbortSignal; closers: Closer[] },
): Promise<Omit<RunningRoom, 'stop'>> {
  const { identity, log, opened, signal, closers } = parts
  const { engine } = opened
  const repositories = await openRepositories(identity, parts.socket, signal)
  const memory = await Memory.open(identity.home.peers, log)
  closers.push(() => memory.close())
  const document = followDocument(identity.home, opened, { log, signal })
  closers.push(() => document.close())
  const watch = new Watch()
  const { followers } = parts
  const upstream = openUpstream({ ...parts, repositories, engine, loop: () => loop, watch })
  const remote = upstream === undefined ? {} : { remote: upstream }
  const worker = new Worker({ ...repositories, ...remote }, { signal, log })
  closers.push(() => worker.idle())
  const reach: { mesh: Mesh | undefined } = { mesh: undefined }
  const pace = new Pace((key) => void loop.push({ kind: 'drained', peer: key }))
  const world = createWorld({
    ...opened,
    reach,
    watch,
    followers,
    worker,
    memory,
    farewells: new Farewells(),
    document,
    pace,
    log,
  })
  const loop = new Loop(engine, world)
  worker.start((result) => {
    void loop.push({ kind: 'worked', result })
    if (result.kind === 'advance' && result.outcome === 'done') upstream?.nudge()
  })
  const running = loop.run(signal)
  closers.push(() => running)
  await leaveQueues({ engine, loop })
  const mesh = await joinMesh({ ...parts, engine, loop, memory, pace, repositories })
  closers.push(() => mesh.stop())
  reach.mesh = mesh
  await greet({ engine, loop, mesh, memory, worker })
  const standing = watchStanding({ engine, mesh }, signal)
  closers.push(() => standing.ended)
  upstream?.start()
  closers.push(async () => upstream?.idle())
  const checks = await checksHere(identity.checkout, signal)
  return {
    identity,
    engine,
    loop,
    mesh,
    watch,
    followers,
    repositories,
    upstream,
    checks,
    turnedAway: standing.said,
    now: clocks,
    lastSeen: (key) => memory.lastSeen(key),
    size: () => opened.size(),
    rotated: () => opened.store.rotated,
    ended: () => running,
  }
}

/** Tells the engine what is here already, and wants every member. */
async function greet(parts: {
  engine: Engine
  loop: Loop
  mesh: Mesh
  memory: Memory
  worker: Worker
}): Promise<void> {
  const { engine, loop, mesh, memory, worker } = parts
  const { pushes, integration } = await worker.holding(ownPushes(engine))
  await loop.push({ kind: 'holding', pushes, integration })
  await loop.push({ kind: 'listening', addresses: mesh.addresses() })
  for (const { key, status, agent } of engine.membership.members.values()) {
    if (status === 'member' && agent !== engine.me.agent) mesh.want(key, memory.addressesOf(key))
  }
}

/** Our own open pushes and the confirmed integration, which a crash may have left without refs. */
function ownPushes(engine: Engine) {
  const own = [...engine.board.unlanded.values()].filter(
    ({ place }) => isOneAgent(engine, place.actor, engine.me.actor),
  )
  return {
    pushes: own.map(({ id, fact }) => ({ push: id, commit: fact.commit })),
    integration: integrationOf(engine.board),
  }
}
