import { connect } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HANDSHAKE_MS, STRANGERS_MAX, STREAMS_MAX } from '../../src/core/limits.ts'
import { type Endpoint, parseEndpoint, toMultiaddr } from '../../src/mesh/address.ts'
import { dial } from '../../src/mesh/dial.ts'
import { startMesh } from '../../src/mesh/node.ts'
import { createNode, gater, type Node } from '../../src/mesh/settings.ts'
import { libp2pWorld, never, nextSeed, PROLOGUE, type World } from './world.ts'

let world: World
let cleanups: (() => unknown)[] = []
beforeEach(() => {
  world = libp2pWorld()
})
afterEach(async () => {
  await world.stopAll()
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
async function rawNode(seed = nextSeed()): Promise<Node> {
  const quiet = { seed, prologue: PROLOGUE, isMember: () => true }
  const node = await createNode({ ...quiet, listen: [] }, () => [])
  await node.start()
  cleanups.push(() => {
    for (const connection of node.getConnections()) connection.abort(new Error('over'))
    return node.stop()
  })
  return node
}

test('S271: silent clients lock nobody out', async () => {
  const a = await world.start()
  const port = Number(a.address.split(':')[1])
  const silent = [...Array(60)].map(() => connect(port, '127.0.0.1').on('error', () => {}))
  cleanups.push(() => silent.map((socket) => socket.destroy()))
  await pause(50)
  const b = await world.start()
  const began = performance.now()
  expect((await b.mesh.ask({ address: a.address }, PROLOGUE, never())).kind).toBe('answered')
  expect(performance.now() - began).toBeLessThan(1_000)
})

test('S272: a muxer frame that announces more than any window ends the connection', async () => {
  const a = await world.start()
  const node = await rawNode()
  const endpoints = [parseEndpoint(a.address) as Endpoint]
  const dialled = await dial(node, { endpoints, reach: 'anywhere' }, never())
  if (dialled.kind !== 'connected') throw new Error(dialled.why)
  const { connection } = dialled
  const below = (connection as unknown as Below).muxer
  const closed = new Promise((resolve) => connection.addEventListener('close', resolve))
  below.maConn.send(Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0x10, 0, 0, 0))
  await closed
  expect((await world.start()).mesh.key).toBeDefined()
})

test('S770: streams that are opened without end are as many as allowed, and then reset', async () => {
  const listening: string[] = []
  const quiet = { seed: nextSeed(), prologue: PROLOGUE, isMember: () => true }
  const listen = [{ host: '127.0.0.1', port: 0 }]
  const target = await createNode({ ...quiet, listen }, () => [])
  target.addEventListener('transport:listening', ({ detail }) => {
    listening.push(...detail.getAddrs().map(String))
  })
  await target.handle('/silent/1', () => undefined, { maxInboundStreams: 10_000 })
  await target.start()
  cleanups.push(() => target.stop())
  const node = await rawNode()
  const connection = await node.dial(multiaddr(listening[0] as string), { force: true })
  const { maConn } = (connection as unknown as Below).muxer
  await pause(100)
  // Below the bounds of our own side: 1,000 SYNs, none of which negotiates anything.
  for (let id = 1_001; id < 3_001; id += 2) {
    maConn.send(Uint8Array.of(0, 1, 0, 1, 0, 0, id >> 8, id & 255, 0, 0, 0, 0))
  }
  type Above = { muxer: { streams: unknown[] } }
  const open = () => target.getConnections().flatMap((held) =>
    (held as unknown as Above).muxer.streams).length
  let most = 0
  for (const end = performance.now() + 500; performance.now() < end; ) {
    most = Math.max(most, open())
    await new Promise((later) => setImmediate(later))
  }
  expect(most).toBe(STREAMS_MAX)
  // Those that say nothing of what they are for do not stay either.
  await pause(HANDSHAKE_MS + 500)
  expect(open()).toBe(0)
  expect((await node.dial(multiaddr(listening[0] as string), { force: true })).status).toBe('open')
})

type Below = { muxer: { maConn: { send(bytes: Uint8Array): void } } }

test('S273: WebSocket serves where TCP does not get through', async () => {
  const a = await world.start({ listen: [{ host: '127.0.0.1', port: 0, kind: 'ws' }] })
  expect(a.address).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/)
  const b = await world.start()
  b.mesh.want(a.key, [a.address])
  await Promise.all([a.until(() => a.ups.length === 1), b.until(() => b.ups.length === 1)])
  b.mesh.send(a.key, new Uint8Array(3 << 20))
  a.mesh.send(b.key, new Uint8Array(3 << 20))
  await Promise.all([a, b].map((peer) => peer.until(() => peer.frames.length === 1)))
  expect(b.ups[0]?.address).toBe(a.address)
})

test('S267: a room that stays on the LAN refuses public addresses, both ways', async () => {
  const a = await world.start({ reach: 'lan' })
  for (const address of ['8.8.8.8:4001', '[2001:db8::1]:4001']) {
    const outcome = await a.mesh.ask({ address }, PROLOGUE, never())
    expect(outcome).toMatchObject({ kind: 'unreachable' })
    expect((outcome as { why: string }).why).toContain('public')
  }
  const inbound = async (reach: 'lan' | 'anywhere', ip: string) =>
    gater(reach).denyInboundConnection?.({ remoteAddr: multiaddr(`/ip4/${ip}/tcp/1`) } as never)
  expect(await inbound('lan', '8.8.8.8')).toBe(true)
  expect(await inbound('lan', '192.168.0.1')).toBe(false)
  expect(await inbound('anywhere', '8.8.8.8')).toBe(false)
})

test('S274: connections without a session are few, and members come in beside them', async () => {
  const a = await world.start()
  const node = await rawNode()
  const address = toMultiaddr(parseEndpoint(a.address) as Endpoint)
  const dials = [...Array(STRANGERS_MAX + 8)].map(() => node.dial(address, { force: true }))
  // Dials to one address at once are one dial; one after the other they are as many.
  for (let n = 0; n < dials.length; n++) await node.dial(address, { force: true })
  await Promise.all(dials)
  await pause(100)
  expect(node.getConnections().length).toBeLessThanOrEqual(STRANGERS_MAX)
})

test('S274: a member comes in however many strangers are there already', async () => {
  const b = await world.start()
  const a = await world.start({ isMember: (key) => key === b.key })
  const address = toMultiaddr(parseEndpoint(a.address) as Endpoint)
  const node = await rawNode()
  for (let n = 0; n < STRANGERS_MAX + 8; n++) await node.dial(address, { force: true })
  a.mesh.want(b.key, [])
  b.mesh.want(a.key, [a.address])
  await a.until(() => a.ups.length === 1)
  expect(node.getConnections().length).toBeGreaterThan(0)
})

test('S275: peers of a room find each other by mDNS, those of other rooms do not', async () => {
  const tag = '_knot-00c0ffee._udp.local'
  const a = await world.start({ mdnsTag: tag })
  const other = await world.start({ mdnsTag: '_knot-00000bad._udp.local' })
  const b = await world.start({ mdnsTag: tag })
  await Promise.all([a.until(() => a.found.length > 0), b.until(() => b.found.length > 0)])
  expect(a.found[0]).toEqual({ key: b.key, addresses: [b.address] })
  expect(b.found[0]).toEqual({ key: a.key, addresses: [a.address] })
  expect(other.found).toEqual([])
})

test('S275: a wanted peer that mDNS finds is dialled without being given an address', async () => {
  const tag = '_knot-00c0ffe1._udp.local'
  const [a, b] = [await world.start({ mdnsTag: tag }), await world.start({ mdnsTag: tag })]
  a.mesh.want(b.key, [])
  b.mesh.want(a.key, [])
  await Promise.all([a.until(() => a.ups.length === 1), b.until(() => b.ups.length === 1)])
})

test('S276: who was dialled learns where to find the other side', async () => {
  const [a, b] = [await world.start(), await world.start()]
  a.mesh.want(b.key, [])
  b.mesh.want(a.key, [a.address])
  await a.until(() => a.ups.length === 1)
  await pause(100)
  b.mesh.forget(a.key)
  await a.until(() => a.downs.length === 1)
  b.mesh.want(a.key, [])
  await a.until(() => a.ups.length === 2)
  expect(a.ups[1]?.address).toBe(b.address)
})

test('S252: only members are told what a node is and where it listens', async () => {
  const node = await rawNode()
  const member = await world.start()
  const isMember = (key: string) => key === member.key
  const a = await world.start({ isMember })
  const connectTo = async (from: Node) => {
    const endpoints = [parseEndpoint(a.address) as Endpoint]
    const dialled = await dial(from, { endpoints, reach: 'anywhere' }, never())
    if (dialled.kind !== 'connected') throw new Error(dialled.why)
    return from.services.identify.identify(dialled.connection)
  }
  await expect(connectTo(node)).rejects.toThrow()
  const told = connectTo(await rawNode(member.seed))
  await expect(told).resolves.toMatchObject({ agentVersion: 'knot' })
})

test('S265: a place where one cannot listen is told as such', async () => {
  const on = { up() {}, down() {}, frame() {}, drained() {}, found() {}, git() {} }
  const events = { ...on, ask: async () => PROLOGUE }
  const quiet = { prologue: PROLOGUE, mdnsTag: undefined, isMember: () => true, log: () => {} }
  const listen = [{ host: '203.0.113.1', port: 4_001 }]
  const outcome = await startMesh({ ...quiet, seed: nextSeed(), listen, events })
  expect(outcome).toMatchObject({ kind: 'failed' })
  expect((outcome as { why: string }).why).toContain('203.0.113.1:4001')
})
