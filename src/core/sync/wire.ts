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
  CHANGE_MAX_BYTES,
  FRAME_MAX_BYTES,
  FRAME_OPS_MAX,
  FRONTIER_MAX,
  RUN_MAX_CHANGES,
} from '../limits.ts'

/** The version that a hello names; another one is refused with both numbers. */
export const SYNC_VERSION = 1

/** How far a peer holds one stream: its last change. */
export type Reach = { actor: ActorId; seq: number; hash: Hash }

export type Frame =
  /** First frame of each side: who speaks, and everything it holds. */
  | { kind: 'hello'; version: number; actor: ActorId; authHeads: Hash[]; frontier: Reach[] }
  /** Auth ops, parents first. */
  | { kind: 'auth'; heads: Hash[]; ops: Uint8Array[] }
  /** Consecutive changes of one stream under one signature over the last. */
  | { kind: 'run'; actor: ActorId; seq: number; changes: Uint8Array[]; signature: Uint8Array }
  /** What the sender holds by now, where it grew; asks for nothing. */
  | { kind: 'have'; frontier: Reach[] }
  /** Asks for a stream's changes after `seq`. */
  | { kind: 'want'; streams: { actor: ActorId; seq: number }[] }
  /** A message of the term chain; its form is the lease's own. */
  | { kind: 'lease'; message: Uint8Array }
  /** A signed beat, perhaps of somebody else. */
  | { kind: 'beat'; beat: Uint8Array }
  /** Pushes (fact ids) whose commits the sender holds and pins. */
  | { kind: 'held'; pushes: string[] }

const NUMBER = { hello: 1, auth: 2, run: 3, have: 4, want: 5, lease: 6, beat: 7, held: 8 } as const
const KIND = new Map(
  (Object.keys(NUMBER) as Frame['kind'][]).map((kind): [number, Frame['kind']] => [NUMBER[kind], kind]),
)

/** One frame's bytes. */
export function encodeFrame(frame: Frame): Uint8Array {
  const w = new Writer().u8(NUMBER[frame.kind])
  switch (frame.kind) {
    case 'hello':
      w.uint(frame.version).id(frame.actor)
      w.list(frame.authHeads, (head) => w.id(head))
      writeFrontier(w, frame.frontier)
      break
    case 'auth':
      w.list(frame.heads, (head) => w.id(head))
      w.list(frame.ops, (op) => w.bytes(op))
      break
    case 'run':
      w.id(frame.actor).uint(frame.seq)
      w.list(frame.changes, (change) => w.bytes(change))
      w.raw(frame.signature)
      break
    case 'have':
      writeFrontier(w, frame.frontier)
      break
    case 'want':
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
  }
  return w.done()
}

/** Reads a frame of a peer; refuses everything that is not exactly of the form above. */
export function decodeFrame(bytes: Uint8Array): Decoded<Frame> {
  return decode(bytes, (r): Frame => {
    const kind = KIND.get(r.u8())
    switch (kind) {
      case undefined:
        return r.fail('unknown kind of frame')
      case 'hello':
        return {
          kind,
          version: r.uint(),
          actor: r.id(40),
          authHeads: r.list(AUTH_HEADS_MAX, () => r.id<Hash>(32)),
          frontier: readFrontier(r),
        }
      case 'auth':
        return {
          kind,
          heads: r.list(AUTH_HEADS_MAX, () => r.id<Hash>(32)),
          ops: r.list(FRAME_OPS_MAX, () => r.bytes(AUTH_OP_MAX_BYTES)),
        }
      case 'run':
        return {
          kind,
          actor: r.id(40),
          seq: r.uint(),
          changes: r.list(RUN_MAX_CHANGES, () => r.bytes(CHANGE_MAX_BYTES)),
          signature: r.raw(64),
        }
      case 'have':
        return { kind, frontier: readFrontier(r) }
      case 'want':
        return { kind, streams: r.list(FRONTIER_MAX, () => ({ actor: r.id(40), seq: r.uint() })) }
      case 'lease':
        return { kind, message: rest(r, bytes) }
      case 'beat':
        return { kind, beat: rest(r, bytes) }
      case 'held':
        return { kind, pushes: r.list(FRAME_OPS_MAX, () => r.text(32)) }
    }
  })
}

function rest(r: Reader, bytes: Uint8Array): Uint8Array {
  return r.raw(Math.min(bytes.length, FRAME_MAX_BYTES) - r.at)
}

function writeFrontier(w: Writer, frontier: readonly Reach[]): void {
  w.list(frontier, ({ actor, seq, hash }) => w.id(actor).uint(seq).id(hash))
}

function readFrontier(r: Reader): Reach[] {
  return r.list(FRONTIER_MAX, () => ({ actor: r.id(40), seq: r.uint(), hash: r.id<Hash>(32) }))
}
