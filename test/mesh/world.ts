/** Peers for the tests: either implementation of the mesh, with what happened kept in order. */
import type { PublicKey } from '../../src/core/brand.ts'
import { createMemoryNetwork } from '../../src/mesh/memory.ts'
import { keyOfSeed } from '../../src/mesh/key.ts'
import { startMesh } from '../../src/mesh/node.ts'
import type { ByteStream, Mesh, MeshEvents, MeshOptions } from '../../src/mesh/port.ts'
import { byteStream } from '../../src/mesh/stream.ts'
import { dial } from '../../src/mesh/dial.ts'
import { parseEndpoint, type Endpoint } from '../../src/mesh/address.ts'
import { createNode, type Node } from '../../src/mesh/settings.ts'

export const PROLOGUE = new Uint8Array(32).fill(7)

/** A mesh with its history; `until` resolves as soon as the history satisfies it. */
export type Peer = {
  key: PublicKey
  seed: Uint8Array
  mesh: Mesh
  address: string
  ups: { key: PublicKey; path: string; address: string }[]
  downs: { key: PublicKey; why: string }[]
  frames: { key: PublicKey; bytes: Uint8Array }[]
  drained: PublicKey[]
  found: { key: PublicKey; addresses: readonly string[] }[]
  gits: { key: PublicKey; stream: ByteStream }[]
  /** Sessions that stand, as told by the events. */
  standing(): PublicKey[]
  until(holds: () => boolean): Promise<void>
}

export type World = {
  name: string
  /** Starts a peer; everyone is everyone's member unless told otherwise. */
  start(over?: Partial<MeshOptions> & { on?: Partial<MeshEvents> }): Promise<Peer>
  /** A stream of a known key to a peer, below all rules. */
  raw(seed: Uint8Array, to: Peer, protocol: 'sync' | 'join' | 'git'): Promise<ByteStream>
  stopAll(): Promise<void>
}

let lastSeed = 0
/** Seeds in a fixed order; each peer is another one. */
export function nextSeed(): Uint8Array {
  lastSeed++
  return new Uint8Array(32).fill(lastSeed & 255).fill(lastSeed >> 8, 0, 1)
}

export function libp2pWorld(): World {
  const nodes: Node[] = []
  return world('libp2p', startMesh, {
    async raw(seed, to, protocol) {
      const node = await createNode({ ...quiet(seed), listen: [] }, () => [])
      nodes.push(node)
      await node.start()
      const endpoints = [parseEndpoint(to.address) as Endpoint]
      const dialled = await dial(node, { endpoints, reach: 'anywhere' }, never())
      if (dialled.kind !== 'connected') throw new Error(dialled.why)
      return byteStream(await dialled.connection.newStream([`/knot/${protocol}/1`]))
    },
    async stop() {
      const open = nodes.flatMap((node) => node.getConnections())
      for (const connection of open) connection.abort(new Error('over'))
      await Promise.all(nodes.map((node) => node.stop()))
    },
  })
}

export function memoryWorld(): World {
  const network = createMemoryNetwork()
  return world('memory', network.start, {
    raw: async (seed, to, protocol) => network.raw(await keyOfSeed(seed), to.key, protocol),
    stop: async () => {},
  })
}

export const never = () => new AbortController().signal

function quiet(seed: Uint8Array) {
  const isMember = () => true
  return { seed, prologue: PROLOGUE, mdnsTag: undefined, isMember, log: () => {} }
}

function world(
  name: string,
  startOne: typeof startMesh,
  below: { raw: World['raw']; stop(): Promise<void> },
): World {
  const meshes: Mesh[] = []
  return {
    name,
    raw: below.raw,
    async start({ on = {}, seed = nextSeed(), ...over } = {}) {
      const key = await keyOfSeed(seed)
      const { events, history } = createHistory(on)
      const listen = [{ host: '127.0.0.1', port: 0 }]
      const outcome = await startOne({ ...quiet(seed), listen, ...over, events })
      if (outcome.kind !== 'started') throw new Error(outcome.why)
      meshes.push(outcome.mesh)
      const address = outcome.mesh.addresses()[0] ?? 'none'
      return { key, seed, mesh: outcome.mesh, address, ...history }
    },
    async stopAll() {
      await Promise.all(meshes.map((mesh) => mesh.stop()))
      await below.stop()
    },
  }
}

function createHistory(on: Partial<MeshEvents>) {
  let waiting: { holds: () => boolean; resolve: () => void }[] = []
  const check = () => {
    const over = waiting.filter(({ holds }) => holds())
    waiting = waiting.filter((each) => !over.includes(each))
    for (const { resolve } of over) resolve()
  }
  const history: Omit<Peer, 'key' | 'seed' | 'mesh' | 'address'> = {
    ups: [],
    downs: [],
    frames: [],
    drained: [],
    found: [],
    gits: [],
    standing: () => {
      const { ups, downs } = history
      const count = (list: { key: PublicKey }[], key: PublicKey) =>
        list.filter((each) => each.key === key).length
      const keys = [...new Set(ups.map(({ key }) => key))]
      return keys.filter((key) => count(ups, key) > count(downs, key))
    },
    until: (holds) =>
      new Promise((resolve) => {
        waiting.push({ holds, resolve })
        check()
      }),
  }
  const noted = <T>(list: T[], item: T) => {
    list.push(item)
    check()
  }
  const events: MeshEvents = {
    up: (key, path, address) => {
      noted(history.ups, { key, path, address })
      on.up?.(key, path, address)
    },
    down: (key, why) => {
      noted(history.downs, { key, why })
      on.down?.(key, why)
    },
    frame: (key, bytes) => {
      noted(history.frames, { key, bytes })
      return on.frame?.(key, bytes)
    },
    drained: (key) => noted(history.drained, key),
    found: (key, addresses) => noted(history.found, { key, addresses }),
    ask: async (key, question, signal) => (await on.ask?.(key, question, signal)) ?? question,
    git: (key, stream) => {
      noted(history.gits, { key, stream })
      on.git?.(key, stream)
    },
  }
  return { events, history }
}
