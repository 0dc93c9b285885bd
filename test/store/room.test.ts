import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fromUtf8, utf8 } from '../../src/core/bytes/text.ts'
import { LOG_RECORD_MAX_BYTES } from '../../src/core/limits.ts'
import type { StoredEntry } from '../../src/store/room.ts'
import { openRoom } from '../../src/store/room.ts'
import { JOURNAL_TYPES, recordOf, ROOM_TYPES, roomEntryOf } from '../../src/store/room-format.ts'
import type { MemoryDisk } from './memory-disk.ts'
import { memoryDisk } from './memory-disk.ts'

const HOME = { roomLog: 'room.log', journal: 'journal.log' }
const SIGNATURE = new Uint8Array(64).fill(7)

test('S420: every kind of entry comes back as it was, the journal first', async () => {
  const disk = memoryDisk()
  const { room } = await opened(disk)
  const journal: StoredEntry[] = [
    { kind: 'word', bytes: utf8('p') },
    { kind: 'word', bytes: utf8('g') },
    { kind: 'signed', bytes: utf8('s') },
  ]
  const shared: StoredEntry[] = [
    { kind: 'auth', bytes: utf8('genesis') },
    { kind: 'change', volume: 1, bytes: utf8('one'), signature: undefined },
    { kind: 'change', volume: 300, bytes: utf8('two'), signature: SIGNATURE },
    { kind: 'record', bytes: utf8('r') },
    { kind: 'certificate', bytes: utf8('c') },
    { kind: 'era', bytes: utf8('e') },
  ]
  room.append([...shared.slice(0, 3), ...journal, ...shared.slice(3)])
  expect(await room.close()).toEqual({ kind: 'ok' })

  const again = await opened(disk)
  expect(again.began).toBe('resumed')
  expect(again.entries).toEqual([
    { kind: 'incarnation', incarnation: id(1) },
    ...journal,
    { kind: 'life', incarnation: id(1) },
    ...shared,
  ])
})

test('S421: the type of a record is the one that SPEC.md gives it', () => {
  const typeOf = (entry: StoredEntry) => {
    const { log, record } = recordOf(entry)
    return `${log} ${record.type}`
  }
  const bytes = utf8('x')
  expect(['auth', 'record', 'certificate', 'era', 'word', 'signed'].map((kind) =>
    typeOf({ kind, bytes } as StoredEntry))).toEqual(
    ['room 1', 'room 4', 'room 5', 'room 6', 'journal 2', 'journal 3'])
  expect(typeOf({ kind: 'incarnation', incarnation: id(1) })).toBe('journal 1')
  const spec = readFileSync(new URL('../../SPEC.md', import.meta.url), 'utf8')
  const table = spec.slice(spec.indexOf('room.log     1 auth op'), spec.indexOf('**S420**'))
  const numbers = [...table.matchAll(/(?:^| )(\d+) [a-z]/gm)].map(([, number]) => Number(number))
  expect(numbers).toEqual([...ROOM_TYPES, ...JOURNAL_TYPES])
})

test('S421: a change is stored as its volume, its signature where it has one, its bytes', () => {
  const bare = recordOf({ kind: 'change', volume: 300, bytes: utf8('x'), signature: undefined })
  expect(bare).toEqual({ log: 'room', record: { type: 2, body: new Uint8Array([0xac, 2, 120]) } })
  const signed = recordOf({ kind: 'change', volume: 0, bytes: utf8('x'), signature: SIGNATURE })
  expect(signed.record).toEqual({ type: 3, body: new Uint8Array([0, ...SIGNATURE, 120]) })
  expect(roomEntryOf({ type: 3, body: new Uint8Array(64) }).kind).toBe('malformed')
})

test('S422: after a crash both logs together hold a prefix of what was appended', async () => {
  const entries: StoredEntry[] = [
    { kind: 'word', bytes: utf8('0') },
    { kind: 'record', bytes: utf8('1') },
    { kind: 'word', bytes: utf8('2') },
    { kind: 'certificate', bytes: utf8('3') },
    { kind: 'auth', bytes: utf8('4') },
    { kind: 'signed', bytes: utf8('5') },
  ]
  const seen = new Set<number>()
  for (let nth = 1; nth <= 6; nth++) {
    for (const kept of [0, 1e9]) {
      const disk = memoryDisk()
      const { room } = await opened(disk)
      room.append(entries)
      disk.failSync(nth, 'EIO')
      const outcome = await room.flush()
      disk.crash(() => kept)

      const numbers = (await opened(disk)).entries
        .filter(entry => 'bytes' in entry)
        .map(numberOf)
        .sort()
      expect(numbers).toEqual(numbers.map((_, n) => n))
      if (outcome.kind === 'ok') expect(numbers).toHaveLength(entries.length)
      seen.add(numbers.length)
    }
  }
  // Every crash point was there: after none of them, after each stretch, after all.
  expect([...seen].sort()).toEqual([0, 1, 2, 3, 5, 6])
})

test('S422: a list costs one sync for each stretch that is for one log', async () => {
  const disk = memoryDisk()
  const { room } = await opened(disk)
  const auth: StoredEntry = { kind: 'auth', bytes: utf8('x') }
  const accept: StoredEntry = { kind: 'word', bytes: utf8('x') }
  const costs = async (entries: StoredEntry[]): Promise<number> => {
    const before = disk.syncs()
    room.append(entries)
    await Promise.all([room.flush(), room.flush()])
    return disk.syncs() - before
  }
  expect(await costs([])).toBe(0)
  expect(await costs([auth, auth])).toBe(1)
  expect(await costs([auth, auth, accept, accept])).toBe(2)
})

test('S423: a fault of one log stops both until the room is opened again', async () => {
  const disk = memoryDisk()
  const { room } = await opened(disk)
  room.append([{ kind: 'word', bytes: utf8('lost') }])
  disk.failWrite(1, 'ENOSPC', 2)
  expect(await room.flush()).toMatchObject({ kind: 'stopped', fault: { code: 'ENOSPC' } })
  room.append([{ kind: 'auth', bytes: utf8('refers to it') }])
  expect(await room.flush()).toMatchObject({ kind: 'stopped', fault: { path: HOME.journal } })
  expect((await room.close()).kind).toBe('stopped')

  const again = await opened(disk)
  expect(again.torn).toMatchObject([{ path: HOME.journal, bytes: 2 }])
  expect(again.entries).toHaveLength(2)
})

test('S424: a store without its journal or its log begins a new incarnation', async () => {
  const disk = memoryDisk()
  const first = await opened(disk)
  expect(first).toMatchObject({ began: 'fresh', incarnation: id(1) })
  disk.crash(() => 0)
  expect(await opened(disk, 2)).toMatchObject({ began: 'resumed', incarnation: id(1) })

  await disk.remove(HOME.roomLog)
  expect(await opened(disk, 3)).toMatchObject({ began: 'log-lost', incarnation: id(3) })
  disk.crash(() => 0)
  expect(await opened(disk, 4)).toMatchObject({ began: 'resumed', incarnation: id(3) })

  await disk.remove(HOME.journal)
  expect(await opened(disk, 5)).toMatchObject({ began: 'journal-lost', incarnation: id(5) })
  await disk.remove(HOME.journal)
  await disk.remove(HOME.roomLog)
  expect(await opened(disk, 6)).toMatchObject({ began: 'fresh', incarnation: id(6) })
})

test('S424: a crash before the first incarnation is on disk leaves no life begun', async () => {
  const disk = memoryDisk()
  disk.failSync(3, 'EIO')
  const outcome = await openRoom({
    home: HOME,
    disk,
    restore: () => undefined,
    incarnation: () => id(1),
  })
  expect(outcome.kind).toBe('failed')
  disk.crash(() => 0)
  const { began, incarnation } = await opened(disk, 2)
  expect([began, incarnation]).toEqual(['journal-lost', id(2)])
})

test('S424: an incarnation that the engine begins is the one a restart resumes', async () => {
  const disk = memoryDisk()
  const { room } = await opened(disk)
  room.append([{ kind: 'incarnation', incarnation: id(9) }])
  await room.close()
  expect(await opened(disk)).toMatchObject({ began: 'resumed', incarnation: id(9) })
})

test('S414: a damaged room is reported with path and offset; nothing changes', async () => {
  const disk = memoryDisk()
  const { room } = await opened(disk)
  for (const text of ['a', 'b']) {
    room.append([{ kind: 'auth', bytes: utf8(text) }])
    await room.flush()
  }
  const bytes = disk.contents(HOME.roomLog)!
  bytes[25] = 9
  disk.put(HOME.roomLog, bytes)
  const outcome = await openRoom({ home: HOME, disk, restore: () => undefined })
  expect(outcome).toMatchObject({ kind: 'corrupt', damage: { path: HOME.roomLog, offset: 16 } })
  expect(disk.contents(HOME.roomLog)).toEqual(bytes)
  expect(disk.paths()).toEqual([HOME.journal, HOME.roomLog])
})

test('S425: the changes of one volume are read back in batches while it is open', async () => {
  const disk = memoryDisk()
  const { room } = await opened(disk)
  const changes = Array.from({ length: 2_300 }, (_, n): StoredEntry => {
    return { kind: 'change', volume: n % 2, bytes: utf8(String(n)), signature: undefined }
  })
  room.append([{ kind: 'auth', bytes: utf8('genesis') }, ...changes])
  await room.flush()
  const reading = room.changes(1)
  room.append([{ kind: 'change', volume: 1, bytes: utf8('later'), signature: undefined }])
  await room.flush()

  const batches: string[][] = []
  for await (const batch of reading) batches.push(batch.map(bytes => fromUtf8(bytes) ?? '?'))
  expect(batches.map(batch => batch.length)).toEqual([1_000, 150])
  expect(batches.flat()).toEqual(Array.from({ length: 1_150 }, (_, n) => String(2 * n + 1)))
})

test('S417: an entry that no record could hold is refused with the whole list', async () => {
  const { room } = await opened(memoryDisk())
  const bytes = new Uint8Array(LOG_RECORD_MAX_BYTES)
  expect(
    room.append([
      { kind: 'auth', bytes: utf8('x') },
      { kind: 'auth', bytes },
    ]).kind,
  ).toBe('too-large')
  expect(await room.close()).toEqual({ kind: 'ok' })
})

async function opened(disk: MemoryDisk, n = 1) {
  const entries: StoredEntry[] = []
  const restore = (entry: StoredEntry): void => void entries.push(entry)
  const outcome = await openRoom({ home: HOME, disk, restore, incarnation: () => id(n) })
  if (outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome))
  return { ...outcome, entries }
}

function id(n: number): string {
  return n.toString(16).padStart(16, '0')
}

function numberOf(entry: StoredEntry): number {
  return 'bytes' in entry ? Number(fromUtf8(entry.bytes)) : -1
}
