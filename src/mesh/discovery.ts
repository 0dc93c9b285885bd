/**
 * Finding peers of the room on the local network by multicast DNS, on every interface.
 *
 * The stock service speaks the packets, but sends on one interface only, the kernel's choice, and
 * not at all without a route to 224.0.0.251. So there is one of it for each address of this
 * machine, on a socket bound to that interface, announcing what can be reached there.
 */
import { networkInterfaces } from 'node:os'
import type { ComponentLogger, PeerDiscovery, PeerInfo } from '@libp2p/interface'
import { mdns } from '@libp2p/mdns'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import multicastDns from 'multicast-dns'
import type { PublicKey } from '../core/brand.ts'
import { DISCOVERY_MS, INTERFACES_MS, SIGHTINGS_MAX } from '../core/limits.ts'
import { type Endpoint, formatEndpoint, fromMultiaddr, toMultiaddr } from './address.ts'
import { type Interfaces, signatureOf, usable } from './interfaces.ts'
import { keyOfPeer, peerOfKey } from './key.ts'

const MDNS_PORT = 5353
const MDNS_GROUP = '224.0.0.251'
/** A peer that missed three questions in a row is not heard any more. */
const HEARD_MS = 3 * DISCOVERY_MS

export type Discovery = {
  /** Where it listens, and which peers were heard within the last few questions. */
  survey(): { interfaces: { ip: string; fault?: string }[]; heard: PublicKey[] }
  stop(): Promise<void>
}

export type DiscoveryOptions = {
  me: PublicKey
  /** Without one nobody is looked for, and only changes of the interfaces are told. */
  tag: string | undefined
  /** What can be reached through the interface with this IP address. */
  announced(ip: string): Endpoint[]
  found(key: PublicKey, addresses: string[]): void
  /** The machine's addresses changed. */
  moved(): void
  logger: ComponentLogger
  log(line: string): void
  interfaces?: () => Interfaces
}

/** Asks at once, again every DISCOVERY_MS, and again whenever an interface comes or goes. */
export function startDiscovery(options: DiscoveryOptions): Discovery {
  const { tag, interfaces = networkInterfaces } = options
  const told = oncePerQuestion(options.found)
  const last = new Map<PublicKey, number>()
  const heard: DiscoveryOptions = {
    ...options,
    found(key, addresses) {
      last.delete(key)
      last.set(key, performance.now())
      dropOldest(last, SIGHTINGS_MAX)
      told(key, addresses)
    },
  }
  const open = new Map<string, Voice>()
  let before = ''

  const look = async () => {
    const now = interfaces()
    const signature = signatureOf(now)
    if (signature === before) return
    const first = before === ''
    before = signature
    const ips = usable(now)
      .filter(({ family, ip }) => family === 'IPv4' && options.announced(ip).length > 0)
      .map(({ ip }) => ip)
    const gone = [...open].filter(([ip]) => !ips.includes(ip))
    for (const [ip] of gone) open.delete(ip)
    for (const ip of ips) {
      if (tag !== undefined && !open.has(ip)) open.set(ip, openVoice(ip, tag, heard))
    }
    for (const voice of open.values()) voice.ask()
    if (!first) options.moved()
    await Promise.all(gone.map(([, voice]) => voice.close()))
  }
  const supervised = () => {
    look().catch((error: unknown) => options.log(`mdns: ${(error as Error).message}`))
  }

  supervised()
  const looking = setInterval(supervised, INTERFACES_MS)
  const asking = setInterval(() => {
    for (const voice of open.values()) voice.ask()
  }, DISCOVERY_MS)

  return {
    survey() {
      const since = performance.now() - HEARD_MS
      return {
        interfaces: [...open].map(([ip, { fault }]) => {
          const why = fault()
          return why === undefined ? { ip } : { ip, fault: why }
        }),
        heard: [...last].filter(([, at]) => at >= since).map(([key]) => key).sort(),
      }
    },
    async stop() {
      clearInterval(looking)
      clearInterval(asking)
      await Promise.all([...open.values()].map((voice) => voice.close()))
      open.clear()
    },
  }
}

// A datagram reaches the sockets of all interfaces, and one question is asked on each of them.
function oncePerQuestion(found: DiscoveryOptions['found']): DiscoveryOptions['found'] {
  const told = new Map<string, number>()
  return (key, addresses) => {
    const sighting = `${key} ${addresses.join(' ')}`
    const now = performance.now()
    if (now - (told.get(sighting) ?? Number.NEGATIVE_INFINITY) < DISCOVERY_MS / 2) return
    told.delete(sighting)
    told.set(sighting, now)
    dropOldest(told, SIGHTINGS_MAX)
    found(key, addresses)
  }
}

function dropOldest<K>(map: Map<K, unknown>, most: number): void {
  const oldest = map.keys().next()
  if (map.size > most && oldest.done === false) map.delete(oldest.value)
}

/** One interface's socket, with a stock service that answers and understands on it. */
type Voice = { ask(): void; fault(): string | undefined; close(): Promise<void> }

/** The stock service; that its socket can be given to it is not in its types. */
type Stock = PeerDiscovery & {
  mdns?: unknown
  _onMdnsQuery(packet: multicastDns.QueryPacket): void
  _onMdnsResponse(packet: multicastDns.ResponsePacket): void
}

function openVoice(ip: string, tag: string, options: DiscoveryOptions): Voice {
  const { me } = options
  const addressManager = { getAddresses: () => announcedBy(me, options.announced(ip)) }
  const make = mdns({ serviceTag: tag, peerName: me.slice(0, 40) })
  const components = { addressManager, logger: options.logger } as Parameters<typeof make>[0]
  const stock = make(components) as Stock
  if (typeof stock._onMdnsQuery !== 'function' || typeof stock._onMdnsResponse !== 'function') {
    throw new Error('bug: @libp2p/mdns hears elsewhere; see mesh/discovery.ts')
  }

  const socket = multicastDns({ port: MDNS_PORT, ip: MDNS_GROUP, interface: ip, bind: '0.0.0.0' })
  stock.mdns = socket
  socket.on('query', stock._onMdnsQuery)
  socket.on('response', stock._onMdnsResponse)
  // A network that is away for a while is a warning at each question; that is nothing to tell.
  socket.on('warning', () => {})
  let fault: string | undefined
  socket.on('error', (error: Error) => {
    fault = error.message
    options.log(`mdns: not on ${ip} (${error.message}); peers are found by their addresses only`)
  })
  stock.addEventListener('peer', ({ detail }) => {
    const key = keyOfPeer(detail.id)
    const addresses = addressesOf(detail)
    if (key !== undefined && key !== me && addresses.length > 0) options.found(key, addresses)
  })

  return {
    ask: () => socket.query({ questions: [{ name: tag, type: 'PTR' }] }),
    fault: () => fault,
    close: () => new Promise((resolve) => socket.destroy(() => resolve())),
  }
}

function announcedBy(me: PublicKey, endpoints: Endpoint[]): Multiaddr[] {
  const peer = peerOfKey(me).toString()
  return endpoints.map((endpoint) => multiaddr(`${toMultiaddr(endpoint)}/p2p/${peer}`))
}

function addressesOf({ multiaddrs }: PeerInfo): string[] {
  return multiaddrs
    .map(fromMultiaddr)
    .filter((endpoint) => endpoint !== undefined)
    .map(formatEndpoint)
}
