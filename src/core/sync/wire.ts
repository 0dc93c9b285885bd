/**
 * The frames of the sync stream, one frame a message.
 *
 * A frame is one byte of kind and its fields in canonical binary form. The stream itself belongs to
 * one authenticated peer; everything that must outlive the stream (ops, changes, records, beats)
 * carries its author's own signature inside.
 */
import type { ActorId, Hash } from '../brand.ts'
import { type Decoded, decode, type Reader } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import {
  AUTH_HEADS_MAX,
  AUTH_OP_MAX_BYTES,
  CARRIED_MAX_BYTES,
  CHANGE_MAX_BYTES,
  FRAME_MAX_BYTES,
  FRAME_OPS_MAX,
  FRONTIER_MAX,
  OP_NUMBER_MAX,
  RUN_MAX_CHANGES,
} from '../limits.ts'
import { type FactId, isFactId } from '../room/facts.ts'

/** The version that a hello names first; what follows is read only when it is ours. */
export const SYNC_VERSION = 2

/** How far a peer holds one stream: its last change. */
export type Reach = { actor: ActorId; seq: number; hash: Hash }

export type Frame =
  /** First frame of each side: who speaks, in which volume it is, and all that it holds of it. */
  | {
      kind: 'hello'
      version: number
      actor: ActorId
      volume: number
      authHeads: Hash[]
      frontier: Reach[]
    }
  /** Auth ops, parents first. */
  | { kind: 'auth'; heads: Hash[]; ops: Uint8Array[] }
  /** Consecutive changes of one stream under one signature over the last. */
  | {
      kind: 'run'
      volume: number
      actor: ActorId
      seq: number
      changes: Uint8Array[]
      signature: Uint8Array
    }
  /** What the sender holds by now, where it grew; asks for nothing. */
  | { kind: 'have'; volume: number; frontier: Reach[] }
  /** Asks for a stream's changes after `seq`. */
  | { kind: 'want'; volume: number; streams: { actor: ActorId; seq: number }[] }
  /** A message of the term chain; its form is the lease's own. */
  | { kind: 'lease'; message: Uint8Array }
  /** A signed beat, perhaps of somebody else. */
  | { kind: 'beat'; beat: Uint8Array }
  /** Pushes whose commits the sender holds and pins. */
  | { kind: 'held'; pushes: FactId[] }
  /** The sender is in this volume from now on, and holds of it what it tells next. */
  | { kind: 'entered'; volume: number }
  /** Asks for a carried state from a byte on. */
  | { kind: 'carry'; hash: Hash; at: number }
  /** A part of a carried state; empty where the sender has none. */
  | { kind: 'carried'; hash: Hash; at: number; bytes: Uint8Array }

const NUMBER = {
  hello: 1,
  auth: 2,
  run: 3,
  have: 4,
  want: 5,
  lease: 6,
  beat: 7,
  held: 8,
  entered: 9,
  carry: 10,
  carried: 11,
} as const
const KINDS = Object.keys(NUMBER) as Frame['kind'][]
const KIND = new Map(KINDS.map((kind): [number, Frame['kind']] => [NUMBER[kind], kind]))

/** One frame's bytes. */
export function encodeFrame(frame: Frame): Uint8Array {
  const w = new Writer().u8(NUMBER[frame.kind])
  switch (frame.kind) {
    case 'hello':
      w.uint(frame.version).id(frame.actor).uint(frame.volume)
      w.list(frame.authHeads, (head) => w.id(head))
      writeFrontier(w, frame.frontier)
      break
    case 'auth':
      w.list(frame.heads, (head) => w.id(head))
      w.list(frame.ops, (op) => w.bytes(op))
      break
    case 'run':
      w.uint(frame.volume).id(frame.actor).uint(frame.seq)
      w.list(frame.changes, (change) => w.bytes(change))
      w.raw(frame.signature)
      break
    case 'have':
      writeFrontier(w.uint(frame.volume), frame.frontier)
      break
    case 'want':
      w.uint(frame.volume)
      w.list(frame.streams, ({ actor, seq }) => w.id(actor).uint(seq))
      break
    case 'lease':
      w.raw(frame.message)
      break
    case 'beat':
      w.raw(frame.beat)
      break
    case 'held':
      w.list(frame.pushes, (push) => w.text(push))
      break
    case 'entered':
      w.uint(frame.volume)
      break
    case 'carry':
      w.id(frame.hash).uint(frame.at)
      break
    case 'carried':
      w.id(frame.hash).uint(frame.at).raw(frame.bytes)
  }
  return w.done()
}

/**
 * Reads a frame of a peer; refuses everything that is not exactly of the form above. The byte
 * fields are views: whoever keeps one keeps the whole frame, or copies it.
 */
export function decodeFrame(bytes: Uint8Array): Decoded<Frame> {
  return decode(bytes, (r): Frame => {
    if (bytes.length > FRAME_MAX_BYTES) r.fail(`a frame of ${bytes.length} bytes`)
    const kind = KIND.get(r.u8())
    switch (kind) {
      case undefined:
        return r.fail('unknown kind of frame')
      case 'hello':
        return { kind, ...readHello(r) }
      case 'auth':
        return {
          kind,
          heads: readHeads(r),
          ops: r.list(FRAME_OPS_MAX, () => r.bytes(AUTH_OP_MAX_BYTES)),
        }
      case 'run':
        return { kind, ...readRun(r) }
      case 'have':
        return { kind, volume: readVolume(r), frontier: readFrontier(r) }
      case 'want':
        return { kind, volume: readVolume(r), streams: readWanted(r) }
      case 'lease':
        return { kind, message: r.rest() }
      case 'beat':
        return { kind, beat: r.rest() }
      case 'held':
        return { kind, pushes: r.list(FRAME_OPS_MAX, () => readPush(r)) }
      case 'entered':
        return { kind, volume: readVolume(r) }
      case 'carry':
        return { kind, hash: r.id<Hash>(32), at: r.uint(CARRIED_MAX_BYTES) }
      case 'carried':
        return { kind, hash: r.id<Hash>(32), at: r.uint(CARRIED_MAX_BYTES), bytes: r.rest() }
    }
  })
}

type Fields<Kind extends Frame['kind']> = Omit<Extract<Frame, { kind: Kind }>, 'kind'>

function readHello(r: Reader): Fields<'hello'> {
  const version = r.uint()
  if (version !== SYNC_VERSION) {
    r.fail(`it speaks sync version ${version}, this peer ${SYNC_VERSION}; update the older knot,`)
  }
  const [actor, volume] = [r.id<ActorId>(40), readVolume(r)]
  return { version, actor, volume, authHeads: readHeads(r), frontier: readFrontier(r) }
}

function readRun(r: Reader): Fields<'run'> {
  const volume = readVolume(r)
  const actor = r.id<ActorId>(40)
  const seq = readSeq(r)
  const changes = r.list(RUN_MAX_CHANGES, () => r.bytes(CHANGE_MAX_BYTES))
  if (changes.length === 0) r.fail('a run of no changes')
  return { volume, actor, seq, changes, signature: r.raw(64) }
}

function readHeads(r: Reader): Hash[] {
  return r.list(AUTH_HEADS_MAX, () => r.id<Hash>(32))
}

function writeFrontier(w: Writer, frontier: readonly Reach[]): void {
  w.list(frontier, ({ actor, seq, hash }) => w.id(actor).uint(seq).id(hash))
}

function readFrontier(r: Reader): Reach[] {
  const reach = () => ({ actor: r.id<ActorId>(40), seq: readSeq(r), hash: r.id<Hash>(32) })
  return inOrder(r, r.list(FRONTIER_MAX, reach))
}

function readWanted(r: Reader): Fields<'want'>['streams'] {
  const wanted = () => ({ actor: r.id<ActorId>(40), seq: r.uint(OP_NUMBER_MAX) })
  return inOrder(r, r.list(FRONTIER_MAX, wanted))
}

/** Streams in ascending order: each is named once, and the same set has the same bytes. */
function inOrder<Row extends { actor: ActorId }>(r: Reader, rows: Row[]): Row[] {
  const wrong = rows.some(({ actor }, i) => i > 0 && actor <= (rows[i - 1] as Row).actor)
  return wrong ? r.fail('streams out of order') : rows
}

/** The number of a volume. */
function readVolume(r: Reader): number {
  return r.uint(OP_NUMBER_MAX)
}

/** The place of a change in its stream, from 1. */
function readSeq(r: Reader): number {
  const seq = r.uint(OP_NUMBER_MAX)
  return seq === 0 ? r.fail('no change has seq 0') : seq
}

function readPush(r: Reader): FactId {
  const text = r.text(16)
  return isFactId(text) ? text : r.fail('not the id of a push')
}
