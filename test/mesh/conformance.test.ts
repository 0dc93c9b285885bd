import { randomBytes } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FRAME_MAX_BYTES, JOIN_BURST, OUTBOX_MAX_BYTES } from '../../src/core/limits.ts'
import { splice } from '../../src/mesh/splice.ts'
import { libp2pWorld, memoryWorld, never, nextSeed, type Peer, type World } from './world.ts'

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const bytes = (words: string) => new TextEncoder().encode(words)
const isUp = (peer: Peer, to: Peer) => peer.standing().includes(to.key)

async function together(a: Peer, b: Peer) {
  a.mesh.want(b.key, [b.address])
  b.mesh.want(a.key, [a.address])
  await Promise.all([a.until(() => isUp(a, b)), b.until(() => isUp(b, a))])
}

describe.each([
  { name: 'libp2p', make: libp2pWorld },
  { name: 'memory', make: memoryWorld },
])('$name', ({ name, make }) => {
  let world: World
  beforeEach(() => {
    world = make()
  })
  afterEach(() => world.stopAll())

  test('S250: a peer is its public key, which the other side sees', async () => {
    const [a, b] = [await world.start(), await world.start()]
    await together(a, b)
    expect(a.mesh.key).toBe(a.key)
    expect(a.ups[0]?.key).toBe(b.key)
    expect(b.ups[0]).toMatchObject({ key: a.key, path: 'lan' })
  })

  test('S254: frames arrive whole and in order, both ways at once', async () => {
    const [a, b] = [await world.start(), await world.start()]
    await together(a, b)
    for (let n = 0; n < 300; n++) {
      a.mesh.send(b.key, bytes(`a${n}`))
      b.mesh.send(a.key, bytes(`b${n}`))
    }
    await Promise.all([a, b].map((peer) => peer.until(() => peer.frames.length === 300)))
    const numbered = (letter: string) => [...Array(300).keys()].map((n) => `${letter}${n}`)
    expect(a.frames.map((frame) => text(frame.bytes))).toEqual(numbered('b'))
    expect(b.frames.map((frame) => text(frame.bytes))).toEqual(numbered('a'))
  })

  test('S254: an empty frame and one of the largest size are frames like others', async () => {
    const [a, b] = [await world.start(), await world.start()]
    await together(a, b)
    const large = randomBytes(FRAME_MAX_BYTES)
    for (const frame of [new Uint8Array(0), large, bytes('after')]) a.mesh.send(b.key, frame)
    await b.until(() => b.frames.length === 3)
    expect(b.frames[0]?.bytes.length).toBe(0)
    expect(Buffer.compare(b.frames[1]?.bytes ?? bytes(''), large)).toBe(0)
    expect(text(b.frames[2]?.bytes ?? bytes(''))).toBe('after')
  })

  test('S255: a frame that is announced too large ends the session, and only that', async () => {
    const [a, b] = [await world.start(), await world.start()]
    await together(a, b)
    const seed = nextSeed()
    const rude = await world.raw(seed, a, 'sync')
    await rude.read()
    await a.until(() => a.ups.length === 2)
    await rude.write(Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 1, 2, 3))
    await a.until(() => a.downs.length === 1)
    expect(a.downs[0]?.why).toContain('2147483647')
    expect(a.standing()).toEqual([b.key])
  })

  test('S255: whole frames before malformed bytes are still told', async () => {
    const a = await world.start()
    const rude = await world.raw(nextSeed(), a, 'sync')
    await rude.read()
    await rude.write(Uint8Array.of(0, 0, 0, 1, 65, 0xff, 0xff, 0xff, 0xff))
    await a.until(() => a.downs.length === 1)
    expect(a.frames.map((frame) => text(frame.bytes))).toEqual(['A'])
  })

  test('S256: a reader that does not come for its frames slows the sender down', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const a = await world.start()
    const b = await world.start({ on: { frame: () => held } })
    await together(a, b)
    let sent = 0
    const frame = new Uint8Array(256 << 10)
    while (a.mesh.send(b.key, frame) === 'sent') sent++
    // What is not in our outbox is in the windows below: bounded, and far less than was offered.
    expect(sent * frame.length).toBeLessThanOrEqual(OUTBOX_MAX_BYTES)
    expect(b.frames.length).toBeLessThanOrEqual(1)
    expect(a.drained).toEqual([])
    release()
    await a.until(() => a.drained.length === 1)
    await b.until(() => b.frames.length === sent + 1)
    expect(a.mesh.send(b.key, frame)).toBe('sent')
  })

  test('S256: a peer that never reads loses its session when its outbox is full', async () => {
    const a = await world.start()
    const b = await world.start({ on: { frame: () => new Promise(() => {}) } })
    await together(a, b)
    const frame = new Uint8Array(1 << 20)
    let outcome = a.mesh.send(b.key, frame)
    for (let n = 0; n < 32 && outcome !== 'gone'; n++) outcome = a.mesh.send(b.key, frame)
    expect(outcome).toBe('gone')
    await a.until(() => a.downs.length > 0)
    expect(a.downs[0]?.why).toContain('too slow')
  })

  test('S257: a peer that is wanted before it runs is connected within about 2 s', async () => {
    const seed = nextSeed()
    const b0 = await world.start({ seed })
    const address = b0.address
    const port = Number(address.split(':')[1])
    await b0.mesh.stop()
    const a = await world.start()
    a.mesh.want(b0.key, [address])
    await new Promise((resolve) => setTimeout(resolve, 300))
    const began = performance.now()
    const b = await world.start({ seed, listen: [{ host: '127.0.0.1', port }] })
    await a.until(() => isUp(a, b))
    expect(performance.now() - began).toBeLessThan(2_600)
  })

  test('S258: two that dial each other at once end with one session', async () => {
    const [a, b] = [await world.start(), await world.start()]
    await together(a, b)
    a.mesh.send(b.key, bytes('to b'))
    b.mesh.send(a.key, bytes('to a'))
    await Promise.all([a, b].map((peer) => peer.until(() => peer.frames.length === 1)))
    expect(a.ups.length - a.downs.length).toBe(1)
    expect(b.ups.length - b.downs.length).toBe(1)
  })

  test('S258: of two sessions the one that the smaller key opened stays', async () => {
    const peers: [Peer, Peer] = [await world.start(), await world.start()]
    const [small, large] = peers.sort((x, y) => (x.key < y.key ? -1 : 1))
    small.mesh.want(large.key, [large.address])
    await small.until(() => isUp(small, large))
    // The larger opens a second one, as if it had dialled at the same moment.
    const second = await world.raw(large.seed, small, 'sync')
    expect((await second.read()).kind).toBe('gone')
    expect(small.downs).toEqual([])
  })

  test('S259: forget keeps a session ended until the peer is wanted again', async () => {
    const [a, b] = [await world.start(), await world.start()]
    await together(a, b)
    a.mesh.forget(b.key)
    await Promise.all([a, b].map((peer) => peer.until(() => peer.downs.length === 1)))
    expect(a.mesh.send(b.key, bytes('x'))).toBe('gone')
    const attempt = await world.raw(b.seed, a, 'sync')
    expect((await attempt.read()).kind).toBe('gone')
    expect(a.standing()).toEqual([])
    a.mesh.want(b.key, [b.address])
    await a.until(() => isUp(a, b))
  })

  test('S260: reset ends a session, and a new one follows', async () => {
    const [a, b] = [await world.start(), await world.start()]
    await together(a, b)
    a.mesh.reset(b.key, 'because')
    await a.until(() => a.ups.length === 2)
    expect(a.downs).toEqual([{ key: b.key, why: 'because' }])
    await b.until(() => b.ups.length === 2 && b.downs.length === 1)
  })

  test('S260: a peer that restarts is connected again, after one down', async () => {
    const seed = nextSeed()
    const a = await world.start()
    const b = await world.start({ seed })
    await together(a, b)
    await b.mesh.stop()
    await a.until(() => a.downs.length === 1)
    const port = Number(b.address.split(':')[1])
    const again = await world.start({ seed, listen: [{ host: '127.0.0.1', port }] })
    await a.until(() => a.ups.length === 2)
    a.mesh.send(b.key, bytes('back'))
    await again.until(() => again.frames.length === 1)
  })

  test('S261: who is not a member gets no session and no git, but may ask', async () => {
    const stranger = await world.start()
    const a = await world.start({ isMember: (key) => key !== stranger.key })
    stranger.mesh.want(a.key, [a.address])
    const answer = await stranger.mesh.ask({ address: a.address }, bytes('let me in'), never())
    expect(answer).toMatchObject({ kind: 'answered', key: a.key })
    for (const protocol of ['sync', 'git'] as const) {
      const stream = await world.raw(stranger.seed, a, protocol)
      expect((await stream.read()).kind).toBe('gone')
    }
    expect(a.ups).toEqual([])
    expect(a.gits).toEqual([])
    expect(stranger.ups).toEqual([])
  })

  test('S262: one question gets one answer, up to the largest frame', async () => {
    const asked: Uint8Array[] = []
    const a = await world.start({
      on: {
        ask: async (_, question) => {
          asked.push(question)
          return randomBytes(FRAME_MAX_BYTES)
        },
      },
    })
    const b = await world.start()
    const target = { key: a.key, address: a.address }
    const outcome = await b.mesh.ask(target, randomBytes(FRAME_MAX_BYTES), never())
    expect(outcome).toMatchObject({ kind: 'answered', key: a.key })
    if (outcome.kind === 'answered') expect(outcome.answer.length).toBe(FRAME_MAX_BYTES)
    expect(asked[0]?.length).toBe(FRAME_MAX_BYTES)
  })

  test('S262: a question may go over the connection of a session', async () => {
    const [a, b] = [await world.start(), await world.start()]
    await together(a, b)
    const outcome = await a.mesh.ask({ key: b.key, address: '' }, bytes('again'), never())
    expect(outcome).toMatchObject({ kind: 'answered', key: b.key })
    expect(isUp(a, b)).toBe(true)
  })

  test('S262: whoever asks too often is told to come later', async () => {
    const [a, b] = [await world.start(), await world.start()]
    await together(a, b)
    const kinds: string[] = []
    for (let n = 0; n <= JOIN_BURST; n++) {
      kinds.push((await a.mesh.ask({ key: b.key, address: '' }, bytes('?'), never())).kind)
    }
    expect(kinds.slice(0, JOIN_BURST)).toEqual(Array(JOIN_BURST).fill('answered'))
    expect(kinds.at(-1)).toBe('busy')
  })

  test('S262: an answer that fails, and one that does not come, are told apart', async () => {
    const bad = await world.start({ on: { ask: () => Promise.reject(new Error('no')) } })
    const slow = await world.start({ on: { ask: () => new Promise(() => {}) } })
    const a = await world.start()
    const refused = await a.mesh.ask({ address: bad.address }, bytes('?'), never())
    expect(refused.kind).toBe('refused')
    const late = await a.mesh.ask({ address: slow.address }, bytes('?'), AbortSignal.timeout(100))
    expect(late).toMatchObject({ kind: 'late', why: 'no answer in time' })
  })

  test('S251: who does not know the secret fails at once, and nobody is told', async () => {
    const a = await world.start()
    const other = await world.start({ prologue: new Uint8Array(32).fill(8) })
    other.mesh.want(a.key, [a.address])
    const began = performance.now()
    const outcome = await other.mesh.ask({ address: a.address }, bytes('?'), never())
    expect(outcome.kind).toBe('stranger')
    expect(performance.now() - began).toBeLessThan(1_000)
    expect([...a.ups, ...other.ups]).toEqual([])
  })

  test('S252: asking the wrong key, nobody, or at no address at all is told apart', async () => {
    const [a, b] = [await world.start(), await world.start()]
    const kindOf = async (target: { key?: Peer['key']; address: string }) =>
      (await a.mesh.ask(target, bytes('?'), never())).kind
    expect(await kindOf({ key: a.key, address: b.address })).toBe('stranger')
    expect(await kindOf({ address: '127.0.0.1:1' })).toBe('unreachable')
    expect(await kindOf({ address: 'not an address' })).toBe('unreachable')
    expect(await kindOf({ address: b.address.replace('127.0.0.1', 'localhost') })).toBe('answered')
  })

  test('S263: git goes both ways with a half-close, spliced to local streams', async () => {
    const pack = randomBytes(5 << 20)
    const b = await world.start({
      on: {
        git(_, stream) {
          // As upload-pack does: read everything, then answer.
          const request = new PassThrough()
          const answer = buffer(request).then((all) => Buffer.concat([all, pack]))
          const later = async function* () {
            yield await answer
          }
          splice(stream, { from: Readable.from(later()), to: request }).catch(() => {})
        },
      },
    })
    const a = await world.start()
    await together(a, b)
    const opened = await a.mesh.openGit(b.key, never())
    if (opened.kind !== 'open') throw new Error(opened.why)
    const received = new PassThrough()
    const all = buffer(received)
    const request = Readable.from([Buffer.from('want')])
    const done = await splice(opened.stream, { from: request, to: received })
    expect(done).toBe('done')
    expect(Buffer.compare(await all, Buffer.concat([Buffer.from('want'), pack]))).toBe(0)
    expect(b.gits[0]?.key).toBe(a.key)
  })

  test('S263: a git stream that is broken off breaks on the other side too', async () => {
    const [a, b] = [await world.start(), await world.start()]
    await together(a, b)
    const opened = await a.mesh.openGit(b.key, never())
    if (opened.kind !== 'open') throw new Error(opened.why)
    await b.until(() => b.gits.length === 1)
    const there = b.gits[0]?.stream
    opened.stream.abort('enough')
    expect((await there?.read())?.kind).toBe('gone')
    expect(await there?.write(bytes('late'))).toBe('gone')
    expect((await a.mesh.openGit(nextKey(), never())).kind).toBe('gone')
  })

  test('S263: a slow git reader holds the writer back', async () => {
    const [a, b] = [await world.start(), await world.start()]
    await together(a, b)
    const opened = await a.mesh.openGit(b.key, never())
    if (opened.kind !== 'open') throw new Error(opened.why)
    await b.until(() => b.gits.length === 1)
    let written = 0
    let over = false
    const writing = (async () => {
      const part = new Uint8Array(64 << 10)
      while (written < 16 << 20 && (await opened.stream.write(part)) === 'sent') {
        written += part.length
      }
      await opened.stream.end()
      over = true
    })()
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(over).toBe(false)
    expect(written).toBeLessThan(4 << 20)
    let read = 0
    for (;;) {
      const chunk = await b.gits[0]?.stream.read()
      if (chunk?.kind !== 'bytes') break
      read += chunk.bytes.length
    }
    await writing
    expect(read).toBe(16 << 20)
  })

  test('S550: a survey tells why each address of a wanted peer does not answer', async () => {
    const [a, b, c] = [await world.start(), await world.start(), await world.start()]
    await together(a, b)
    const gone = '127.0.0.1:1'
    a.mesh.want(nextKey(), [gone, c.address])
    const away = () => a.mesh.survey().peers.find(({ key }) => key === nextKey())
    while (away()?.addresses.some(({ why }) => why === undefined)) await pause(20)
    expect(away()?.state).toBe('away')
    expect(away()?.addresses.find(({ address }) => address === gone)?.why).toContain(gone)
    expect(away()?.addresses.find(({ address }) => address === c.address)?.why).toContain('another')
    const up = a.mesh.survey().peers.find(({ key }) => key === b.key)
    expect(up).toMatchObject({ state: 'up', addresses: [{ address: b.address }] })
    expect(up?.addresses[0]).not.toHaveProperty('why')
    expect(a.mesh.survey().mdns).toBeUndefined()

    a.mesh.forget(nextKey())
    expect(away()).toBeUndefined()
  })

  test('S264: after stop no event is told, and the others hear that it is gone', async () => {
    const [a, b] = [await world.start(), await world.start()]
    await together(a, b)
    await a.mesh.stop()
    await b.until(() => b.downs.length === 1)
    expect(a.downs).toEqual([])
    expect(a.mesh.send(b.key, bytes('x'))).toBe('gone')
  })

  test('S265: a port that is taken is told by its number', async () => {
    const a = await world.start()
    const port = Number(a.address.split(':')[1])
    const again = world.start({ listen: [{ host: '127.0.0.1', port }] })
    await expect(again).rejects.toThrow(`port ${port}`)
  })

  test('S266: addresses are as people write them, and each reaches the peer', async () => {
    const a = await world.start()
    expect(a.mesh.addresses()).toEqual([a.address])
    expect(a.address).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(name).toBe(world.name)
  })
})

function nextKey(): Peer['key'] {
  return '00'.repeat(32) as Peer['key']
}
