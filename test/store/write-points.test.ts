/** A day of one peer on a disk that fails once, at every operation and in every way. */
import { expect, test } from 'vitest'
import { makeGenesis } from '../../src/core/auth/author.ts'
import type { Name } from '../../src/core/auth/name.ts'
import type { Instant, Monotonic, RoomId } from '../../src/core/brand.ts'
import { fromHex, utf8 } from '../../src/core/bytes/text.ts'
import { cutNow } from '../../src/core/engine/cutting.ts'
import type { Effect, StoreEntry } from '../../src/core/engine/effect.ts'
import { wake } from '../../src/core/engine/lives.ts'
import type { Engine } from '../../src/core/engine/state.ts'
import { step } from '../../src/core/engine/step.ts'
import { storedEntries } from '../../src/daemon/stored.ts'
import type { Disk } from '../../src/store/disk.ts'
import { signerFrom } from '../../src/store/ed25519.ts'
import { inspectLog } from '../../src/store/inspect.ts'
import { readWhole, writeAtomically } from '../../src/store/files.ts'
import { openRoom, type Room, type StoredEntry } from '../../src/store/room.ts'
import { openEngine } from '../core/engine/cast.ts'
import { type Fault, FAULTS, faultyDisk } from './faulty-disk.ts'
import { type MemoryDisk, memoryDisk } from './memory-disk.ts'

const HOME = { roomLog: 'room.log', journal: 'journal.log' }
const SNAPSHOT = 'document.bin'
const signer = signerFrom(new Uint8Array(32).fill(1))

/** What the world was told: it may never be told otherwise. */
class Outside {
  readonly acknowledged = new Map<string, string>()
  readonly sent = new Map<string, string>()
  readonly snapshots = new Set<string>()
  founded: 'no' | 'yes' = 'no'
  lives = 0
  clock = 0

  check({ board, held, volume }: Engine): void {
    for (const [id, text] of this.acknowledged) {
      expect(board.chat.get(id as never)?.fact.text).toBe(text)
    }
    for (const [actor, changes] of held) {
      for (const [at, { hash }] of changes.entries()) {
        expect(this.sent.get(`${volume.number}/${actor}/${at}`) ?? hash).toBe(hash)
      }
    }
  }
}

type Running = { engine: Engine; room: Room; torn: readonly { keptAt: string }[] }

/** Starts from a disk as the daemon does; throws where the daemon would end. */
async function start(disk: Disk, outside: Outside): Promise<Running> {
  const stored: StoredEntry[] = []
  const opened = await openRoom({
    home: HOME,
    disk,
    restore: (entry) => stored.push(copyOf(entry)),
    incarnation: () => String(++outside.lives).padStart(16, '0'),
  })
  if (opened.kind !== 'ok') throw new Error(`not opened: ${opened.kind}`)
  const { room, torn, incarnation } = opened
  if (!stored.some(({ kind }) => kind === 'auth')) {
    const genesis = found(incarnation)
    await flush(room, [{ kind: 'auth', bytes: genesis.bytes }])
    outside.founded = 'yes'
    stored.push({ kind: 'auth', bytes: genesis.bytes })
  }
  const entries = stored.map(entryOf)
  const id = stored.find(({ kind }) => kind === 'auth')
  const genesis = id !== undefined && 'bytes' in id ? id.bytes : new Uint8Array()
  const seed = new Uint8Array(32).fill(++outside.lives)
  const { engine, witness } = openEngine(roomOf(genesis), { signer, seed, disk: entries })
  await perform(room, wake(engine, now(outside), witness), outside, engine)
  outside.check(engine)
  return { engine, room, torn }
}

function copyOf(entry: StoredEntry): StoredEntry {
  return 'bytes' in entry ? { ...entry, bytes: entry.bytes.slice() } : entry
}

function entryOf(entry: StoredEntry): StoreEntry {
  switch (entry.kind) {
    case 'incarnation':
    case 'life':
      return { kind: entry.kind, bytes: fromHex(entry.incarnation) as Uint8Array }
    case 'word':
      return { kind: 'journal', bytes: entry.bytes }
    case 'era':
      throw new Error('no eras here')
    default:
      return entry as StoreEntry
  }
}

const roomIds = new Map<string, RoomId>()

function found(incarnation: string) {
  const names = { founder: 'ada' as Name, name: 'disk' as Name, approve: false, at: 0 as Instant }
  const genesis = makeGenesis(signer, { ...names, incarnation, secret: new Uint8Array(32) })
  roomIds.set(Buffer.from(genesis.bytes).toString('hex'), genesis.id as string as RoomId)
  return genesis
}

const roomOf = (genesis: Uint8Array) =>
  roomIds.get(Buffer.from(genesis).toString('hex')) as RoomId

const now = (outside: Outside) => ({
  mono: (outside.clock += 500) as Monotonic,
  wall: (1_700_000_000_000 + outside.clock) as Instant,
})

async function flush(room: Room, entries: readonly StoreEntry[]): Promise<void> {
  room.append(storedEntries(entries))
  const flushed = await room.flush()
  if (flushed.kind === 'stopped') throw new Error(flushed.fault.why)
}

/** As the loop does: all entries first; whatever leaves is held against this peer. */
async function perform(
  room: Room,
  effects: readonly Effect[],
  outside: Outside,
  engine: Engine,
): Promise<void> {
  const entries = effects.flatMap((effect) => (effect.kind === 'persist' ? [effect.entry] : []))
  if (entries.length > 0) await flush(room, entries)
  for (const [actor, changes] of engine.held) {
    for (const [at, { hash }] of changes.entries()) outside.sent.set(`${engine.volume.number}/${actor}/${at}`, hash)
  }
}

async function say({ engine, room }: Running, outside: Outside, text: string): Promise<void> {
  const input = { kind: 'call', call: 1, request: { kind: 'say', text } } as const
  const effects = [
    ...step(engine, now(outside), input),
    ...step(engine, now(outside), { kind: 'tick' }),
  ]
  await perform(room, effects, outside, engine)
  const answer = effects.find((effect) => effect.kind === 'answer')?.answer
  if (answer?.kind !== 'made') throw new Error('not said')
  outside.acknowledged.set(answer.id, text)
}

/** Ends the volume, once this peer leads; whatever follows from it happens in one turn. */
async function cut({ engine, room }: Running, outside: Outside): Promise<void> {
  for (let n = 0; n < 20; n++) {
    const at = now(outside)
    const effects: Effect[] = []
    const done = cutNow(engine, at, effects)
    effects.push(...step(engine, at, { kind: 'tick' }))
    await perform(room, effects, outside, engine)
    if (done.kind === 'proposed' || done.kind === 'empty') return
  }
  throw new Error('bug: nobody leads')
}

/** A day on which the room goes through some volumes. */
async function longDay(disk: Disk, outside: Outside): Promise<void> {
  const morning = await start(disk, outside)
  await say(morning, outside, 'morning')
  await cut(morning, outside)
  await say(morning, outside, 'noon')
  await cut(morning, outside)
  await say(morning, outside, 'later')
  await morning.room.close()
  const evening = await start(disk, outside)
  await say(evening, outside, 'evening')
  await evening.room.close()
}

async function snapshot(disk: Disk, outside: Outside, text: string): Promise<void> {
  outside.snapshots.add(text)
  const written = await writeAtomically(disk, SNAPSHOT, utf8(text))
  if (written.kind !== 'ok') throw new Error(written.kind)
}

/** The whole day: a room is made, used, saved, left, and entered again. */
async function day(disk: Disk, outside: Outside): Promise<void> {
  const morning = await start(disk, outside)
  for (const n of [1, 2, 3]) await say(morning, outside, `morning ${n}`)
  await snapshot(disk, outside, 'morning')
  await morning.room.close()
  const evening = await start(disk, outside)
  for (const n of [1, 2]) await say(evening, outside, `evening ${n}`)
  await snapshot(disk, outside, 'evening')
  await say(evening, outside, 'good night')
  await evening.room.close()
}

/** Starts again on a disk that is well, looks at everything, and goes on. */
async function recover(disk: MemoryDisk, outside: Outside): Promise<void> {
  const before = new Set(disk.paths().filter((path) => path.includes('.torn-')))
  const again = await start(disk, outside)
  // Whatever was cut off is kept, and told.
  const kept = disk.paths().filter((path) => path.includes('.torn-') && !before.has(path))
  expect(again.torn.map(({ keptAt }) => keptAt).sort()).toEqual(kept)
  const saved = await readWhole(disk, SNAPSHOT, 100)
  if (saved.kind === 'ok') {
    expect([...outside.snapshots]).toContain(Buffer.from(saved.bytes).toString())
  } else expect(saved.kind).toBe('missing')
  for (const n of [1, 2]) await say(again, outside, `after ${n}`)
  outside.check(again.engine)
  await again.room.close()
  const once = await start(disk, outside)
  await once.room.close()
}

/** How much of each unsynced write survives a power cut. */
const SURVIVORS: readonly ((length: number) => number)[] = [
  () => 0,
  (length) => length,
  (length) => length >> 1,
]

async function dayWith(
  nth: number,
  fault: Fault,
  code: string,
  live: typeof day = day,
): Promise<number> {
  let operations = 0
  for (const keep of SURVIVORS) {
    const disk = memoryDisk()
    const outside = new Outside()
    const faulty = faultyDisk(disk, nth, fault, code)
    await live(faulty, outside).catch(expectFault)
    operations = faulty.operations().length
    disk.crash(keep)
    await recover(disk, outside)
  }
  return operations
}

/** The day may end in the fault that was put there, and in nothing else. */
function expectFault(error: Error): void {
  if (!/not opened: failed|failed|disk|input\/output/.test(error.message)) throw error
}

test('S789: nothing acknowledged is lost, nor a seq signed twice, at whichever write the disk fails', async () => {
  const all = await dayWith(Infinity, 'refused', 'EIO')
  expect(all).toBeGreaterThan(40)
  let failed = 0
  for (const fault of FAULTS) {
    for (const code of fault === 'refused' ? ['ENOSPC', 'EIO'] : ['EIO']) {
      for (let nth = 1; nth <= all; nth++, failed++) await dayWith(nth, fault, code)
    }
  }
  expect(failed).toBe(4 * all)
}, 120_000)

test('S880: whichever step of a rotation fails, a start finishes or undoes it, and nothing is lost', async () => {
  const all = await dayWith(Infinity, 'refused', 'EIO', longDay)
  expect(all).toBeGreaterThan(40)
  for (const fault of FAULTS) {
    for (let nth = 1; nth <= all; nth++) await dayWith(nth, fault, 'ENOSPC', longDay)
  }
}, 240_000)

test('S881: room.log holds its volume only, and those before lie whole beside it', async () => {
  const disk = memoryDisk()
  const outside = new Outside()
  await longDay(disk, outside)
  expect(disk.paths().sort()).toEqual(['journal.log', 'room.log', 'volume-0.log', 'volume-1.log'])
  for (const [roomLog, volume] of [['volume-0.log', 0], ['volume-1.log', 1], ['room.log', 2]] as const) {
    const volumes = new Set<number>()
    const kinds = new Set<string>()
    const see = (entry: StoredEntry) => {
      kinds.add(entry.kind)
      if (entry.kind === 'change') volumes.add(entry.volume)
    }
    const health = await inspectLog({ home: { ...HOME, roomLog }, disk, see }, 'room')
    expect([health.kind, [...volumes]]).toEqual(['whole', [volume]])
    for (const kind of ['auth', 'record', 'certificate', 'life']) expect(kinds).toContain(kind)
  }
})

test('S883: a journal begins anew with each volume, and says what it said', async () => {
  const disk = memoryDisk()
  const outside = new Outside()
  const running = await start(disk, outside)
  await say(running, outside, 'one')
  await cut(running, outside)
  const kinds: string[] = []
  const see = ({ kind }: StoredEntry) => void kinds.push(kind)
  expect((await inspectLog({ home: HOME, disk, see }, 'journal')).kind).toBe('whole')
  expect(kinds[0]).toBe('essence')
  expect(kinds.filter((kind) => kind === 'essence')).toHaveLength(1)
  await running.room.close()
  const again = await start(disk, outside)
  expect(again.engine.me.actor).toBe(running.engine.me.actor)
  expect(again.engine.lives).toEqual([])
  expect(again.engine.lease.journal).toEqual(running.engine.lease.journal)
  expect(again.engine.signed).toEqual(running.engine.signed)
  await say(again, outside, 'two')
  await again.room.close()
})

test('S789: a start that mends a torn disk may itself fail at every write', async () => {
  for (const fault of FAULTS) {
    for (let nth = 1; nth <= 16; nth++) {
      const disk = memoryDisk()
      const outside = new Outside()
      await day(disk, outside)
      for (const path of [HOME.journal, HOME.roomLog]) {
        const whole = disk.contents(path) as Uint8Array
        disk.put(path, new Uint8Array([...whole, 9, 0, 0, 0, 1, 2, 3]))
      }
      const mending = start(faultyDisk(disk, nth, fault, 'ENOSPC'), outside)
      await mending.then(({ room }) => room.close(), expectFault)
      disk.crash((length) => length >> 1)
      await recover(disk, outside)
    }
  }
}, 60_000)
