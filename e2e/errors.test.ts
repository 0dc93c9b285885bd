/** Things that go wrong: each is told with its value and its fix, and nothing is lost by it. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { formatLink, parseLink } from '../src/core/auth/link.ts'
import { LAUNCHER, makeRoom, type Peer, type Peers, refused, setPeers, settled } from './peers.ts'
import { until } from './world.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 90_000 })

const KNOTD = fileURLToPath(new URL('../dist/knotd.js', import.meta.url))

let set: Peers
let [ada, bob, carol, dave]: Peer[] = []
let link: string
let word: string

beforeAll(async () => {
  set = await setPeers(['ada', 'bob', 'carol', 'dave'])
  ;[ada, bob, carol, dave] = set.peers
  link = (await makeRoom([ada!, bob!])).link
  word = (await ada!.told<{ id: string }>('say', 'this must survive')).id
})
afterAll(() => set.strike())

/** Nothing is lost: the first word of the room is still in the log, here and there. */
async function nothingLost(peer: Peer): Promise<void> {
  await until(`${peer.name} has the first word`, async () => {
    return (await peer.events()).filter(({ id }) => id === word).length === 1
  })
}

test('a link that is cut, changed, or of a room whose peers do not know it', async () => {
  const parsed = parseLink(link)
  if (parsed.kind !== 'link') throw new Error(parsed.why)
  const other = { ...parsed.link, secret: new Uint8Array(32).fill(1) }
  const unknown = { ...parsed.link, seed: new Uint8Array(32).fill(1) }
  const invalid = { exit: 2, code: 'LINK_INVALID' }
  await refused(carol!, ['join', link.slice(0, 60)], { ...invalid, says: ['whole line'] })
  await refused(carol!, ['join', 'https://x.org/knot'], { ...invalid, says: ['https://x.org/knot'] })
  const noInvite = { exit: 4, code: 'INVITE_REFUSED', says: [/knot invite/] }
  await refused(carol!, ['join', formatLink(unknown)], noInvite)
  const [address = ''] = parsed.link.addresses
  const stranger = { exit: 7, code: 'PEERS_UNREACHABLE', says: [address, 'secret'] }
  const began = performance.now()
  await refused(dave!, ['join', formatLink(other)], stranger)
  expect(performance.now() - began).toBeLessThan(30_000)
  expect((await dave!.knot('status')).exit).toBe(5)
})

test('S751: a checkout that is in another room already', async () => {
  await carol!.told('up', '--room', 'elsewhere')
  await refused(carol!, ['join', link], { exit: 3, code: 'ROOM_OTHER', says: ['elsewhere', 'clone'] })
  const other = { exit: 3, code: 'ROOM_OTHER', says: ['elsewhere', 'sums-b', 'clone'] }
  await refused(carol!, ['up', '--room', 'sums-b'], other)
  await carol!.told('up', '--room', 'elsewhere')
  const { room } = await carol!.status()
  expect(room?.name).toBe('elsewhere')
  await carol!.told('down')
})

test('a folder without a repository, and a repository that is gone', async () => {
  const missing = { exit: 5, code: 'REPOSITORY_MISSING' }
  const lost = set.peers.map(({ home }) => home)[0] as string
  const { stdout, exit } = await ada!.run([
    'sh', '-c', `cd "${lost}" && exec "$0" "$1" up --json`, process.execPath, LAUNCHER,
  ])
  expect({ exit, ...JSON.parse(stdout).error }).toMatchObject({
    ...missing, message: expect.stringContaining(lost), fix: expect.stringContaining('git init'),
  })
  await bob!.told('down')
  renameSync(join(bob!.clone, '.git'), join(bob!.clone, '.git-away'))
  await refused(bob!, ['status'], { ...missing, says: [bob!.clone] })
  renameSync(join(bob!.clone, '.git-away'), join(bob!.clone, '.git'))
  await nothingLost(bob!)
})

test('a port that somebody else has', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await until('the port is taken', () => server.listening)
  const { port } = server.address() as { port: number }
  await bob!.told('down')
  const taken = { exit: 1, code: 'PORT_TAKEN', says: [String(port), /knot up --port \d+/] }
  await refused(bob!, ['up', '--port', String(port)], taken)
  await until('no daemon is left', () => bob!.daemons().length === 0)
  server.close()
  await bob!.told('up', '--port', String(port))
  expect((await bob!.status()).addresses).toEqual([`127.0.0.1:${port}`])
  await nothingLost(bob!)
})

test('a daemon that died and left its socket', async () => {
  const { pid } = await ada!.status()
  await ada!.kill()
  expect(existsSync(ada!.knotPath('knotd.sock'))).toBe(true)
  expect((await ada!.status()).pid).not.toBe(pid)
  await nothingLost(ada!)
})

test('daemons that start at once: one serves, the others leave it alone', async () => {
  for (let round = 0; round < 4; round++) {
    await ada!.kill()
    const started = [...Array(5)].map(() => spawn(
      process.execPath, [KNOTD, '--home', ada!.clone],
      { cwd: ada!.clone, env: ada!.env, stdio: 'ignore' },
    ))
    const codes = started.map((child) => new Promise<number | null>((resolve) => {
      child.once('exit', resolve)
    }))
    const said = await ada!.told<{ id: string }>('say', `round ${round}`)
    await until('one of them is left', () => ada!.daemons().length === 1)
    const [pid] = ada!.daemons()
    expect((await ada!.status()).pid).toBe(pid)
    const ended = codes.filter((_, at) => started[at]?.pid !== pid)
    // Null where the command line ended one that another one was faster than.
    for (const code of await Promise.all(ended)) expect([0, null]).toContain(code)
    await until('bob hears of it', async () => (await bob!.events()).some(({ id }) => id === said.id))
  }
  await nothingLost(ada!)
})

test('a socket that was removed under a running daemon does not make room for a second', async () => {
  const { pid } = await ada!.status()
  const socket = ada!.knotPath('knotd.sock')
  renameSync(socket, `${socket}.away`)
  const held = { exit: 1, code: 'BUSY', says: [`kill ${pid}`] }
  try {
    await refused(ada!, ['status'], held)
    await until('the first is alone', () => ada!.daemons().join() === String(pid))
  } finally {
    renameSync(`${socket}.away`, socket)
  }
  await nothingLost(ada!)
})

test('settings and keys that do not read are named, and left as they are', async () => {
  await bob!.told('down')
  const broken: [string, string, RegExp][] = [
    ['config.json', '{"v":1,', /config\.json.*line 1/],
    ['config.json', '{"v":1,"name":"bob","port":"high"}', /config\.json.*"port".*"high".*65535/],
    ['config.json', '{"v":2,"name":"bob"}', /config\.json.*format 2/],
    ['keys/agent.key.json', 'not a key', /agent\.key\.json.*line 1/],
    ['keys/agent.key.json', '', /agent\.key\.json/],
  ]
  for (const [name, text, says] of broken) {
    const path = bob!.knotPath(name)
    const before = readFileSync(path)
    writeFileSync(path, text)
    try {
      await refused(bob!, ['status'], { exit: 1, code: 'CONFIG_CORRUPT', says: [says] })
      expect(readFileSync(path, 'utf8')).toBe(text)
    } finally {
      writeFileSync(path, before)
    }
  }
  await nothingLost(bob!)
})

test('a key that is gone is not replaced by another one', async () => {
  await bob!.told('down')
  const path = bob!.knotPath('keys', 'agent.key.json')
  const before = readFileSync(path)
  rmSync(path)
  try {
    await refused(bob!, ['status'], { exit: 1, code: 'CONFIG_CORRUPT', says: [path, 'backup'] })
    await refused(bob!, ['init'], { exit: 1, code: 'CONFIG_CORRUPT', says: [path, 'backup'] })
    expect(existsSync(path)).toBe(false)
  } finally {
    writeFileSync(path, before, { mode: 0o600 })
  }
  await nothingLost(bob!)
})

test('a log that ends in half a record is mended, and the rest of it kept aside', async () => {
  await bob!.kill()
  const path = bob!.knotPath('room', 'room.log')
  const { size } = statSync(path)
  const tail = Buffer.alloc(50, 7)
  writeFileSync(path, tail, { flag: 'a' })
  await nothingLost(bob!)
  const [aside] = readdirSync(dirname(path)).filter((name) => name.startsWith('room.log.torn'))
  expect(readFileSync(join(dirname(path), aside as string))).toEqual(tail)
  expect(bob!.daemonLog()).toContain('kept aside')

  // Half of its last record missing: that one comes back from the others.
  await bob!.kill()
  expect(statSync(path).size).toBeGreaterThanOrEqual(size)
  truncateSync(path, statSync(path).size - 5)
  await nothingLost(bob!)
  await settled([ada!, bob!])
})

test('a log with a flipped byte is not touched, and opens again when it is restored', async () => {
  await bob!.told('down')
  const path = bob!.knotPath('room', 'room.log')
  const before = readFileSync(path)
  const damaged = Buffer.from(before)
  damaged[before.length >> 1]! ^= 1
  writeFileSync(path, damaged)
  try {
    const corrupt = { exit: 1, code: 'STORE_CORRUPT', says: [path, /byte \d+/, 'backup'] }
    await refused(bob!, ['status'], corrupt)
    await refused(bob!, ['say', 'hello'], corrupt)
    expect(readFileSync(path)).toEqual(damaged)
    await until('no daemon is left', () => bob!.daemons().length === 0)
  } finally {
    writeFileSync(path, before)
  }
  await nothingLost(bob!)
})

test('a message of 1 MiB is refused with its size and the limit', async () => {
  const path = join(set.root, 'long.txt')
  writeFileSync(path, 'x'.repeat(1 << 20))
  const { stdout, exit } = await ada!.run([
    'sh', '-c', 'exec "$0" "$1" say - --json < "$2"', process.execPath, LAUNCHER, path,
  ])
  const { error } = JSON.parse(stdout)
  expect({ exit, code: error.code }).toEqual({ exit: 2, code: 'INPUT_INVALID' })
  expect(error.message).toMatch(/1048576.*16384/)
  expect(error.fix).toBeTruthy()
  const long = { exit: 2, code: 'INPUT_INVALID', says: ['100000', '16384'] }
  await refused(ada!, ['say', 'y'.repeat(100_000)], long)
  await nothingLost(ada!)
})
