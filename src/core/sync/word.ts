/**
 * Words: what an agent published last, signed, for those who are never online together with it.
 *
 * The shared remote moves refs for whoever may push there, so a ref alone proves nothing. The word
 * beside it says by whom, which of its pushes, and at which commit; the fact itself, on which the
 * queue rests, still comes from a peer.
 */
import { type ActorId, type Instant, keyOf, type Oid, type RoomId } from '../brand.ts'
import { tagged } from '../bytes/hash.ts'
import { decode } from '../bytes/reader.ts'
import { base64url, fromBase64url } from '../bytes/text.ts'
import { Writer } from '../bytes/writer.ts'
import type { Signer, Verify } from '../crypto.ts'
import { INSTANT_MAX_MS } from '../limits.ts'

/** The nth fact of an actor on the topic refs is a push of this commit, made on top of `base`. */
export type Word = { actor: ActorId; n: number; commit: Oid; base?: Oid; at: Instant }

/** A word as text without spaces: its fields, then the actor's signature over them and the room. */
export function writeWord(room: RoomId, word: Word, signer: Signer): string {
  const { actor, n, commit, base, at } = word
  const w = new Writer().id(actor).uint(n).id(commit)
  const body = w.list(base === undefined ? [] : [base], (oid) => w.id(oid)).uint(at).done()
  return base64url(new Writer().raw(body).raw(signer.sign(signed(room, body))).done())
}

/** The word, or undefined when it is malformed or not signed by the actor that it names. */
export function readWord(room: RoomId, text: string, verify: Verify): Word | undefined {
  const bytes = fromBase64url(text)
  if (bytes === undefined || bytes.length < 64) return undefined
  const body = bytes.subarray(0, bytes.length - 64)
  const read = decode(body, (r): Word => {
    const [actor, n, commit] = [r.id<ActorId>(40), r.uint(), r.id<Oid>(20)]
    const [base] = r.list(1, () => r.id<Oid>(20))
    const at = r.uint(INSTANT_MAX_MS) as Instant
    return { actor, n, commit, at, ...(base === undefined ? {} : { base }) }
  })
  if (read.kind === 'malformed') return undefined
  const sound = verify(keyOf(read.value.actor), signed(room, body), bytes.subarray(-64))
  return sound ? read.value : undefined
}

function signed(room: RoomId, body: Uint8Array): Uint8Array {
  return tagged('knot/word/1', new Writer().id(room).raw(body).done())
}
