/**
 * Proof that an author signed two changes where its stream has room for one.
 *
 * Only the head of a change is read, enough to see whose it is and what it follows: what it would
 * have done does not matter, and the gate's whole decoder is not needed to convict.
 */
import { type ActorId, type Hash, type RoomId, keyOf } from '../brand.ts'
import { hashOf } from '../bytes/hash.ts'
import { decode } from '../bytes/reader.ts'
import type { Verify } from '../crypto.ts'
import { AUTH_OP_MAX_BYTES, CHANGE_MAX_BYTES } from '../limits.ts'
import type { Deed, ProofRun } from './deed.ts'
import { changeMessage } from './messages.ts'

export type FraudProof = Extract<Deed, { kind: 'fraud' }>

/** Where a stream forks: the last seq that both branches share, and its hash. */
export type Fork =
  | { readonly kind: 'fork'; readonly seq: number; readonly hash: Hash }
  | { readonly kind: 'unproven'; readonly why: string }

/** Judges a proof on its own: needs no stream, no log, and nobody's word. */
export function forkOf(room: RoomId, proof: FraudProof, verify: Verify): Fork {
  const [one, other] = [first(proof, proof.runs[0]), first(proof, proof.runs[1])]
  if (one === undefined || other === undefined) return unproven('a run is not one of the stream')

  const { seq, predecessor } = one.head
  if (other.head.seq !== seq || other.head.predecessor !== predecessor) {
    return unproven('the runs do not part at one predecessor')
  }
  if (one.head.hash >= other.head.hash) return unproven('the runs are equal or out of order')

  for (const { last, signature } of [one, other]) {
    const message = changeMessage({ room, ...proof, seq: last.seq, hash: last.hash })
    if (!verify(keyOf(proof.actor), message, signature)) {
      return unproven(`no signature of the author over seq ${last.seq}, ${last.hash}`)
    }
  }
  return { kind: 'fork', seq: seq - 1, hash: predecessor }
}

/** The last change that both branches of an accepted proof share. */
export function sharedChange({ runs }: FraudProof): { seq: number; hash: Hash } {
  const head = headOf(runs[0].changes[0] ?? new Uint8Array(0))
  if (head === undefined) throw new Error('bug: a proof in the log that proves nothing')
  return { seq: head.seq - 1, hash: head.predecessor }
}

/** Puts two runs in the order that a proof has them. */
export function inProofOrder(one: ProofRun, other: ProofRun): readonly [ProofRun, ProofRun] {
  const [a, b] = [one, other].map(run => headOf(run.changes[0] ?? new Uint8Array(0))?.hash ?? '')
  return (a as string) <= (b as string) ? [one, other] : [other, one]
}

type Head = { actor: ActorId; seq: number; predecessor: Hash; hash: Hash }

/** The first and last change of a run whose every change follows the one before it. */
function first(
  { actor }: FraudProof,
  { changes, signature }: ProofRun,
): { head: Head; last: Head; signature: Uint8Array } | undefined {
  const heads = changes.map(headOf)
  const linked = heads.every((head, at) => {
    const before = heads[at - 1]
    if (head === undefined || head.actor !== actor) return false
    if (at === 0) return head.seq > 0
    return head.predecessor === before?.hash && head.seq === before.seq + 1
  })
  const [head, last] = [heads[0], heads.at(-1)]
  return linked && head !== undefined && last !== undefined ? { head, last, signature } : undefined
}

const MAGIC = '856f4a83'
const CHANGE_CHUNK = 1
/** The hash of a change covers it from its type on; magic and checksum stand before that. */
const HASHED_FROM = 8

function headOf(bytes: Uint8Array): Head | undefined {
  const read = decode(bytes, (reader): Omit<Head, 'hash'> => {
    if (reader.id(4) !== MAGIC) reader.fail('not an Automerge chunk')
    reader.raw(4)
    if (reader.u8() !== CHANGE_CHUNK) reader.fail('not a plain change')
    if (reader.uint(CHANGE_MAX_BYTES) !== bytes.length - reader.at) reader.fail('wrong length')
    if (reader.uint() !== 1) reader.fail('not exactly one predecessor')
    const predecessor = reader.id<Hash>(32)
    if (reader.uint() !== 40) reader.fail('not an actor of knot')
    const actor = reader.id<ActorId>(40)
    const seq = reader.uint()
    reader.raw(Math.min(bytes.length - reader.at, AUTH_OP_MAX_BYTES))
    return { actor, seq, predecessor }
  })
  if (read.kind === 'malformed') return undefined
  return { ...read.value, hash: hashOf(bytes.subarray(HASHED_FROM)) }
}

function unproven(why: string): Fork {
  return { kind: 'unproven', why: `Not a proof of fraud: ${why}.` }
}
