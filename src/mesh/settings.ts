/**
 * libp2p as knot runs it. Each default that is overridden here is a lock-out, a leak or a delay
 * otherwise; the figures were measured on libp2p 3.3.
 */
import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { type Identify, identify } from '@libp2p/identify'
import type { ConnectionGater, Libp2p } from '@libp2p/interface'
import { type Ping, ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import {
  DIAL_MS,
  HANDSHAKE_MS,
  HANDSHAKES_MAX,
  MEMBERS_MAX,
  STRANGERS_MAX,
} from '../core/limits.ts'
import { type Endpoint, fromMultiaddr, isLan, toMultiaddr } from './address.ts'
import { keyOfPeer } from './key.ts'
import { guardedYamux } from './muxer.ts'
import type { MeshOptions, Reach } from './port.ts'

export type Node = Libp2p<{ identify: Identify; ping: Ping }>

/** Makes a node that does not listen yet; `announced` is asked each time that a member asks. */
export async function createNode(
  options: Pick<MeshOptions, 'seed' | 'prologue' | 'listen' | 'reach' | 'isMember'>,
  announced: () => Endpoint[],
): Promise<Node> {
  return createLibp2p({
    start: false,
    nodeInfo: { name: 'knot', version: '1', userAgent: 'knot' },
    privateKey: await generateKeyPairFromSeed('Ed25519', options.seed),
    addresses: {
      listen: options.listen.map(listenAddress),
      // Public addresses are left out otherwise, and those of container bridges are not.
      announceFilter: () => announced().map(toMultiaddr),
    },
    transports: [tcp(), webSockets()],
    // Without the room's secret the handshake fails after 5 to 29 ms; it costs nothing a byte.
    connectionEncrypters: [noise({ prologueBytes: options.prologue })],
    streamMuxers: [guardedYamux()],
    connectionGater: gater(options.reach ?? 'anywhere'),
    connectionManager: {
      maxConnections: 2 * MEMBERS_MAX + STRANGERS_MAX,
      // Default: 5 new connections a second from one address. Agents share machines and NATs.
      inboundConnectionThreshold: Number.POSITIVE_INFINITY,
      // Default: 10 silent TCP clients lock everybody out for 10 s.
      maxIncomingPendingConnections: HANDSHAKES_MAX,
      inboundUpgradeTimeout: HANDSHAKE_MS,
      inboundStreamProtocolNegotiationTimeout: HANDSHAKE_MS,
      outboundStreamProtocolNegotiationTimeout: HANDSHAKE_MS,
      // Default: 10 s for all addresses, 6 s each, one after the other. We dial them one by one.
      addressDialTimeout: DIAL_MS,
      dialTimeout: DIAL_MS,
      // We re-dial ourselves: this gives up after 5 tries and never retries a first dial.
      reconnectRetries: 0,
    },
    // One unanswered ping blocks the next, any error of which drops a healthy peer that was busy
    // for 1.5 s; and its adaptive timeout grows to a minute. The muxer watches for silence instead.
    connectionMonitor: { enabled: false },
    services: {
      // Asked for by hand, and answered to members: by default every stranger learns our addresses.
      identify: membersOnly(identify({ runOnConnectionOpen: false }), options.isMember),
      // Only ever answered, so that stock tools can measure a path; the default slot is one.
      ping: membersOnly(ping({ maxInboundStreams: 32, maxOutboundStreams: 32 }), options.isMember),
    },
  })
}

function listenAddress({ host, port, kind }: MeshOptions['listen'][number]): string {
  const family = host.includes(':') ? 'ip6' : 'ip4'
  return multiaddr(`/${family}/${host}/tcp/${port}${kind === 'ws' ? '/ws' : ''}`).toString()
}

type Components = Parameters<ReturnType<typeof ping>>[0]
type Registrar = Components['registrar']

// The service registers what it answers through this registrar. libp2p's own way, `use()`, runs the
// handler once more on every stream, for ever: it pushes each onto the list that it keeps.
function membersOnly<C extends { registrar: Registrar }, S>(
  make: (components: C) => S,
  isMember: MeshOptions['isMember'],
): (components: C) => S {
  return (components) => {
    const { registrar } = components
    const guarded: Registrar = Object.create(registrar)
    guarded.handle = (protocol, handler, settings) =>
      registrar.handle(
        protocol,
        (stream, connection) => {
          const key = keyOfPeer(connection.remotePeer)
          if (key !== undefined && isMember(key)) return handler(stream, connection)
          return stream.abort(new Error('not a member'))
        },
        settings,
      )
    return make(Object.create(components, { registrar: { value: guarded } }))
  }
}

/**
 * Whom to refuse; every method answers `true` to do so. Membership is not asked here: who knows
 * the secret may come in to join, and each protocol looks for itself.
 */
export function gater(reach: Reach): ConnectionGater {
  const outside = (address: Parameters<typeof fromMultiaddr>[0]) => {
    const host = fromMultiaddr(address)?.host
    return reach === 'lan' && (host === undefined || !isLan(host))
  }
  return {
    denyDialMultiaddr: (address) => outside(address),
    denyInboundConnection: (wire) => outside(wire.remoteAddr),
    denyInboundEncryptedConnection: (peer) => keyOfPeer(peer) === undefined,
    denyOutboundEncryptedConnection: (peer) => keyOfPeer(peer) === undefined,
  }
}
