/** Whoever was not let in: what they get of a room, and what they can do to it. */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeAll, afterAll, expect, test, vi } from 'vitest'
import type { Output } from '../src/api/types.ts'
import { decodeJoinAnswer, encodeJoinRequest, makeJoinRequest } from '../src/core/auth/join.ts'
import { type InviteLink, parseLink } from '../src/core/auth/link.ts'
import type { Name } from '../src/core/auth/name.ts'
import { HANDSHAKE_MS, STRANGERS_MAX } from '../src/core/limits.ts'
import { prologueOf } from '../src/daemon/linking.ts'
import { parseEndpoint, type Endpoint } from '../src/mesh/address.ts'
import { dial } from '../src/mesh/dial.ts'
import { frameOf } from '../src/mesh/frames.ts'
import { GIT, JOIN, openStream, SYNC } from '../src/mesh/protocols.ts'
import { createNode, type Node } from '../src/mesh/settings.ts'
import { newSeed, signerFrom } from '../src/store/ed25519.ts'
import { middleOf } from '../test/mesh/middle.ts'
import { makeRoom, type Peer, type Peers, setPeers, settled } from './peers.ts'
import { memoryOf, until } from './world.ts'

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 })

const never = new AbortController().signal

let set: Peers
let [ada, bob, carol]: Peer[] = []
let link: InviteLink
let text: string
let cleanups: (() => unknown)[] = []

beforeAll(async () => {
  set = await setPeers(['ada', 'bob', 'carol'])
  ;[ada, bob, carol] = set.peers
  text = (await makeRoom([ada!, bob!])).link
  const parsed = parseLink(text)
  if (parsed.kind !== 'link') throw new Error(parsed.why)
  link = parsed.link
  await ada!.told('say', 'nobody else shall read this')
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})
afterAll(() => set.strike())

test('who knows the secret and was not invited gets a refusal and not a byte more', async () => {
  const { room, secret } = link
  for (const protocol of [SYNC, GIT, '/ipfs/id/1.0.0', '/ipfs/ping/1.0.0']) {
    const node = await stranger(prologueOf({ room, secret }))
    expect(await hear(node, protocol, randomBytes(64)), protocol).toHaveLength(0)
  }
  const member = signerFrom(newSeed())
  const invite = signerFrom(newSeed())
  const request = makeJoinRequest({ room, invite, member, name: 'mallory' as Name })
  const questions = [
    encodeJoinRequest(request),
    // The true invite named, without its key.
    encodeJoinRequest({ ...request, invite: signerFrom(link.seed).key }),
    randomBytes(300),
    new Uint8Array(),
  ]
  for (const question of questions) {
    const node = await stranger(prologueOf({ room, secret }))
    const heard = await hear(node, JOIN, frameOf(question))
    expect(heard.length).toBeLessThan(600)
    // A greeting, a frame's length, the answer; or nothing but the greeting.
    const answer = decodeJoinAnswer(heard.subarray(5))
    if (answer.kind === 'ok') expect(answer.value.kind).toBe('refused')
    for (const word of ['nobody else', 'ada', 'bob', 'sums']) {
      expect(Buffer.from(heard).includes(word), word).toBe(false)
    }
  }
  const { members } = await ada!.status()
  expect(members.map(({ name }) => name)).toEqual(['ada', 'bob'])
})

test('who does not know the secret fails in the handshake', async () => {
  const { room } = link
  const node = await createStranger(prologueOf({ room, secret: randomBytes(32) }))
  const dialled = await dial(node, { endpoints: [place()], reach: 'anywhere' }, never)
  expect(dialled).toMatchObject({ kind: 'stranger' })
})

test('garbage and silence on the port cost the members nothing', async () => {
  const [pid] = ada!.daemons()
  const before = memoryOf(pid!)
  const garbage = [
    randomBytes(256 << 10),
    Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    Buffer.from('\x13/multistream/1.0.0\n\x07/noise\n\xff\xff'),
    Buffer.from('16030100ff010000fb0303', 'hex'),
    Buffer.alloc(64, 0xff),
    Buffer.alloc(512 << 10),
  ]
  const noisy = [...garbage, ...garbage, ...garbage].map((bytes) => open(bytes))
  const silent = [...Array(100)].map(() => open(Buffer.alloc(0)))

  // While they are all there: members talk, one comes back from the dead, another joins.
  await bob!.kill()
  const said = await bob!.told<{ id: string }>('say', 'still here')
  await until('ada hears bob', async () => (await ada!.events()).some(({ id }) => id === said.id))
  await carol!.told('join', text)
  await settled(set.peers)

  const cut = (each: Heard) => each.socket.destroyed
  await until('they are all hung up on', () => [...noisy, ...silent].every(cut), 5 * HANDSHAKE_MS)
  for (const { heard } of [...noisy, ...silent]) {
    // What a listener of libp2p says to anybody: the name of its protocol.
    expect(Buffer.concat(heard).length).toBeLessThan(128)
  }
  expect(ada!.daemons()).toEqual([pid])
  expect(memoryOf(pid!) - before).toBeLessThan(120)
  expect(ada!.daemonLog()).not.toMatch(/uncaught|unhandled|bug/)
})

test('strangers that know the secret and stay do not keep members out', async () => {
  const { room, secret } = link
  for (let n = 0; n < STRANGERS_MAX + 8; n++) {
    const node = await createStranger(prologueOf({ room, secret }))
    await dial(node, { endpoints: [place()], reach: 'anywhere' }, never)
  }
  await bob!.kill()
  const said = await bob!.told<{ id: string }>('say', 'back again')
  await until('ada hears bob', async () => (await ada!.events()).some(({ id }) => id === said.id), 8_000)
  await settled(set.peers)
})

test('S768: who stands before ada with a key of its own hears nothing, and bob is told', async () => {
  const { room, secret } = link
  const middle = await middleOf(link.addresses[0] as string, {
    seed: newSeed(), prologue: prologueOf({ room, secret }),
  })
  cleanups.push(middle.stop)
  const file = readFileSync(ada!.knotPath('keys', 'agent.key.json'), 'utf8')
  const { public: key } = JSON.parse(file) as { public: string }
  await bob!.kill()
  const peers = { v: 1, peers: { [key]: [middle.address] } }
  writeFileSync(bob!.knotPath('peers.json'), JSON.stringify(peers))
  // Else ada, who knows where bob is, may be faster than his dial.
  ada!.signal('SIGSTOP')
  cleanups.push(() => ada!.signal('SIGCONT'))
  await bob!.status()
  await until('bob notices', () => bob!.daemonLog().includes('somebody in the middle'))
  const { findings } = await bob!.told<Output<'doctor'>>('doctor')
  const told = findings.filter(({ text }) => text.includes(`${middle.address} is another peer`))
  expect(told.map(({ code }) => code)).toEqual([expect.stringMatching(/peer-(stranger|unreached)/)])

  // They find each other all the same: ada knows where bob is.
  ada!.signal('SIGCONT')
  const said = await bob!.told<{ id: string }>('say', 'by another way')
  await until('ada hears bob', async () => (await ada!.events()).some(({ id }) => id === said.id))
  expect(Buffer.concat(middle.overheard)).toHaveLength(0)
  expect(middle.opened).toEqual([])
})

type Heard = { socket: Socket; heard: Buffer[] }

/** A connection that says this, and then nothing. */
function open(bytes: Buffer): Heard {
  const { host, port } = place()
  const socket = connect({ host, port })
  const heard: Buffer[] = []
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => heard.push(chunk))
  socket.on('end', () => socket.destroy())
  if (bytes.length > 0) socket.write(bytes)
  cleanups.push(() => socket.destroy())
  return { socket, heard }
}

/** Where ada listens. */
function place(): Endpoint {
  return parseEndpoint(link.addresses[0] as string) as Endpoint
}

async function createStranger(prologue: Uint8Array): Promise<Node> {
  const quiet = { seed: newSeed(), prologue, listen: [], isMember: () => true }
  const node = await createNode(quiet, () => [])
  await node.start()
  cleanups.push(async () => {
    for (const connection of node.getConnections()) connection.abort(new Error('over'))
    await node.stop()
  })
  return node
}

/** A node with a connection to ada, which its knowledge of the secret gives it. */
async function stranger(prologue: Uint8Array): Promise<Node> {
  const node = await createStranger(prologue)
  const dialled = await dial(node, { endpoints: [place()], reach: 'anywhere' }, never)
  if (dialled.kind !== 'connected') throw new Error(dialled.why)
  return node
}

/** Says something under a protocol, and gives all that comes back. */
async function hear(node: Node, protocol: string, bytes: Uint8Array): Promise<Uint8Array> {
  const [connection] = node.getConnections()
  if (connection === undefined) throw new Error('not connected')
  const stream = await openStream(connection, protocol, AbortSignal.timeout(5_000))
  if (stream === undefined) return new Uint8Array()
  await stream.write(bytes)
  await stream.end()
  const chunks: Uint8Array[] = []
  const late = setTimeout(() => stream.abort('waited long enough'), 5_000)
  for (;;) {
    const chunk = await stream.read()
    if (chunk.kind !== 'bytes') break
    chunks.push(chunk.bytes)
  }
  clearTimeout(late)
  return Buffer.concat(chunks)
}
