import { expect, test } from 'vitest'
import { fromUtf8, utf8 } from '../../src/core/bytes/text.ts'
import { LOG_QUEUE_MAX_BYTES, LOG_RECORD_MAX_BYTES } from '../../src/core/limits.ts'
import type { Log } from '../../src/store/log.ts'
import { openLog } from '../../src/store/log.ts'
import type { MemoryDisk } from './memory-disk.ts'
import { memoryDisk } from './memory-disk.ts'

const PATH = 'room.log'

test('S410: a log is its magic, a salt, then length, checksum, mark and body', async () => {
  const disk = memoryDisk()
  const log = await opened(disk)
  await write(log, 'ab', 'c')
  await write(log, 'd')
  const bytes = disk.contents(PATH)!
  const view = new DataView(bytes.buffer)

  expect(fromUtf8(bytes.subarray(0, 8))).toBe('knotlog1')
  expect(view.getUint32(16, true)).toBe(3)
  expect(fromUtf8(bytes.subarray(25, 27))).toBe('ab')
  // The first record after a sync carries the high bit, the others do not.
  expect([bytes[24], bytes[35], bytes[45]]).toEqual([0x81, 0x01, 0x81])
  expect(bytes).toHaveLength(47)
})

test('S411: what a flush answered for is replayed in order, in however many writes', async () => {
  const disk = memoryDisk()
  disk.shortWrites(3)
  const log = await opened(disk)
  await write(log, 'one', 'two')
  await write(log, 'three')
  disk.crash(() => 0)

  expect((await reopened(disk)).texts).toEqual(['one', 'two', 'three'])
})

test('S411: records of several chunks are replayed, and read back while it is open', async () => {
  const disk = memoryDisk()
  const log = await opened(disk)
  const bodies = [1, LOG_RECORD_MAX_BYTES - 1, 70_000, 1_500_000, 0].map(n =>
    new Uint8Array(n).fill(n),
  )
  expect(log.append(bodies.map(body => ({ type: 2, body })))).toEqual({ kind: 'queued' })
  await log.flush()
  expect(log.append([{ type: 2, body: utf8('not flushed yet') }]).kind).toBe('queued')

  const back: number[] = []
  for await (const records of log.records()) back.push(...records.map(({ body }) => body.length))
  expect(back).toEqual(bodies.map(body => body.length))
  expect((await reopened(disk)).sizes).toEqual(back)
})

test('S412: many appends share one sync', async () => {
  const disk = memoryDisk()
  const log = await opened(disk)
  const before = disk.syncs()
  const flushes = Array.from({ length: 50 }, (_, n) => write(log, String(n)))
  for (const flushed of await Promise.all(flushes)) expect(flushed).toEqual({ kind: 'ok' })

  expect(disk.syncs() - before).toBeLessThanOrEqual(2)
  expect((await reopened(disk)).texts).toHaveLength(50)
})

test('S412: a flush covers what is appended while another one is under way', async () => {
  const disk = memoryDisk()
  const log = await opened(disk)
  const first = write(log, 'first')
  await Promise.resolve()
  const second = write(log, 'second')
  await first
  await second
  disk.crash(() => 0)
  expect((await reopened(disk)).texts).toEqual(['first', 'second'])
})

test('S413: a torn tail is cut off, counted, and kept beside the log', async () => {
  const disk = memoryDisk()
  await write(await opened(disk), 'kept')
  const whole = disk.contents(PATH)!
  const log = (await reopened(disk)).log
  log.append([{ type: 1, body: utf8('torn away') }])
  void log.flush()
  await settle()
  const complete = disk.contents(PATH)!

  for (let size = whole.length + 1; size < complete.length; size++) {
    const again = memoryDisk()
    again.put(PATH, complete.subarray(0, size))
    const { texts, torn } = await reopened(again)
    const bytes = size - whole.length
    expect(texts).toEqual(['kept'])
    expect(torn).toEqual({ path: PATH, bytes, keptAt: `${PATH}.torn-1` })
    expect(again.contents(`${PATH}.torn-1`)).toEqual(complete.subarray(whole.length, size))
    expect(again.contents(PATH)).toEqual(whole)
    expect((await reopened(again)).torn).toBeUndefined()
  }
})

test('S413: a batch with a hole in it is torn, whole records behind it or not', async () => {
  const disk = memoryDisk()
  await write(await opened(disk), 'kept')
  const whole = disk.contents(PATH)!.length
  const log = (await reopened(disk)).log
  disk.failSync(1, 'EIO')
  await write(log, 'lost page', 'survived', 'survived too')
  const bytes = disk.contents(PATH)!
  bytes.fill(0, whole, whole + 12)
  disk.put(PATH, bytes)

  const { texts, torn } = await reopened(disk)
  expect(texts).toEqual(['kept'])
  expect(torn?.bytes).toBe(bytes.length - whole)
})

test('S414: damage with a synced record behind it stops the opening', async () => {
  const disk = memoryDisk()
  const log = await opened(disk)
  for (const text of ['one', 'two', 'three']) await write(log, text)
  const sound = disk.contents(PATH)!

  // Every byte of the first two records: length, checksum, mark, body.
  for (let at = 16; at < 40; at++) {
    const bytes = sound.slice()
    bytes[at] = (bytes[at] as number) ^ 0x5a
    const rotten = memoryDisk()
    rotten.put(PATH, bytes)
    const outcome = await open(rotten)
    expect(outcome, `byte ${at}`).toMatchObject({
      kind: 'corrupt',
      damage: { offset: at < 28 ? 16 : 28 },
    })
    expect(rotten.contents(PATH)).toEqual(bytes)
    expect(rotten.paths()).toEqual([PATH])
  }
})

test('S414: rot is told from a torn tail however far behind the synced record is', async () => {
  for (const flushes of [1, 2]) {
    const disk = memoryDisk()
    const log = await opened(disk)
    const large = { type: 1, body: new Uint8Array(LOG_RECORD_MAX_BYTES - 1).fill(0x90) }
    log.append([large, large])
    await log.flush()
    if (flushes === 2) await write(log, 'synced behind')
    const bytes = disk.contents(PATH)!
    bytes[30] = 0
    disk.put(PATH, bytes)
    expect((await open(disk)).kind).toBe(flushes === 2 ? 'corrupt' : 'ok')
  }
})

test('S414: a record of a type that this version does not know is not a torn tail', async () => {
  const disk = memoryDisk()
  const log = await opened(disk)
  log.append([{ type: 9, body: utf8('from the future') }])
  await log.flush()
  const before = disk.contents(PATH)
  const outcome = await open(disk)
  expect(outcome).toMatchObject({ kind: 'corrupt', damage: { path: PATH, offset: 16 } })
  expect(disk.contents(PATH)).toEqual(before)
})

test('S414: a body that looks like records of the log is no record', async () => {
  const disk = memoryDisk()
  const other = memoryDisk()
  await write(await opened(other), 'forged')
  const forged = other.contents(PATH)!.subarray(16)

  const log = await opened(disk)
  await write(log, 'kept')
  const whole = disk.contents(PATH)!.length
  log.append([{ type: 1, body: new Uint8Array([...forged, ...new Uint8Array(40)]) }])
  await log.flush()
  disk.put(PATH, disk.contents(PATH)!.subarray(0, whole + 9 + forged.length + 5))
  expect((await reopened(disk)).texts).toEqual(['kept'])
})

test('S415: a file that is no log is left alone; one without its header is begun', async () => {
  for (const text of [
    'something else entirely',
    'short',
    'knotlog2 and 8 bytes',
    'knotlog1'.slice(1),
  ]) {
    const disk = memoryDisk()
    disk.put(PATH, utf8(text))
    expect(await open(disk)).toMatchObject({ kind: 'corrupt', damage: { offset: 0 } })
    expect(disk.contents(PATH)).toEqual(utf8(text))
  }
  for (const left of [utf8(''), utf8('kno'), utf8('knotlog1....'), new Uint8Array(16)]) {
    const disk = memoryDisk()
    disk.put(PATH, left)
    const { log } = await reopened(disk)
    await write(log, 'begun')
    expect((await reopened(disk)).texts).toEqual(['begun'])
  }
})

test('S416: after a failed write or sync nothing is answered for until reopened', async () => {
  for (const fail of ['write', 'sync'] as const) {
    const disk = memoryDisk()
    const log = await opened(disk)
    await write(log, 'safe')
    if (fail === 'write') disk.failWrite(1, 'ENOSPC', 7)
    else disk.failSync(1, 'EIO')
    const code = fail === 'write' ? 'ENOSPC' : 'EIO'

    expect(await write(log, 'lost')).toMatchObject({ kind: 'stopped', fault: { code, path: PATH } })
    expect(await write(log, 'refused')).toMatchObject({ kind: 'stopped', fault: { code } })
    expect(await log.close()).toMatchObject({ kind: 'stopped' })
    disk.crash(() => 0)
    const again = await reopened(disk)
    expect(again.texts).toEqual(['safe'])
    expect(await write(again.log, 'goes on')).toEqual({ kind: 'ok' })
  }
})

test('S416: a disk that fails while the log is opened is a value, too', async () => {
  const disk = memoryDisk()
  disk.failWrite(1, 'ENOSPC', 3)
  expect(await open(disk)).toMatchObject({ kind: 'failed', fault: { code: 'ENOSPC' } })
  expect((await reopened(disk)).texts).toEqual([])
})

test('S417: a record and the queue are bounded', async () => {
  const disk = memoryDisk()
  const log = await opened(disk)
  const large = { type: 1, body: new Uint8Array(LOG_RECORD_MAX_BYTES - 1) }
  const larger = { type: 1, body: new Uint8Array(LOG_RECORD_MAX_BYTES) }
  expect(log.append([larger])).toEqual({ kind: 'too-large', size: LOG_RECORD_MAX_BYTES })
  const most = Math.floor(LOG_QUEUE_MAX_BYTES / (LOG_RECORD_MAX_BYTES + 8))
  expect(log.append(Array.from({ length: most }, () => large))).toEqual({ kind: 'queued' })
  expect(log.append([large])).toEqual({ kind: 'full' })
  expect(() => log.append([{ type: 128, body: new Uint8Array() }])).toThrow('bug')
})

test('S411: whatever a power cut keeps, what was acknowledged is there and in order', async () => {
  for (let seed = 1; seed <= 150; seed++) {
    const chance = generator(seed)
    const disk = memoryDisk()
    let log = await opened(disk)
    let acknowledged = 0
    let written = 0

    for (let life = 0; life < 4; life++) {
      for (let batch = chance() % 5; batch > 0; batch--) {
        const count = 1 + (chance() % 4)
        const texts = Array.from(
          { length: count },
          () => `${written++}:${'x'.repeat(chance() % 40)}`,
        )
        disk.shortWrites(1 + (chance() % 60))
        if (batch === 1 && life < 3) disk.failSync(1, 'EIO')
        if ((await write(log, ...texts)).kind === 'ok') acknowledged = written
      }
      disk.shortWrites(Number.MAX_SAFE_INTEGER)
      disk.crash(length => [0, length, chance() % (length + 1)][chance() % 3] as number)

      const { texts, log: next } = await reopened(disk)
      const numbers = texts.map(text => Number(text.split(':')[0]))
      expect(numbers, `seed ${seed}`).toEqual(numbers.map((_, n) => n))
      expect(numbers.length, `seed ${seed}`).toBeGreaterThanOrEqual(acknowledged)
      acknowledged = written = numbers.length
      log = next
    }
  }
})

function open(disk: MemoryDisk) {
  return openLog({ disk, path: PATH, types: [1, 2], visit: () => undefined })
}

async function opened(disk: MemoryDisk): Promise<Log> {
  return (await reopened(disk)).log
}

async function reopened(disk: MemoryDisk) {
  const bodies: Uint8Array[] = []
  const outcome = await openLog({
    disk,
    path: PATH,
    types: [1, 2],
    visit: ({ body }) => void bodies.push(body),
  })
  if (outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome))
  return {
    ...outcome,
    texts: bodies.map(body => fromUtf8(body) ?? '?'),
    sizes: bodies.map(body => body.length),
  }
}

function write(log: Log, ...texts: string[]) {
  expect(log.append(texts.map(text => ({ type: 1, body: utf8(text) })))).toEqual({ kind: 'queued' })
  return log.flush()
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

/** Small and repeatable; Numerical Recipes' constants. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 8
  }
}
