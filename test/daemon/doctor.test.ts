import { execFileSync } from 'node:child_process'
import {
  chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync,
  statSync, utimesSync, writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Hash, PublicKey } from '../../src/core/brand.ts'
import { DISK_FULL_BYTES, DISK_LOW_BYTES } from '../../src/core/limits.ts'
import { clockFindings } from '../../src/daemon/doctor/clock.ts'
import { doctor } from '../../src/daemon/doctor/doctor.ts'
import { lifeFindings, listening, volumeFindings } from '../../src/daemon/doctor/live.ts'
import { logFinding } from '../../src/daemon/doctor/logs.ts'
import { mdnsFinding, whyAway } from '../../src/daemon/doctor/peers.ts'
import { spaceFinding } from '../../src/daemon/doctor/space.ts'
import { initialise } from '../../src/daemon/identity.ts'
import { openRoom } from '../../src/store/room.ts'
import { homeAt } from '../../src/store/home.ts'
import { nodeDisk } from '../../src/store/node-disk.ts'

const never = new AbortController().signal
let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'knot-doctor-'))
  execFileSync('git', ['init', '-q', root])
})
afterEach(() => rmSync(root, { recursive: true }))

const look = () => doctor(root, 'look', never)
const codes = async (what: 'look' | 'mend' = 'look') =>
  (await doctor(root, what, never))
    .filter(({ severity }) => severity === 'warning' || severity === 'error')
    .map(({ code }) => code)
const below = (...names: string[]) => join(root, '.knot', ...names)

/** A checkout with a key and both logs, each with something in it. */
async function prepared() {
  await initialise(root, 'ada', never)
  const opened = await openRoom({ home: homeAt(root), disk: nodeDisk, restore: () => undefined })
  if (opened.kind !== 'ok') throw new Error(opened.kind)
  for (const byte of [1, 2, 3]) {
    opened.room.append([{ kind: 'auth', bytes: new Uint8Array(40).fill(byte) }])
    await opened.room.flush()
  }
  await opened.room.close()
}

test('S552: a doctor needs no room and no daemon, and leaves everything as it was', async () => {
  const before = readdirSync(root, { recursive: true })
  const notes = (await look()).filter(({ severity }) => severity === 'note')
  expect(notes.map(({ code }) => code)).toEqual(expect.arrayContaining(['home-missing', 'mesh-unseen']))
  expect(await codes('mend')).toEqual([])
  expect(readdirSync(root, { recursive: true })).toEqual(before)
})

test('S552: a healthy checkout has no trouble, and every fine thing is told', async () => {
  await prepared()
  expect(await codes()).toEqual([])
  const areas = (await look()).filter(({ severity }) => severity === 'fine').map(({ area }) => area)
  const wanted = ['git', 'exclude', 'home', 'key', 'config', 'room.log', 'journal.log', 'disk']
  expect(areas).toEqual(expect.arrayContaining(wanted))
})

test('S554: what can be mended without a risk is mended, and only then told as mended', async () => {
  await prepared()
  chmodSync(below(), 0o755)
  chmodSync(below('keys', 'agent.key.json'), 0o644)
  writeFileSync(join(root, '.git', 'info', 'exclude'), '')
  writeFileSync(below('peers.json'), 'nonsense')
  writeFileSync(below('room', 'document.automerge'), 'nonsense')
  const draft = below('config.json.0123456789ab.tmp')
  writeFileSync(draft, '')
  utimesSync(draft, 0, 0)
  const server = createServer()
  await new Promise<void>((listening) => server.listen(below('k00000000'), () => listening()))
  // What kill -9 leaves: a name without a listener.
  execFileSync('ln', [below('k00000000'), below('knotd.sock')])
  await new Promise((closed) => server.close(closed))

  const trouble = [
    'exclude-missing', 'home-too-open', 'key-too-open', 'peers-corrupt', 'snapshot-unusable',
    'drafts-left', 'socket-stale',
  ]
  expect((await codes()).sort()).toEqual([...trouble].sort())
  const after = await doctor(root, 'mend', never)
  const mended = after.filter((finding) => finding.mended === true)
  expect(mended.map(({ code }) => code).sort()).toEqual([...trouble].sort())
  expect(await codes()).toEqual([])

  expect(statSync(below()).mode & 0o777).toBe(0o700)
  expect(statSync(below('keys', 'agent.key.json')).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(root, '.git', 'info', 'exclude'), 'utf8')).toContain('/.knot/')
  expect(existsSync(below('knotd.sock')) || existsSync(draft)).toBe(false)
  expect(readFileSync(below('peers.json.bad-1'), 'utf8')).toBe('nonsense')
})

test('S554: a young draft may be a daemon’s that starts just now, and stays', async () => {
  await prepared()
  writeFileSync(below('config.json.0123456789ab.tmp'), '')
  expect(await codes('mend')).toEqual([])
  expect(existsSync(below('config.json.0123456789ab.tmp'))).toBe(true)
})

test('S555: a torn tail is a warning, a flipped byte an error; neither is touched', async () => {
  await prepared()
  const path = below('room', 'room.log')
  const whole = readFileSync(path)
  writeFileSync(path, whole.subarray(0, whole.length - 3))
  expect(await codes('mend')).toEqual(['log-torn'])
  expect(readFileSync(path).length).toBe(whole.length - 3)

  const flipped = Buffer.from(whole)
  flipped[40] = (flipped[40] as number) ^ 0x10
  writeFileSync(path, flipped)
  const [found] = (await look()).filter(({ severity }) => severity === 'error')
  expect(found).toMatchObject({ code: 'log-damaged', area: 'room.log' })
  expect(found?.text).toContain(`${path} is damaged at byte 33`)
  expect(readFileSync(path).equals(flipped)).toBe(true)
})

test('S555: half a record is no damage while a daemon is writing', () => {
  const at = { area: 'room.log', path: 'room.log' }
  const torn = { kind: 'torn', at: 16, bytes: 9 } as const
  expect(logFinding({ ...at, daemon: 'serving' }, torn).severity).toBe('fine')
  expect(logFinding({ ...at, daemon: 'absent' }, torn).severity).toBe('warning')
})

test('S553: what keeps knot from working is an error with a fix', async () => {
  await prepared()
  writeFileSync(below('config.json'), '{ "v": 1,\n "name": ')
  rmSync(below('keys', 'agent.key.json'))
  writeFileSync(join(root, '.knot.toml'), '[[check]]\nnaem = "unit"\n')
  execFileSync('git', ['-C', root, 'add', '-f', '.knot/config.json'])
  const errors = (await look()).filter(({ severity }) => severity === 'error')
  expect(errors.map(({ code }) => code).sort()).toEqual(
    ['checks-malformed', 'config-corrupt', 'key-lost', 'knot-tracked'],
  )
  for (const { fix } of errors) expect(fix).toBeTruthy()
  expect(errors.find(({ code }) => code === 'config-corrupt')?.text).toContain('line 2, column 10')
  expect(errors.find(({ code }) => code === 'checks-malformed')?.text).toContain('.knot.toml:2')
})

test('S553: a folder that git refuses is one error, and the rest is looked at all the same', async () => {
  rmSync(join(root, '.git'), { recursive: true })
  mkdirSync(join(root, '.git'))
  const found = await look()
  expect(found.find(({ severity }) => severity === 'error')?.code).toBe('repository-unusable')
  expect(found.some(({ area }) => area === 'disk')).toBe(true)
})

test('S553: free space is judged by what the next check and the next push need', () => {
  expect(spaceFinding(DISK_LOW_BYTES).severity).toBe('fine')
  expect(spaceFinding(DISK_LOW_BYTES - 1)).toMatchObject({ code: 'disk-low', severity: 'warning' })
  expect(spaceFinding(DISK_FULL_BYTES - 1)).toMatchObject({ code: 'disk-full', severity: 'error' })
})

const bob = 'b0'.repeat(32) as PublicKey

test('S556: a peer that is not reached is told with each address and what it met', () => {
  const addresses = [
    { address: '10.0.0.7:4000', why: '10.0.0.7:4000: ECONNREFUSED' },
    { address: '10.0.0.8:4000', why: '10.0.0.8:4000 does not answer' },
    { address: '10.0.0.9:4000' },
  ]
  const { text, fix } = whyAway('bob', { key: bob, state: 'away', addresses })
  expect(text).toContain('10.0.0.7:4000: ECONNREFUSED (that machine is on, and no daemon listens')
  expect(text).toContain('10.0.0.8:4000 does not answer (the machine is off, or a firewall')
  expect(text).toContain('10.0.0.9:4000: not dialled yet')
  expect(fix).toBe('have bob run knot up')
  expect(whyAway('bob', undefined).text).toContain('no address of it is known')
})

test('S556: mDNS is told as heard, silent, or not there', () => {
  const on = { interfaces: [{ ip: '10.0.0.1' }], heard: [bob] }
  const names = { nameOf: () => 'bob', isAlone: false }
  expect(mdnsFinding(on, names)).toMatchObject([{ severity: 'fine', text: 'heard bob on 10.0.0.1' }])
  expect(mdnsFinding({ ...on, heard: [] }, names)).toMatchObject([{ code: 'mdns-silent' }])
  const fault = { interfaces: [{ ip: '10.0.0.1', fault: 'EADDRINUSE' }], heard: [] }
  expect(mdnsFinding(fault, names)).toMatchObject([{ code: 'mdns-fault' }])
  expect(mdnsFinding(undefined, names)).toEqual([])
  expect(listening(['127.0.0.1:4000'], false).code).toBe('listening-loopback')
  expect(listening(['10.0.0.1:4000', '127.0.0.1:4000'], false).severity).toBe('fine')
})

test('S557: a clock that is apart is named; when all others agree, it is this one', () => {
  const clock = (...ahead: number[]) =>
    clockFindings(ahead.map((ms, n) => ({ name: `p${n}`, ahead: ms }))).map(({ text }) => text)
  expect(clock(400, -900)[0]).toContain('within 10 s')
  expect(clock(42_000, 100)).toEqual(['p0’s clock is 42 s ahead of this one'])
  expect(clock(-600_000)).toEqual(['p0’s clock is 10 min behind this one'])
  expect(clock(60_000, 61_000)).toEqual(
    ['this machine’s clock is 60 s behind those of all 2 peers heard'],
  )
  expect(clock()).toEqual([])
})

test('S739: a worktree of a claim that is gone, half made or unknown to git is told', async () => {
  const git = (...args: string[]) => execFileSync('git', ['-C', root, ...args], { stdio: 'pipe' })
  git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '--allow-empty', '-m', 'one')
  await prepared()
  const claim = below('worktrees', 'abcd2345-dates')
  git('worktree', 'add', '-q', '-b', 'knot/abcd2345-dates', claim)
  expect(await codes()).toEqual([])
  expect(await look()).toContainEqual(expect.objectContaining({ text: '1 worktree of a claim' }))
  renameSync(claim, `${claim}-2`)
  expect(await codes()).toEqual(['worktree-gone', 'worktree-stray'])
  git('worktree', 'repair', `${claim}-2`)
  expect(await codes()).toEqual([])
  writeFileSync(join(root, '.git', 'worktrees', 'abcd2345-dates', 'locked'), 'initializing')
  expect(await codes()).toEqual(['worktree-unfinished'])
})

test('S788: the doctor tells of each life that ended, and why', () => {
  const ended = { old: 'ab'.repeat(40) as never, why: 'its stream was sealed after change 7', at: 0 as never }
  expect(lifeFindings([])).toEqual([])
  const [found] = lifeFindings([ended])
  expect(found).toMatchObject({ severity: 'note', code: 'life-ended' })
  expect(found?.text).toContain('1970-01-01T00:00:00.000Z: its stream was sealed after change 7')
})

test('S882: the doctor tells the volume, and of a cut that this peer computes otherwise', () => {
  const view = { volume: { number: 2 }, size: { changes: 7, bytes: 900 }, cuts: [0, 1], differs: [] }
  expect(volumeFindings(view)).toMatchObject([{ severity: 'fine', text: 'volume 2, 7 changes' }])
  const hashes = { confirmed: 'aa' as Hash, computed: 'bb' as Hash }
  const found = volumeFindings({ ...view, cuts: [0, 1, 2], differs: [{ volume: 1, ...hashes }] })
  expect(found[0]).toMatchObject({ text: 'volume 2, 7 changes, and the room is in volume 3' })
  expect(found[1]).toMatchObject({ code: 'cut-differs', text: expect.stringContaining('aa') })
})
