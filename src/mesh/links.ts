/** Sessions and the connections under them: one connection for each session, closed with it. */
import type { Connection } from '@libp2p/interface'
import type { PublicKey } from '../core/brand.ts'
import { GREETING_MS } from '../core/limits.ts'
import { formatEndpoint, fromMultiaddr, parseEndpoint } from './address.ts'
import { dial } from './dial.ts'
import { createFailures } from './failures.ts'
import { greet, greeted } from './greeting.ts'
import { type Attempt, createKeeper, type Keeper } from './keeper.ts'
import type { ByteStream, MeshOptions } from './port.ts'
import { hangUp, type Opened, openStream, placeOf, SYNC } from './protocols.ts'
import { type Candidate, createSessions, type Sessions } from './sessions.ts'
import type { Node } from './settings.ts'

export type Links = {
  sessions: Sessions
  keeper: Keeper
  /** Takes or declines a session that a member opened. */
  answerSync(opened: Opened): Promise<void>
  /** The connection under the session with this peer. */
  connectionTo(key: PublicKey): Connection | undefined
  /** Why the newest dial of each address of a peer failed. */
  failuresOf(key: PublicKey): ReadonlyMap<string, string>
  forgetFailures(key: PublicKey): void
  /** Whether a connection has a session, or is to have one. */
  keeps(connection: Connection): boolean
}

/** Joins the sessions, the keeper and the connections of one node. */
export function createLinks(
  options: MeshOptions,
  { node, me, now }: { node: Node; me: PublicKey; now(): number },
): Links {
  const { events, isMember, reach = 'anywhere' } = options
  const connections = new Map<PublicKey, Connection>()
  const kept = new WeakSet<Connection>()
  const failures = createFailures(options.log)

  const sessions = createSessions({ me, events, now, lost: (...gone) => keeper.lost(...gone) })
  const keeper = createKeeper({ me, isUp: sessions.has, attempt: (...peer) => attempt(...peer) })
  const welcome = (key: PublicKey, openedBy: Candidate['openedBy']) =>
    isMember(key) && !keeper.forgotten(key) && sessions.wants(key, openedBy)

  const take = (key: PublicKey, from: Omit<Opened, 'key'>, openedBy: Candidate['openedBy']) => {
    const { connection, stream } = from
    const release = () => {
      if (connections.get(key) === connection) connections.delete(key)
      hangUp(connection)
    }
    kept.add(connection)
    sessions.take({ key, openedBy, ...placeOf(connection), stream, release })
    connections.set(key, connection)
    // Who dialled us from some port listens on others; it can be found there when this breaks.
    learnAddresses(node, connection, (places) => keeper.learn(key, places))
  }

  const attempt = async (
    key: PublicKey,
    addresses: string[],
    signal: AbortSignal,
  ): Promise<Attempt> => {
    const endpoints = addresses.map(parseEndpoint).filter((endpoint) => endpoint !== undefined)
    const round = failures.begin(key)
    const dialled = await dial(node, { key, endpoints, reach, failed: round.failed }, signal)
    if (!signal.aborted) round.done()
    if (dialled.kind !== 'connected') return 'unreachable'
    const { connection, endpoint } = dialled
    keeper.worked(key, formatEndpoint(endpoint))
    const stream = await openSync(connection, signal)
    if (stream === undefined || signal.aborted || !welcome(key, 'us')) {
      hangUp(connection)
      round.unwelcome(endpoint)
      return sessions.has(key) ? 'up' : 'refused'
    }
    take(key, { connection, stream }, 'us')
    return 'up'
  }

  return {
    sessions,
    keeper,
    connectionTo: (key) => connections.get(key),
    forgetFailures: failures.forget,
    failuresOf: failures.of,
    keeps: (connection) => kept.has(connection) && connection.status === 'open',
    async answerSync({ key, connection, stream }) {
      if (!welcome(key, 'them')) return stream.abort('there is a session already')
      if ((await greet(stream, 'taken')) === 'gone') return
      // Asked again: another one may have come up meanwhile.
      if (welcome(key, 'them')) take(key, { connection, stream }, 'them')
      else stream.abort('there is a session already')
    },
  }
}

async function openSync(
  connection: Connection,
  signal: AbortSignal,
): Promise<ByteStream | undefined> {
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(GREETING_MS)])
  const stream = await openStream(connection, SYNC, inTime)
  if (stream === undefined) return undefined
  const greeting = await greeted(stream, inTime)
  return greeting.kind === 'taken' ? greeting.stream : undefined
}

function learnAddresses(
  node: Node,
  connection: Connection,
  learn: (addresses: string[]) => void,
): void {
  node.services.identify
    .identify(connection, { signal: AbortSignal.timeout(GREETING_MS) })
    .then(({ listenAddrs }) => {
      const endpoints = listenAddrs.map(fromMultiaddr).filter((endpoint) => endpoint !== undefined)
      learn(endpoints.map(formatEndpoint))
    })
    // It is a help for later; without it the peer still knows where to find us.
    .catch(() => {})
}
