/** A member that lies, with a key that everybody trusts: what it throws at daemons that run. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Output } from '../src/api/types.ts'
import { type InviteLink, parseLink } from '../src/core/auth/link.ts'
import { type ActorId, actorOf, type Hash, type PublicKey } from '../src/core/brand.ts'
import { MISDEEDS_MAX } from '../src/core/limits.ts'
import { openVolume, type Volume } from '../src/core/room/genesis.ts'
import { openStream, signingBytes, type StreamState, writeChange } from '../src/core/room/stream.ts'
import { decodeFrame, encodeFrame, type Frame, SYNC_VERSION } from '../src/core/sync/wire.ts'
import { prologueOf } from '../src/daemon/linking.ts'
import { startMesh } from '../src/mesh/node.ts'
import type { Mesh } from '../src/mesh/port.ts'
import { signerFrom } from '../src/store/ed25519.ts'
import { build, hashOfChunk, parse, type Raw, uint } from '../test/core/room/raw.ts'
import { dice, mutated } from '../test/fuzz/mutate.ts'
import { makeRoom, type Peer, type Peers, setPeers, settled } from './peers.ts'
import { until } from './world.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 90_000 })

let set: Peers
let [ada, bob, carol]: Peer[] = []
let link: InviteLink

beforeAll(async () => {
  set = await setPeers(['ada', 'bob', 'carol'])
  ;[ada, bob, carol] = set.peers
  const parsed = parseLink((await makeRoom([ada!, bob!, carol!])).link)
  if (parsed.kind !== 'link') throw new Error(parsed.why)
  link = parsed.link
})
afterAll(() => set.strike())

/** Bob's key in other hands: it speaks the protocol, and signs what it likes. */
class Liar {
  readonly #signer
  readonly #volume: Volume
  readonly actor: ActorId
  readonly ada: PublicKey
  stream: StreamState
  heads: Hash[] = []
  ups = 0
  #mesh: Mesh | undefined

  constructor(seed: Uint8Array, ada: PublicKey) {
    this.#signer = signerFrom(seed)
    this.#volume = openVolume(link.room, 0)
    this.actor = actorOf(this.#signer.key, randomBytes(8).toString('hex'))
    this.stream = openStream(this.#volume, this.actor)
    this.ada = ada
  }

  async start(seed: Uint8Array): Promise<void> {
    const { room, secret } = link
    const hello = () =>
      this.send({ kind: 'hello', volume: 0, version: SYNC_VERSION, actor: this.actor, authHeads: [], frontier: [] })
    const started = await startMesh({
      seed, prologue: prologueOf({ room, secret }), mdnsTag: undefined, isMember: () => true,
      listen: [], log: () => undefined,
      events: {
        up: () => {
          this.ups++
          hello()
        },
        down: () => undefined,
        frame: (_key, bytes) => {
          const read = decodeFrame(bytes)
          if (read.kind === 'ok' && read.value.kind === 'hello') this.heads = read.value.authHeads
        },
        drained: () => undefined,
        found: () => undefined,
        ask: async () => new Uint8Array(),
        git: (_key, stream) => stream.abort('no'),
      },
    })
    if (started.kind !== 'started') throw new Error(started.why)
    this.#mesh = started.mesh
    this.#mesh.want(this.ada, [link.addresses[0] as string])
    await until('the liar is greeted', () => this.heads.length > 0)
  }

  stop(): Promise<void> | undefined {
    return this.#mesh?.stop()
  }

  send(frame: Frame): void {
    this.#mesh?.send(this.ada, encodeFrame(frame))
  }

  /** Bytes of the next honest change. */
  next(text: string): { bytes: Uint8Array; stream: StreamState } {
    const value = JSON.stringify({ at: Date.now(), term: 0, text })
    const draft = { facts: [{ topic: 'chat' as const, value }], time: 1_700_000_000, heads: this.heads }
    const written = writeChange(this.#volume, this.stream, draft)
    if (written.kind !== 'ok') throw new Error(written.why)
    return written
  }

  /** Sends any bytes as the next change of the stream, signed. */
  sign(bytes: Uint8Array): void {
    const at = { actor: this.actor, seq: this.stream.seq + 1, hash: hashOfChunk(bytes) }
    const signature = this.#signer.sign(signingBytes(this.#volume, at))
    this.send({ kind: 'run', volume: 0, actor: this.actor, seq: at.seq, changes: [bytes], signature })
  }

  spoilt(spoil: (raw: Raw) => void): void {
    const raw = parse(this.next('spoilt').bytes)
    spoil(raw)
    this.sign(build(raw))
  }
}

test('S762: a member that throws poison at a daemon is left out, and nobody else is hurt', async () => {
  const file = readFileSync(bob!.knotPath('keys', 'agent.key.json'), 'utf8')
  const seed = Uint8Array.from(Buffer.from((JSON.parse(file) as { seed: string }).seed, 'base64url'))
  const own = JSON.parse(readFileSync(ada!.knotPath('keys', 'agent.key.json'), 'utf8')) as { public: PublicKey }
  await bob!.kill()
  const liar = new Liar(seed, own.public)
  await liar.start(seed)
  const [pid] = ada!.daemons()

  // What only a look at the stream can tell, and a true word between: that one counts.
  liar.spoilt((raw) => { raw.startOp = uint(2 ** 31 - 1) })
  liar.spoilt((raw) => { raw.startOp = uint(1) })
  liar.spoilt((raw) => { raw.message = new Uint8Array(0) })
  const honest = liar.next('one true word')
  liar.sign(honest.bytes)
  liar.stream = honest.stream
  liar.spoilt((raw) => { raw.startOp = uint(99) })
  const texts = async (peer: Peer) => JSON.stringify(await peer.events())
  for (const peer of [ada!, carol!]) {
    await until(`${peer.name} hears it`, async () => (await texts(peer)).includes('one true word'))
  }
  const ill = async () => (await ada!.told<Output<'doctor'>>('doctor')).findings
  const noted = (await ill()).find(({ code }) => code === 'peer-misdeeds')
  expect(noted?.text).toMatch(/^bob: sent 4 times what no peer may take.*starts at op 99/)

  // Then everything at once: damaged bytes, bombs, frames that are none.
  const roll = dice(1)
  for (let n = 0; n < 40 && !ada!.daemonLog().includes('bob is left out'); n++) {
    const ups = liar.ups
    if (n % 3 === 0) liar.send({ kind: 'beat', beat: randomBytes(200) })
    else liar.sign(mutated(liar.next(`damage ${n}`).bytes, honest.bytes, roll))
    await until('it is back, or out', () =>
      liar.ups > ups || n % 3 !== 0 || ada!.daemonLog().includes('bob is left out'), 20_000)
  }
  await until('bob is left out', () => ada!.daemonLog().includes('bob is left out'))
  const told = (await ill()).find(({ code }) => code === 'peer-left-out')
  expect(told).toMatchObject({ severity: 'warning', area: 'peer' })
  expect(told?.text).toMatch(new RegExp(`^bob: left out for another \\d+ s: it sent ${MISDEEDS_MAX}`))

  const ups = liar.ups
  const said = await carol!.told<{ id: string }>('say', 'as if nothing was')
  await until('ada hears carol', async () => (await ada!.events()).some(({ id }) => id === said.id))
  expect(liar.ups).toBe(ups)
  expect(ada!.daemons()).toEqual([pid])
  expect(ada!.daemonLog()).not.toMatch(/uncaught|unhandled|bug:|the document/)

  // And what was taken loads again.
  await liar.stop()
  await ada!.kill()
  await settled([ada!, carol!])
  expect(await texts(ada!)).toContain('one true word')
})
