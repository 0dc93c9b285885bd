import * as A from '@automerge/automerge'
import { afterEach, expect, test } from 'vitest'
import { utf8 } from '../../src/core/bytes/text.ts'
import {
  DOCUMENT_BATCH_CHANGES,
  DOCUMENT_QUEUE_MAX_CHANGES,
  DOCUMENT_REQUESTS_MAX,
} from '../../src/core/limits.ts'
import type { DocumentEvent, RoomDocument } from '../../src/store/document/document.ts'
import { openDocument } from '../../src/store/document/document.ts'
import { Author, bomb, genesisOf, NOT_A_CHANGE } from './facts.ts'
import type { MemoryDisk } from './memory-disk.ts'
import { memoryDisk } from './memory-disk.ts'

const GENESIS = genesisOf(['chat', 'tasks'])
const PATH = 'document.automerge'
const open: RoomDocument[] = []
afterEach(() => Promise.all(open.splice(0).map(document => document.close())))

test('S440: the document takes changes in batches and holds what Automerge would', async () => {
  const { document, feed } = begin()
  const authors = [1, 2, 3].map(n => new Author(GENESIS, n))
  const changes = Array.from({ length: 2_400 }, (_, n) =>
    authors[n % 3]!.fact(n % 2 ? 'chat' : 'tasks', `fact ${n}`),
  )
  feed(changes)

  const oracle = A.getBackend(A.init())
  oracle.applyChanges([GENESIS, ...changes])
  expect(await document.heads()).toEqual({
    kind: 'ok',
    heads: oracle.getHeads().sort(),
    changes: 2_401,
  })
  const read = await document.facts('chat')
  expect(read.kind === 'ok' && Object.keys(read.facts)).toEqual(['chat'])
  const chat = read.kind === 'ok' ? read.facts['chat'] : undefined
  expect(chat?.[authors[0]!.actor]?.['1']?.['256']).toBe('fact 1539')
  expect(Object.keys(chat ?? {})).toEqual(authors.map(author => author.actor))
})

test('S440: duplicates and any interleaving of streams give the same document', async () => {
  const authors = [1, 2].map(n => new Author(GENESIS, n))
  const [a, b] = authors.map(author => [0, 1, 2].map(n => author.fact('chat', `${n}`))) as [
    Uint8Array[],
    Uint8Array[],
  ]
  const orders = [
    [...a, ...b],
    [...b, ...a, ...b],
    [a[0]!, b[0]!, a[1]!, b[1]!, a[1]!, a[2]!, b[2]!],
  ]
  const seen = new Set<string>()
  for (const order of orders) {
    const { document, feed } = begin()
    feed(order)
    seen.add(JSON.stringify([await document.heads(), await document.facts()]))
  }
  expect(seen.size).toBe(1)
})

test('S441: a change that Automerge refuses costs itself, not its batch', async () => {
  const { document, feed, events } = begin()
  const author = new Author(GENESIS, 1)
  feed([author.fact('chat', 'one'), NOT_A_CHANGE, author.fact('chat', 'two')])
  expect(await document.heads()).toMatchObject({ kind: 'ok', changes: 3 })
  expect(refusals(events)).toEqual([NOT_A_CHANGE])
})

test('S442: a worker that hangs is replaced, and the document rebuilt from the log', async () => {
  const { document, feed, log, events } = begin({ requestMs: 700 })
  const author = new Author(GENESIS, 1)
  feed([author.fact('chat', 'one'), author.fact('chat', 'two')])
  const before = await document.heads()
  expect(before).toMatchObject({ kind: 'ok', changes: 3 })

  // Given, never logged: as if it had slipped through the gate of a version since mended.
  document.apply([bomb(1e9)])
  expect((await document.heads()).kind).toBe('unavailable')
  await eventually(events, 'restarting')
  log.push(author.fact('chat', 'three'))
  await eventually(events, 'ready', 2)
  expect(await document.heads()).toMatchObject({ kind: 'ok', changes: 4 })
}, 15_000)

test('S442: a log that cannot be replayed is tried again, and requests wait for it', async () => {
  let broken = 2
  const changes = [new Author(GENESIS, 1).fact('chat', 'one')]
  const { document, events } = begin({
    async *replay() {
      if (broken-- > 0) throw new Error('unreadable')
      yield changes
    },
  })
  expect(await document.heads()).toMatchObject({ kind: 'ok', changes: 2 })
  expect(events.filter(event => event.kind === 'restarting').map(event => event.afterMs)).toEqual([
    100, 200,
  ])
})

test('S443: more changes than may wait are taken from the log instead', async () => {
  const { document, log, events } = begin()
  const author = new Author(GENESIS, 1)
  await document.heads()
  log.push(author.fact('chat', 'from the log'))
  document.apply(Array.from({ length: DOCUMENT_QUEUE_MAX_CHANGES + 1 }, () => NOT_A_CHANGE))
  expect(await document.heads()).toMatchObject({ kind: 'ok', changes: 2 })
  expect(refusals(events)).toEqual([])
})

test('S443: requests that wait are bounded and each comes to an end', async () => {
  const { document } = begin({ requestMs: 300, replay: () => never() })
  const asked = Array.from({ length: DOCUMENT_REQUESTS_MAX + 1 }, () => document.heads())
  expect(await asked.at(-1)).toMatchObject({ kind: 'unavailable', why: '64 requests wait already' })
  expect(await asked[0]).toMatchObject({ kind: 'unavailable' })
})

test('S443: closing answers whoever waits', async () => {
  const { document } = begin({ replay: () => never() })
  const asked = [document.heads(), document.facts(), document.save()]
  void document.close()
  for (const answer of await Promise.all(asked)) expect(answer.kind).toBe('unavailable')
  expect((await document.heads()).kind).toBe('unavailable')
  document.apply([NOT_A_CHANGE])
})

test('S444: a saved document is loaded instead of the changes that it was taken of', async () => {
  const disk = memoryDisk()
  const author = new Author(GENESIS, 1)
  const changes = Array.from({ length: DOCUMENT_BATCH_CHANGES + 20 }, (_, n) =>
    author.fact('chat', `${n}`),
  )
  const { document, feed } = begin({ disk })
  feed(changes)
  expect((await document.save()).kind).toBe('ok')
  const more = author.fact('chat', 'later')
  feed([more])
  const heads = await document.heads()

  const again = begin({ disk, log: [...changes, more] })
  expect(await again.document.heads()).toEqual(heads)
  expect(again.events).toMatchObject([
    { kind: 'ready', from: 'snapshot', changes: changes.length + 1 },
  ])
  // The changes that came with the snapshot count for the next one, too.
  expect((await again.document.save()).kind).toBe('ok')
  const third = begin({ disk, log: [...changes, more] })
  expect(await third.document.heads()).toEqual(heads)
  expect(third.events).toMatchObject([{ from: 'snapshot' }])
})

test('S444: a snapshot of other changes, of another volume or damaged is not used', async () => {
  const disk = memoryDisk()
  const author = new Author(GENESIS, 1)
  const changes = [0, 1, 2].map(n => author.fact('chat', `${n}`))
  const { document, feed } = begin({ disk })
  feed(changes)
  await document.save()
  const saved = disk.contents(PATH)!

  const sealed = begin({ disk, log: changes.slice(0, 2) })
  expect(await sealed.document.heads()).toMatchObject({ kind: 'ok', changes: 3 })
  expect(sealed.events.map(event => event.kind)).toEqual(['snapshot-unused', 'ready'])

  const other = begin({ disk, log: [changes[0]!, changes[2]!, changes[1]!] })
  expect(await other.document.heads()).toMatchObject({ kind: 'ok', changes: 4 })
  expect(other.events.map(event => event.kind)).toEqual(['snapshot-unused', 'ready'])

  for (const damage of [
    (bytes: Uint8Array) => bytes.fill(0, 100),
    () => utf8('rubbish'),
    () => new Uint8Array(),
  ]) {
    disk.put(PATH, damage(saved.slice()))
    const damaged = begin({ disk, log: changes })
    expect(await damaged.document.heads()).toMatchObject({ kind: 'ok', changes: 4 })
    expect(damaged.events.map(event => event.kind)).toEqual(['snapshot-unused', 'ready'])
  }
})

test('S445: a snapshot replaces the last one whole, or not at all', async () => {
  const disk = memoryDisk()
  const author = new Author(GENESIS, 1)
  const { document, feed } = begin({ disk })
  feed([author.fact('chat', 'one')])
  await document.save()
  const before = disk.contents(PATH)
  feed([author.fact('chat', 'two')])
  disk.failWrite(1, 'ENOSPC', 9)
  expect(await document.save()).toMatchObject({ kind: 'failed', fault: { code: 'ENOSPC' } })
  expect(disk.contents(PATH)).toEqual(before)
  expect(disk.paths()).toEqual([PATH])
})

test('S446: a rebuilt document holds what the log holds now', async () => {
  const author = new Author(GENESIS, 1)
  const { document, feed, log } = begin()
  feed([0, 1, 2].map(n => author.fact('chat', `${n}`)))
  expect(await document.heads()).toMatchObject({ changes: 4 })
  log.splice(1)
  document.rebuild()
  expect(await document.heads()).toMatchObject({ kind: 'ok', changes: 2 })
})

type Begin = {
  disk?: MemoryDisk
  log?: Uint8Array[]
  requestMs?: number
  replay?: () => AsyncIterable<Uint8Array[]>
}

function begin({ disk = memoryDisk(), log = [], requestMs = 10_000, replay }: Begin = {}) {
  const events: DocumentEvent[] = []
  const document = openDocument({
    genesis: () => GENESIS,
    disk,
    path: PATH,
    replay: replay ?? (() => inBatches(log.slice())),
    signal: new AbortController().signal,
    log: event => void events.push(event),
    requestMs,
  })
  open.push(document)
  const feed = (changes: Uint8Array[]): void => {
    log.push(...changes)
    document.apply(changes)
  }
  return { document, log, events, feed }
}

async function* inBatches(changes: Uint8Array[]): AsyncGenerator<Uint8Array[]> {
  for (let at = 0; at < changes.length; at += 700) yield changes.slice(at, at + 700)
}

async function* never(): AsyncGenerator<Uint8Array[]> {
  await new Promise(() => undefined)
}

function refusals(events: readonly DocumentEvent[]): Uint8Array[] {
  return events.filter(event => event.kind === 'change-refused').map(event => event.change)
}

async function eventually(
  events: readonly DocumentEvent[],
  kind: DocumentEvent['kind'],
  times = 1,
): Promise<void> {
  await expect
    .poll(() => events.filter(event => event.kind === kind).length, { timeout: 8_000 })
    .toBe(times)
}
