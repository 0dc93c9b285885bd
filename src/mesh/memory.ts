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
import type { AskOutcome, ByteStream, GitOutcome, Mesh, MeshOptions, StartOutcome } from './port.ts'
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
  const peers = new Map<PublicKey, Peer>()
  const cuts = new Set<string>()
  let lastPort = FIRST_PORT - 1
  let settling = false

  const between = (a: PublicKey, b: PublicKey) => (a < b ? `${a} ${b}` : `${b} ${a}`)
  const inOrder = () => [...peers.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
  const meets = (a: Peer, b: Peer) =>
    a !== b && !cuts.has(between(a.key, b.key)) && samePrologue(a, b)

  // Not in a microtask: a pair that quarrels for ever would leave nothing else a turn.
  const settle = () => {
    if (settling) return
    settling = true
    setImmediate(() => {
      settling = false
      for (const a of inOrder()) for (const b of inOrder()) link(a, b)
    })
  }

  const link = (a: Peer, b: Peer) => {
    const known = b.addresses.some((address) => a.wanted.get(b.key)?.has(address) === true)
    if (!known || !meets(a, b) || a.sessions.has(b.key) || !admits(a, b) || !admits(b, a)) return
    const [near, far] = pipe()
    takeSession(a, { peer: b, stream: near, openedBy: 'us' })
    takeSession(b, { peer: a, stream: far, openedBy: 'them' })
  }

  const find = (from: Peer, address: string): Peer | undefined => {
    const endpoint = parseEndpoint(address.replace(/^localhost:/, '127.0.0.1:'))
    const text = endpoint === undefined ? address : formatEndpoint(endpoint)
    const peer = inOrder().find(({ addresses }) => addresses.includes(text))
    return peer === undefined || cuts.has(between(from.key, peer.key)) ? undefined : peer
  }

  const announce = (peer: Peer) => {
    for (const other of inOrder()) {
      const { mdnsTag } = peer.options
      if (mdnsTag === undefined || other.options.mdnsTag !== mdnsTag) continue
      if (!meets(peer, other)) continue
      for (const [near, far] of [[peer, other], [other, peer]] as const) {
        for (const address of far.addresses) near.wanted.get(far.key)?.add(address)
        near.options.events.found(far.key, far.addresses)
      }
    }
    settle()
  }

  const meshOf = (peer: Peer): Mesh => ({
    key: peer.key,
    addresses: () => [...peer.addresses],
    want(key, addresses) {
      peer.forgotten.delete(key)
      peer.wanted.set(key, new Set([...(peer.wanted.get(key) ?? []), ...addresses]))
      settle()
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
      const other = standing ?? find(peer, address)
      return askPeer(peer, { other, key, address, question }, signal)
    },
    async openGit(key) {
      const other = peers.get(key)
      if (other === undefined || !peer.sessions.has(key)) {
        return { kind: 'gone', why: 'there is no session with that peer' }
      }
      return openGit(peer, other)
    },
    async stop() {
      peer.stopping.abort()
      if (peers.get(peer.key) === peer) peers.delete(peer.key)
      peer.sessions.endAll('stopped')
    },
  })

  return {
    async start(options) {
      const port = options.listen.find((each) => each.port !== 0 && inUse(peers, each.port))?.port
      if (port !== undefined) {
        const why = `port ${port} is taken by another peer; choose another, or 0 for any`
        return { kind: 'taken', port, why }
      }
      const addresses = options.listen.map(({ host, port, kind = 'tcp' }) => {
        const at = host === '0.0.0.0' ? '127.0.0.1' : host
        return formatEndpoint({ kind, host: at, port: port === 0 ? ++lastPort : port })
      })
      const peer = await createPeer(options, { addresses, now, lost: settle })
      // The one before was killed, as far as anybody can tell.
      peers.get(peer.key)?.stopping.abort()
      peers.get(peer.key)?.sessions.endAll('stopped')
      peers.set(peer.key, peer)
      queueMicrotask(() => announce(peer))
      return { kind: 'started', mesh: meshOf(peer) }
    },
    cut(a, b) {
      cuts.add(between(a, b))
      peers.get(a)?.sessions.end(b, 'the network is cut')
    },
    heal(a, b) {
      cuts.delete(between(a, b))
      settle()
    },
    settle,
    raw(from, to, protocol) {
      const [near, far] = pipe()
      const peer = peers.get(to)
      if (peer === undefined) near.abort('nobody there')
      else answer(peer, { from, stream: far, protocol })
      return near
    },
  }
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

function inUse(peers: Map<PublicKey, Peer>, port: number): boolean {
  return [...peers.values()].some((peer) =>
    peer.addresses.some((address) => parseEndpoint(address)?.port === port),
  )
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
