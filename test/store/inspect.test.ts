import { expect, test } from 'vitest'
import { inspectLog } from '../../src/store/inspect.ts'
import { openRoom } from '../../src/store/room.ts'
import { memoryDisk } from './memory-disk.ts'

const home = { roomLog: '/room.log', journal: '/journal.log' }

/** A room with three auth ops, each flushed by itself. */
async function written() {
  const disk = memoryDisk()
  const opened = await openRoom({ home, disk, restore: () => undefined })
  if (opened.kind !== 'ok') throw new Error(opened.kind)
  for (const byte of [1, 2, 3]) {
    opened.room.append([{ kind: 'auth', bytes: new Uint8Array(40).fill(byte) }])
    await opened.room.flush()
  }
  await opened.room.close()
  return disk
}

test('S551: a whole log is told with its records, and every entry is seen', async () => {
  const disk = await written()
  const seen: string[] = []
  const see = ({ kind }: { kind: string }) => void seen.push(kind)
  expect(await inspectLog({ home, disk, see }, 'room')).toMatchObject({ kind: 'whole', records: 4 })
  expect(seen).toEqual(['life', 'auth', 'auth', 'auth'])
  expect(await inspectLog({ home, disk }, 'journal')).toMatchObject({ kind: 'whole', records: 1 })
})

test('S551: a torn tail and a flipped byte are told apart, and neither is touched', async () => {
  const disk = await written()
  const bytes = disk.contents(home.roomLog) as Uint8Array
  disk.put(home.roomLog, bytes.subarray(0, bytes.length - 5))
  expect(await inspectLog({ home, disk }, 'room')).toMatchObject({ kind: 'torn' })
  expect(disk.contents(home.roomLog)?.length).toBe(bytes.length - 5)

  const flipped = bytes.slice()
  flipped[30] = (flipped[30] as number) ^ 1
  disk.put(home.roomLog, flipped)
  expect(await inspectLog({ home, disk }, 'room')).toMatchObject({ kind: 'damaged', at: 16 })
  expect(disk.contents(home.roomLog)).toEqual(flipped)
  expect(disk.paths()).toEqual([home.journal, home.roomLog])
})

test('S551: a log that is not there, not begun or none at all is told so', async () => {
  const disk = memoryDisk()
  expect(await inspectLog({ home, disk }, 'room')).toEqual({ kind: 'missing' })
  disk.put(home.roomLog, new Uint8Array(4))
  expect(await inspectLog({ home, disk }, 'room')).toEqual({ kind: 'missing' })
  disk.put(home.roomLog, new Uint8Array(400).fill(7))
  expect(await inspectLog({ home, disk }, 'room')).toMatchObject({ kind: 'damaged', at: 0 })
})
