import type { NetworkInterfaceInfo } from 'node:os'
import { describe, expect, test } from 'vitest'
import type { PublicKey } from '../../src/core/brand.ts'
import {
  FRAME_MAX_BYTES,
  JOIN_BURST,
  REDIAL_MAX_MS,
  REFUSED_MAX_MS,
  THROTTLED_MAX,
} from '../../src/core/limits.ts'
import { formatEndpoint, isLan, parseEndpoint } from '../../src/mesh/address.ts'
import { frameCutter, frameOf } from '../../src/mesh/frames.ts'
import { greet, greeted } from '../../src/mesh/greeting.ts'
import { signatureOf, usable, worthTelling } from '../../src/mesh/interfaces.ts'
import { pauseAfter } from '../../src/mesh/keeper.ts'
import { pipe } from '../../src/mesh/pipe.ts'
import { createSessions } from '../../src/mesh/sessions.ts'
import { joinThrottle } from '../../src/mesh/throttle.ts'
import { never } from './world.ts'

const key = (n: number) => n.toString(16).padStart(64, '0') as PublicKey

describe('frames', () => {
  const frames = [Uint8Array.of(), Uint8Array.of(1, 2, 3), new Uint8Array(200_000).fill(9)]
  const wire = Buffer.concat(frames.map(frameOf))

  test('S254: a frame is its length in four bytes, big-endian, and its bytes', () => {
    expect([...frameOf(Uint8Array.of(9, 8))]).toEqual([0, 0, 0, 2, 9, 8])
  })

  const sizes = [1, 3, 5, 4_096, wire.length]
  test.each(sizes)('S254: frames are cut alike from chunks of %i', (size) => {
    const cutter = frameCutter()
    const cut: Uint8Array[] = []
    for (let at = 0; at < wire.length; at += size) {
      cut.push(...cutter.push(wire.subarray(at, at + size)).frames)
    }
    expect(cut.map((frame) => frame.length)).toEqual(frames.map((frame) => frame.length))
    expect(Buffer.compare(cut[2] as Uint8Array, frames[2] as Uint8Array)).toBe(0)
  })

  test('S255: a length beyond the limit is refused on its header, the limit itself is not', () => {
    const over = new Uint8Array(4)
    new DataView(over.buffer).setUint32(0, FRAME_MAX_BYTES + 1)
    expect(frameCutter().push(over)).toEqual({ frames: [], oversize: FRAME_MAX_BYTES + 1 })
    new DataView(over.buffer).setUint32(0, FRAME_MAX_BYTES)
    expect(frameCutter().push(over)).toEqual({ frames: [], oversize: undefined })
  })
})

describe('greeting', () => {
  test('S253: the first byte says taken or busy, and what follows it is not lost', async () => {
    const [near, far] = pipe()
    await far.write(Uint8Array.of(1, 65, 66))
    const greeting = await greeted(near, never())
    if (greeting.kind !== 'taken') throw new Error(greeting.kind)
    expect(await greeting.stream.read()).toEqual({ kind: 'bytes', bytes: Uint8Array.of(65, 66) })

    const [asked, busy] = pipe()
    await greet(busy, 'busy')
    expect(await greeted(asked, never())).toEqual({ kind: 'busy' })
  })

  test('S253: another first byte, an end and a signal all end the wait', async () => {
    const [near, far] = pipe()
    await far.write(Uint8Array.of(99))
    expect((await greeted(near, never())).kind).toBe('gone')
    expect((await far.read()).kind).toBe('gone')
    const [ended, end] = pipe()
    await end.end()
    expect((await greeted(ended, never())).kind).toBe('gone')
    const [waiting] = pipe()
    expect(await greeted(waiting, AbortSignal.timeout(5))).toEqual({
      kind: 'gone',
      why: 'no answer in time',
    })
  })
})

describe('re-dialling', () => {
  test('S257: pauses grow to a limit, and half of each is left to chance', () => {
    const counts = [0, 1, 2, 3, 4, 5, 6, 99]
    const pauses = counts.map((failures) => pauseAfter({ failures, refusals: 0 }, 1))
    expect(pauses).toEqual([0, 200, 400, 800, 1_600, REDIAL_MAX_MS, REDIAL_MAX_MS, REDIAL_MAX_MS])
    expect(pauseAfter({ failures: 99, refusals: 0 }, 0)).toBe(REDIAL_MAX_MS / 2)
  })

  test('S257: who refuses us is dialled more rarely than who is away', () => {
    expect(pauseAfter({ failures: 0, refusals: 1 }, 1)).toBe(200)
    expect(pauseAfter({ failures: 0, refusals: 99 }, 1)).toBe(REFUSED_MAX_MS)
  })
})

describe('the rate of questions', () => {
  test('S262: a burst, then one a second, each peer for itself', () => {
    const may = joinThrottle()
    for (let n = 0; n < JOIN_BURST; n++) expect(may(key(1), 0)).toBe(true)
    expect(may(key(1), 0)).toBe(false)
    expect(may(key(2), 0)).toBe(true)
    expect(may(key(1), 900)).toBe(false)
    expect(may(key(1), 1_100)).toBe(true)
    expect(may(key(1), 1_200)).toBe(false)
  })

  test('S262: what is remembered of peers is bounded', () => {
    const may = joinThrottle()
    for (let n = 0; n < JOIN_BURST; n++) may(key(0), 0)
    for (let n = 1; n < THROTTLED_MAX; n++) may(key(n), 0)
    expect(may(key(0), 0)).toBe(false)
    for (let n = 1; n <= THROTTLED_MAX; n++) may(key(n), 0)
    expect(may(key(0), 0)).toBe(true)
  })
})

describe('addresses', () => {
  test.each(['10.0.0.1:4001', '[fd00::2]:1', 'host.example:65535', 'ws://relay.example:80'])(
    'S266: %s is read and written the same',
    (address) => {
      const endpoint = parseEndpoint(address)
      expect(endpoint && formatEndpoint(endpoint)).toBe(address)
    },
  )

  const nonsense = ['', 'host', 'host:', ':1', 'host:0', 'host:65536', 'fd00::2:1', '[nonsense]:1']
  test.each([...nonsense, 'a b:1', 'http://a:1', '/ip4/1.2.3.4/tcp/1'])(
    'S266: "%s" is not an address',
    (address) => expect(parseEndpoint(address)).toBeUndefined(),
  )

  test('S267: private, loopback, link-local and carrier-grade ranges are the local network', () => {
    const v4 = ['10.1.2.3', '172.31.0.1', '192.168.9.9', '127.0.0.1', '169.254.1.1', '100.64.0.1']
    const local = [...v4, '::1', 'fd00::1', 'fe80::1%eth0', '::ffff:10.0.0.1', '::ffff:a00:1']
    const public4 = ['8.8.8.8', '172.32.0.1', '100.128.0.1', '192.0.2.1']
    const others = [...public4, '2001:db8::1', '::ffff:8.8.8.8', 'host', '']
    expect(local.filter(isLan)).toEqual(local)
    expect(others.filter(isLan)).toEqual([])
  })
})

describe('interfaces', () => {
  const at = (address: string): NetworkInterfaceInfo[] => [
    { address, family: address.includes(':') ? 'IPv6' : 'IPv4' } as NetworkInterfaceInfo,
  ]
  const names = (interfaces: Record<string, NetworkInterfaceInfo[]>) =>
    usable(interfaces).map(({ ip }) => ip)

  test('S268: the local network goes first, loopback last, and link-local IPv6 is left out', () => {
    const outward = { tun0: at('100.70.1.1'), wan: at('8.8.4.4'), eth0: at('192.168.1.2') }
    const laptop = { lo: at('127.0.0.1'), ...outward, v6: at('fe80::1') }
    expect(names(laptop)).toEqual(['100.70.1.1', '192.168.1.2', '8.8.4.4', '127.0.0.1'])
  })

  test('S268: bridges of containers count only where there is nothing else', () => {
    const host = { lo: at('127.0.0.1'), docker0: at('172.17.0.1'), eth0: at('10.0.0.2') }
    expect(names(host)).toEqual(['10.0.0.2', '127.0.0.1'])
    const namespace = { lo: at('127.0.0.1'), veth1: at('10.77.0.1') }
    expect(names(namespace)).toEqual(['10.77.0.1', '127.0.0.1'])
    expect(names({ lo: at('127.0.0.1') })).toEqual(['127.0.0.1'])
    expect(names({})).toEqual([])
  })

  test('S268: what is told is in that order, and something is told in any case', () => {
    const nics = usable({ lo: at('127.0.0.1'), eth0: at('10.0.0.2') })
    const place = (host: string) => ({ kind: 'tcp' as const, host, port: 1 })
    const all = ['127.0.0.1', '172.17.0.1', '10.0.0.2'].map(place)
    expect(worthTelling(all, nics).map(({ host }) => host)).toEqual(['10.0.0.2', '127.0.0.1'])
    expect(worthTelling([place('172.17.0.1')], nics)).toEqual([place('172.17.0.1')])
  })

  test('S268: the signature changes when an address comes or goes, and not otherwise', () => {
    const one = { eth0: at('10.0.0.2') }
    expect(signatureOf({ eth0: at('10.0.0.2') })).toBe(signatureOf(one))
    expect(signatureOf({ ...one, wlan0: at('10.0.1.2') })).not.toBe(signatureOf(one))
    expect(signatureOf({ eth0: at('10.0.0.3') })).not.toBe(signatureOf(one))
  })
})

describe('two sessions with one peer', () => {
  function sessionsOf(me: PublicKey) {
    const told: string[] = []
    const clock = { now: 0 }
    const quiet = { drained() {}, found() {}, git() {}, ask: async () => Uint8Array.of() }
    const sessions = createSessions({
      me,
      now: () => clock.now,
      lost: (_, livedMs) => told.push(`lost after ${livedMs}`),
      events: {
        ...quiet,
        up: (_, __, address) => told.push(`up ${address}`),
        down: (_, why) => told.push(`down: ${why}`),
        frame: (_, bytes) => void told.push(`frame ${bytes.length}`),
      },
    })
    const take = (openedBy: 'us' | 'them', address: string) => {
      const [stream, far] = pipe()
      sessions.take({ key: key(5), openedBy, path: 'lan', address, stream, release() {} })
      return far
    }
    return { sessions, take, told, clock }
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve))

  test('S258: of two begun at once both sides keep the one the smaller key opened', () => {
    const smaller = sessionsOf(key(1))
    smaller.take('us', 'first')
    expect(smaller.sessions.wants(key(5), 'them')).toBe(false)
    const larger = sessionsOf(key(9))
    larger.take('us', 'first')
    expect(larger.sessions.wants(key(5), 'them')).toBe(true)
  })

  test('S258: an old session gives way to any new one, and so does one to its like', () => {
    const { sessions, take, clock } = sessionsOf(key(1))
    take('us', 'first')
    expect(sessions.wants(key(5), 'us')).toBe(true)
    clock.now = 6_001
    expect(sessions.wants(key(5), 'them')).toBe(true)
  })

  test('S258: the one that gives way is down before the other is up', async () => {
    const { take, told } = sessionsOf(key(1))
    const first = take('us', 'first')
    await settled()
    take('us', 'second')
    expect(await first.write(frameOf(Uint8Array.of(1)))).toBe('gone')
    await settled()
    expect(told).toEqual(['up first', 'down: a newer session took its place', 'up second'])
  })

  test('S264: what came before up is told after it, and nothing after down', async () => {
    const { sessions, take, told, clock } = sessionsOf(key(1))
    const far = take('us', 'first')
    await far.write(frameOf(Uint8Array.of(1)))
    await settled()
    clock.now = 10
    sessions.end(key(5), 'enough')
    expect(sessions.send(key(5), Uint8Array.of())).toBe('gone')
    await far.write(frameOf(Uint8Array.of(1, 2)))
    await settled()
    expect(told).toEqual(['up first', 'frame 1', 'down: enough', 'lost after 10'])
  })
})
