/**
 * The mesh without a network: peers of one process, for tests of what is above it. Sessions,
 * frames, greetings and questions are the real code; in place of libp2p there are pipes, and in
 * place of dialling and waiting, every pair that could connect does so at once.
 *
 * It keeps no clock and sets no timer, and takes peers in the order of their keys.
 */
import type { PublicKey } from '../core/brand.ts'
import { hex } from '../core/bytes/text.ts'
import { formatEndpoint, parseEndpoint } from './address.ts'
import { type Answerer, askOver, createAnswerer } from './exchange.ts'
import { greet, greeted } from './greeting.ts'
import { keyOfSeed } from './key.ts'
import { mutedBy } from './mute.ts'
import { pipe } from './pipe.ts'
import type {
  AskOutcome,
  ByteStream,
  GitOutcome,
  Listen,
  Mesh,
  MeshOptions,
  Reaching,
  StartOutcome,
  Survey,
} from './port.ts'
import { createSessions, type Sessions } from './sessions.ts'

export type MemoryNetwork = {
  start(options: MeshOptions): Promise<StartOutcome>
  /** Breaks what stands between two peers and keeps it broken until `heal`. */
  cut(a: PublicKey, b: PublicKey): void
  heal(a: PublicKey, b: PublicKey): void
  /** Looks again for pairs that could connect: after a peer has become a member elsewhere. */
  settle(): void
  /** A stream to a peer with nobody's manners behind it. */
  raw(from: PublicKey, to: PublicKey, protocol: 'sync' | 'join' | 'git'): ByteStream
}

type Peer = {
  key: PublicKey
  options: MeshOptions
  addresses: string[]
  stopping: AbortController
  sessions: Sessions
  answerer: Answerer
  wanted: Map<PublicKey, Set<string>>
  forgotten: Set<PublicKey>
  /** Streams that break together with the session to that peer. */
  streams: Map<PublicKey, Set<ByteStream>>
}

const FIRST_PORT = 50_001
const NEVER = new AbortController().signal

/** An empty network; `now` serves the rate of the join protocol only. */
export function createMemoryNetwork(now: () => number = () => 0): MemoryNetwork {
  const ether = new Ether()
  const { peers, cuts } = ether
  return {
    async start(options) {
      const port = options.listen.find((each) => each.port !== 0 && ether.uses(each.port))?.port
      if (port !== undefined) {
        const why = `port ${port} is taken by another peer; choose another, or 0 for any`
        return { kind: 'taken', port, why }
      }
      const addresses = options.listen.map((each) => ether.addressFor(each))
      const peer = await createPeer(options, { addresses, now, lost: () => ether.settle() })
      // The one before was killed, as far as anybody can tell.
      peers.get(peer.key)?.stopping.abort()
      peers.get(peer.key)?.sessions.endAll('stopped')
      peers.set(peer.key, peer)
      queueMicrotask(() => ether.announce(peer))
      return { kind: 'started', mesh: meshOf(peer, ether) }
    },
    cut(a, b) {
      cuts.add(between(a, b))
      peers.get(a)?.sessions.end(b, 'the network is cut')
    },
    heal(a, b) {
      cuts.delete(between(a, b))
      ether.settle()
    },
    settle: () => ether.settle(),
    raw(from, to, protocol) {
      const [near, far] = pipe()
      const peer = peers.get(to)
      if (peer === undefined) near.abort('nobody there')
      else answer(peer, { from, stream: far, protocol })
      return near
    },
  }
}

/** What lies between the peers: who is there, and who cannot hear whom. */
class Ether {
  readonly peers = new Map<PublicKey, Peer>()
  readonly cuts = new Set<string>()
  #lastPort = FIRST_PORT - 1
  #settling = false

  // Not in a microtask: a pair that quarrels for ever would leave nothing else a turn.
  settle(): void {
    if (this.#settling) return
    this.#settling = true
    setImmediate(() => {
      this.#settling = false
      for (const a of this.#inOrder()) for (const b of this.#inOrder()) this.#link(a, b)
    })
  }

  find(from: Peer, address: string): Peer | undefined {
    const endpoint = parseEndpoint(address.replace(/^localhost:/, '127.0.0.1:'))
    const text = endpoint === undefined ? address : formatEndpoint(endpoint)
    const peer = this.#inOrder().find(({ addresses }) => addresses.includes(text))
    return peer === undefined || this.cuts.has(between(from.key, peer.key)) ? undefined : peer
  }

  /** Tells a new peer and those of its tag of each other. */
  announce(peer: Peer): void {
    const { mdnsTag } = peer.options
    for (const other of mdnsTag === undefined ? [] : this.#inOrder()) {
      if (other.options.mdnsTag !== mdnsTag || !this.#meets(peer, other)) continue
      for (const [near, far] of [[peer, other], [other, peer]] as const) {
        for (const address of far.addresses) near.wanted.get(far.key)?.add(address)
        near.options.events.found(far.key, far.addresses)
      }
    }
    this.settle()
  }

  heardBy(peer: Peer): NonNullable<Survey['mdns']> {
    const { mdnsTag } = peer.options
    const others = this.#inOrder().filter((other) => {
      return other.options.mdnsTag === mdnsTag && this.#meets(peer, other)
    })
    return { interfaces: [{ ip: '127.0.0.1' }], heard: others.map(({ key }) => key) }
  }

  uses(port: number): boolean {
    const addresses = [...this.peers.values()].flatMap((peer) => peer.addresses)
    return addresses.some((address) => parseEndpoint(address)?.port === port)
  }

  addressFor({ host, port, kind = 'tcp' }: Listen): string {
    const at = host === '0.0.0.0' ? '127.0.0.1' : host
    return formatEndpoint({ kind, host: at, port: port === 0 ? ++this.#lastPort : port })
  }

  #link(a: Peer, b: Peer): void {
    const known = b.addresses.some((address) => a.wanted.get(b.key)?.has(address) === true)
    if (!known || !this.#meets(a, b) || a.sessions.has(b.key)) return
    if (!admits(a, b) || !admits(b, a)) return
    const [near, far] = pipe()
    takeSession(a, { peer: b, stream: near, openedBy: 'us' })
    takeSession(b, { peer: a, stream: far, openedBy: 'them' })
  }

  #meets(a: Peer, b: Peer): boolean {
    return a !== b && !this.cuts.has(between(a.key, b.key)) && samePrologue(a, b)
  }

  #inOrder(): Peer[] {
    return [...this.peers.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
  }
}

function meshOf(peer: Peer, ether: Ether): Mesh {
  const { peers } = ether
  return {
    key: peer.key,
    addresses: () => [...peer.addresses],
    want(key, addresses) {
      peer.forgotten.delete(key)
      peer.wanted.set(key, new Set([...(peer.wanted.get(key) ?? []), ...addresses]))
      ether.settle()
    },
    forget(key) {
      peer.wanted.delete(key)
      peer.forgotten.add(key)
      peer.sessions.end(key, 'no longer wanted')
    },
    send: peer.sessions.send,
    reset: peer.sessions.end,
    async ask({ key, address }, question, signal) {
      const standing = key !== undefined && peer.sessions.has(key) ? peers.get(key) : undefined
      const other = standing ?? ether.find(peer, address)
      return askPeer(peer, { other, key, address, question }, signal)
    },
    async openGit(key) {
      const other = peers.get(key)
      if (other === undefined || !peer.sessions.has(key)) {
        return { kind: 'gone', why: 'there is no session with that peer' }
      }
      return openGit(peer, other)
    },
    survey: () => ({
      peers: [...peer.wanted]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, addresses]) => reachingOf(peer, ether, { key, addresses: [...addresses] })),
      mdns: peer.options.mdnsTag === undefined ? undefined : ether.heardBy(peer),
    }),
    async stop() {
      peer.stopping.abort()
      if (peers.get(peer.key) === peer) peers.delete(peer.key)
      peer.sessions.endAll('stopped')
    },
  }
}

function reachingOf(
  peer: Peer,
  ether: Ether,
  { key, addresses }: { key: PublicKey; addresses: string[] },
): Reaching {
  if (peer.sessions.has(key)) {
    return { key, state: 'up', addresses: addresses.map((address) => ({ address })) }
  }
  const tried = addresses.map((address) => {
    const other = ether.find(peer, address)
    if (other === undefined) return { address, why: `${address} does not answer` }
    const stranger = other.key !== key || !samePrologue(peer, other)
    return { address, why: stranger ? `${address} is another peer` : `${address} takes no session` }
  })
  return { key, state: 'away', addresses: tried }
}

function between(a: PublicKey, b: PublicKey): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

async function createPeer(
  options: MeshOptions,
  { addresses, now, lost }: { addresses: string[]; now(): number; lost(): void },
): Promise<Peer> {
  const key = await keyOfSeed(options.seed)
  const streams = new Map<PublicKey, Set<ByteStream>>()
  const stopping = new AbortController()
  const events = mutedBy(stopping.signal, options.events)
  return {
    key,
    options: { ...options, events },
    stopping,
    addresses,
    sessions: createSessions({ me: key, events, now, lost }),
    answerer: createAnswerer({ ask: events.ask, now, log: options.log }),
    wanted: new Map(),
    forgotten: new Set(),
    streams,
  }
}

function samePrologue(a: Peer, b: Peer): boolean {
  return hex(a.options.prologue) === hex(b.options.prologue)
}

function admits(peer: Peer, other: { key: PublicKey }): boolean {
  return peer.options.isMember(other.key) && !peer.forgotten.has(other.key)
}

function takeSession(
  at: Peer,
  from: { peer: Pick<Peer, 'key' | 'addresses'>; stream: ByteStream; openedBy: 'us' | 'them' },
): void {
  const { key, addresses } = from.peer
  at.sessions.take({
    key,
    openedBy: from.openedBy,
    path: 'lan',
    address: addresses[0] ?? 'memory',
    stream: from.stream,
    release() {
      const streams = at.streams.get(key) ?? []
      at.streams.delete(key)
      for (const stream of streams) stream.abort('the session is over')
    },
  })
}

/** What a peer does with a stream that was opened to it. */
function answer(
  peer: Peer,
  { from, stream, protocol }: { from: PublicKey; stream: ByteStream; protocol: string },
): void {
  const open = async () => {
    if (protocol === 'join') return peer.answerer.answer(from, stream, NEVER)
    const unwanted = protocol === 'sync' && !peer.sessions.wants(from, 'them')
    if (!admits(peer, { key: from }) || unwanted) return stream.abort('not wanted')
    if ((await greet(stream, 'taken')) === 'gone') return
    if (protocol === 'git') peer.options.events.git(from, stream)
    else takeSession(peer, { peer: { key: from, addresses: [] }, stream, openedBy: 'them' })
  }
  open().catch((error: unknown) => stream.abort((error as Error).message))
}

async function askPeer(
  peer: Peer,
  call: {
    other: Peer | undefined
    key: PublicKey | undefined
    address: string
    question: Uint8Array
  },
  signal: AbortSignal,
): Promise<AskOutcome> {
  const { other, key, address, question } = call
  if (other === undefined) return { kind: 'unreachable', why: `${address} does not answer` }
  if (!samePrologue(peer, other) || (key !== undefined && key !== other.key)) {
    return { kind: 'stranger', why: `${address} is another peer, or of another room` }
  }
  const [near, far] = pipe()
  answer(other, { from: peer.key, stream: far, protocol: 'join' })
  return askOver({ key: other.key, stream: near }, question, signal)
}

async function openGit(peer: Peer, other: Peer): Promise<GitOutcome> {
  const [near, far] = pipe()
  peer.streams.set(other.key, (peer.streams.get(other.key) ?? new Set()).add(near))
  answer(other, { from: peer.key, stream: far, protocol: 'git' })
  const greeting = await greeted(near, NEVER)
  if (greeting.kind === 'taken') return { kind: 'open', stream: greeting.stream }
  return { kind: 'gone', why: 'the peer takes no git stream' }
}
