/**
 * Runs that must not pass although each of their changes is in form: what is wrong is who signed
 * them, for what, or where in the stream they claim to stand. Alice's stream holds two changes.
 */
import { actorOf, type Hash, type RoomId } from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { utf8 } from '../../../src/core/bytes/text.ts'
import type { Rest, Run } from '../../../src/core/room/gate.ts'
import { openVolume, type Volume } from '../../../src/core/room/genesis.ts'
import { signingBytes } from '../../../src/core/room/stream.ts'
import { alice, bob, chat, type Pen, pen, type Person, room, volume, write, written } from './cast.ts'
import { build, hashOfChunk, parse } from './raw.ts'
import { run, signed } from './reader.ts'

export type PoisonRun = {
  readonly name: string
  readonly clause: string
  readonly run: Run
  readonly rest: Partial<Rest>
}

/** What the stream holds, and the change that honestly comes next. */
export const page: Pen = written(alice, 2)
const next = written(alice, 3)
const third = { seq: 3, hash: next.hashes[2] as Hash }
const ahead = written(alice, 5)

const by = (signer: Person, over: { room?: RoomId; volume?: Volume; seq?: number; hash?: Hash }): Run => {
  const { seq = third.seq, hash = third.hash } = over
  const place = { ...(over.volume ?? volume), ...(over.room === undefined ? {} : { room: over.room }) }
  const message = signingBytes(place, { actor: alice.actor, seq, hash })
  return { changes: [next.changes[2] as Uint8Array], signature: signer.sign(message) }
}

const spoil = (at: number): Run => {
  const whole = run(next, 3, 3)
  const signature = whole.signature.slice()
  signature[at] = (signature[at] as number) ^ 1
  return { ...whole, signature }
}

/** The third change with another predecessor, signed by alice. */
const following = (predecessor: string): Run => {
  const raw = parse(next.changes[2] as Uint8Array)
  raw.predecessors = [predecessor]
  const bytes = build(raw)
  return signed(alice, [bytes], { seq: 3, hash: hashOfChunk(bytes) })
}

const elsewhere = written(bob, 2)
const other = pen(alice)
write(other, [chat('line 0')])
write(other, [chat('something else')])
const life = actorOf(alice.key, '00000000000000ff')

const unproven = (why: RegExp): { kind: 'unproven'; why: RegExp } => ({ kind: 'unproven', why })
const unsigned = unproven(/signature does not hold/)

type Row = readonly [name: string, clause: string, run: Run, rest: object]

const rows: readonly Row[] = [
  ['a signature with a bit flipped in R', 'S161', spoil(3), unsigned],
  ['a signature with a bit flipped in S', 'S161', spoil(40), unsigned],
  ['a signature of somebody else', 'S161', by(bob, {}), unsigned],
  ['a signature for another room', 'S161', by(alice, { room: hashOf(utf8('b')) as RoomId }), unsigned],
  ['a signature for the same place in another volume', 'S161',
    by(alice, { volume: openVolume(room, 1) }), unsigned],
  ['a signature for another seq', 'S161', by(alice, { seq: 4 }), unsigned],
  ['a signature over another hash', 'S161', by(alice, { hash: page.hashes[1] as Hash }), unsigned],
  ['no signature', 'S161', { changes: run(next, 3, 3).changes, signature: new Uint8Array(64) }, unsigned],
  ['a signature that is cut', 'S161',
    { changes: run(next, 3, 3).changes, signature: run(next, 3, 3).signature.slice(1) }, unsigned],
  ['a run that lost its last change, with its signature', 'S162',
    { changes: ahead.changes.slice(2, 4), signature: run(ahead, 3, 5).signature }, unsigned],
  ['another’s change among one’s own', 'S160',
    signed(alice, [next.changes[2] as Uint8Array, elsewhere.changes[1] as Uint8Array], third),
    unproven(/a change of .*, not of/)],
  ['another life of the author among this one', 'S160', (() => {
    const raw = parse(next.changes[2] as Uint8Array)
    raw.actor = life
    const bytes = build(raw)
    return signed(alice, [bytes], { seq: 3, hash: hashOfChunk(bytes) })
  })(), unproven(/a change of .*, not of/)],
  ['a run with a hole', 'S160',
    signed(alice, [ahead.changes[2] as Uint8Array, ahead.changes[4] as Uint8Array],
      { seq: 5, hash: ahead.hashes[4] as Hash }), unproven(/seq 5 behind 3/)],
  ['a run backwards', 'S160',
    signed(alice, [ahead.changes[3] as Uint8Array, ahead.changes[2] as Uint8Array], third),
    unproven(/seq 3 behind 4/)],
  ['a run of 65', 'S160', run(written(alice, 65)), unproven(/a run of 65 changes/)],
  ['a run of none', 'S160', { changes: [], signature: new Uint8Array(64) }, unproven(/0 changes/)],
  ['a seq gap', 'S174', run(ahead, 4, 5), { kind: 'pending', seq: 4, waits: 'predecessor' }],
  ['a seq used again', 'S176', run(other, 2, 2), { kind: 'fork', seq: 2, sibling: 'in run' }],
  ['another’s change as predecessor', 'S177', following(elsewhere.hashes[1] as string),
    { kind: 'fork', seq: 2, sibling: 'elsewhere' }],
  ['the change before its predecessor as predecessor', 'S177', following(page.hashes[0] as string),
    { kind: 'fork', seq: 2, sibling: 'elsewhere' }],
  ['the genesis as predecessor', 'S177', following(volume.id),
    { kind: 'fork', seq: 2, sibling: 'elsewhere' }],
  ['the genesis of another volume as predecessor', 'S177', following(openVolume(room, 1).id),
    { kind: 'fork', seq: 2, sibling: 'elsewhere' }],
]

export const POISON_RUNS: readonly PoisonRun[] = rows.map(([name, clause, shown, rest]) => ({
  name,
  clause,
  run: shown,
  rest,
}))
