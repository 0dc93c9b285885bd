/**
 * The gate against changes that are honest but for some damage, with lengths, hashes and signatures
 * made right again: their author itself lies. Whatever is accepted becomes part of the stream, so
 * that the next honest change stands on it; at the end all of it goes into Automerge in two orders,
 * which must load what it saved, with the gate's heads and the gate's facts.
 */
import * as A from '@automerge/automerge'
import type { Hash } from '../../src/core/brand.ts'
import { Writer } from '../../src/core/bytes/writer.ts'
import type { Accepted, Run } from '../../src/core/room/gate.ts'
import { judgeRun } from '../../src/core/room/gate.ts'
import { signingBytes, writeChange } from '../../src/core/room/stream.ts'
import { alice, bob, lines, now, person, type Person, volume } from '../core/room/cast.ts'
import { emptyRoom, factsOf } from '../core/room/oracle.ts'
import { build, hashOfChunk, parse, type Raw, wrap } from '../core/room/raw.ts'
import { anyone, reader, type Reader } from '../core/room/reader.ts'
import { verifyFast } from '../../src/store/ed25519.ts'
import { dice, mutated, type Roll } from './mutate.ts'

const cast = [alice, bob, person('carol')]

/** How many damaged changes were tried, and how many of them the gate took. */
export type Tried = { tried: number; accepted: number }

/** One round. Throws on a fault of the gate, or of Automerge with what the gate took. */
export function fuzzGate(seed: number, { changes = 24, mutants = 12 } = {}): Tried {
  const roll = dice(seed)
  const readers = cast.map(reader)
  const taken: { bytes: Uint8Array; change: Accepted }[][] = cast.map(() => [])
  const told: Tried = { tried: 0, accepted: 0 }
  let other = volume.bytes

  for (let step = 0; step < changes; step++) {
    const n = roll(cast.length)
    const [author, holder, chain] = [cast[n], readers[n], taken[n]] as [Person, Reader, never[]]
    const facts = lines(roll)
    const draft = { facts, time: 1_700_000_000 + step, heads: now }
    const honest = writeChange(volume, holder.stream, draft)
    if (honest.kind !== 'ok') throw new Error(honest.why)

    const shown = [...damaged(honest.bytes, other, roll, mutants), honest.bytes]
    other = honest.bytes
    for (const [at, bytes] of shown.entries()) {
      const isHonest = at === shown.length - 1
      const outcome = judge(author, holder, bytes)
      if (!isHonest) told.tried++
      if (outcome === undefined) {
        if (isHonest) throw new Error('the honest change is kept out')
        continue
      }
      if (!isHonest) told.accepted++
      ;(chain as { bytes: Uint8Array; change: Accepted }[]).push({ bytes, change: outcome })
      break
    }
  }
  compare(taken, roll)
  return told
}

/** Damaged copies: of the bytes as a whole, of single columns, and of the fields of the header. */
function damaged(honest: Uint8Array, other: Uint8Array, roll: Roll, count: number): Uint8Array[] {
  return Array.from({ length: count }, () => {
    if (roll(3) === 0) {
      const start = (honest[9] as number) < 0x80 ? 10 : (honest[10] as number) < 0x80 ? 11 : 12
      return wrap(1, new Writer().bytes(mutated(honest.subarray(start), other, roll)).done())
    }
    const raw = parse(honest)
    for (let edits = roll(2) + 1; edits > 0; edits--) edit(raw, other, roll)
    return build(raw)
  })
}

const FIELDS = ['seq', 'startOp', 'time', 'message', 'extra'] as const

function edit(raw: Raw, other: Uint8Array, roll: Roll): void {
  const column = raw.columns[roll(raw.columns.length)]
  const kind = roll(12)
  if (kind < 7 && column !== undefined) column.bytes = mutated(column.bytes, other, roll)
  else if (kind === 7 && column !== undefined) column.spec = roll(0xa0)
  else if (kind === 8) raw.columns.splice(roll(raw.columns.length + 1), roll(2))
  else if (kind === 9) raw.others = [[], [volume.actor], [bob.actor], [volume.actor, bob.actor]][roll(4)] ?? []
  else if (kind === 10) raw.predecessors = [[], [volume.id], [hashOfChunk(other)]][roll(3)] ?? []
  else {
    const field = FIELDS[roll(FIELDS.length)] as (typeof FIELDS)[number]
    raw[field] = mutated(raw[field], other, roll)
  }
}

/** What the gate accepts of one change signed by its author, with its real signature. */
function judge(author: Person, holder: Reader, bytes: Uint8Array): Accepted | undefined {
  const at = { actor: author.actor, seq: holder.stream.seq + 1, hash: hashOfChunk(bytes) }
  const run: Run = { changes: [bytes], signature: author.sign(signingBytes(volume, at)) }
  const hashAt = (seq: number): Hash => holder.hashes[seq - 1] as Hash
  const before = JSON.stringify(holder.stream)
  const asked = { volume, stream: holder.stream, run, authority: anyone, verify: verifyFast, hashAt }
  const { accepted, stream } = judgeRun(asked)
  const [change] = accepted
  if (change === undefined) {
    if (JSON.stringify(stream) !== before) throw new Error('what was refused changed the stream')
    return undefined
  }
  holder.stream = stream
  holder.hashes.push(change.hash)
  return change
}

function compare(taken: readonly { bytes: Uint8Array; change: Accepted }[][], roll: Roll): void {
  const facts = taken.flat().flatMap(({ change }) =>
    change.facts.map(({ topic, n, value }) => `${topic}/${change.actor}/${n >> 8}/${n} ${value}`))
  const heads = taken.flatMap((chain) => chain.at(-1)?.change.hash ?? []).sort()
  for (let round = 0; round < 2; round++) {
    let doc = emptyRoom()
    const queues = taken.map((chain) => chain.map(({ bytes }) => bytes))
    while (queues.some(({ length }) => length > 0)) {
      const queue = queues[roll(queues.length)] as Uint8Array[]
      const [next] = A.applyChanges(doc, queue.splice(0, roll(4) + 1))
      doc = next
    }
    const loaded = A.load<Parameters<typeof factsOf>[0]>(A.save(doc))
    if (A.getHeads(loaded).sort().join() !== heads.join()) throw new Error('heads differ')
    const found = factsOf(loaded)
    if (found.join('\n') !== [...facts].sort().join('\n')) throw new Error('facts differ')
    if (A.getAllChanges(loaded).length !== 1 + taken.flat().length) throw new Error('changes lost')
  }
}
