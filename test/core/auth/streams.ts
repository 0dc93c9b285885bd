/** Changes of document streams, as far as a proof of fraud reads them. */
import { inProofOrder, type FraudProof } from '../../../src/core/auth/fraud.ts'
import type { ProofRun } from '../../../src/core/auth/deed.ts'
import { changeMessage } from '../../../src/core/auth/messages.ts'
import type { ActorId, Hash, RoomId } from '../../../src/core/brand.ts'
import { hashOf } from '../../../src/core/bytes/hash.ts'
import { fromHex, utf8 } from '../../../src/core/bytes/text.ts'
import { Writer } from '../../../src/core/bytes/writer.ts'
import type { Signer } from '../../../src/core/crypto.ts'
import { VOLUME } from './ops.ts'

export function actorAt(author: Signer, life: number): ActorId {
  return (author.key + life.toString(16).padStart(16, '0')) as ActorId
}

/** Changes behind a shared one, each with some content, signed at the end. */
export function branch(
  room: RoomId,
  author: Signer,
  shared: { seq: number; hash: Hash },
  contents: readonly string[],
): ProofRun {
  const actor = actorAt(author, 1)
  let { seq, hash } = shared
  const changes = contents.map(content => {
    seq++
    const body = new Writer().uint(1).id(hash).bytes(fromHex(actor) as Uint8Array)
    const chunk = new Writer().u8(1).bytes(body.uint(seq).raw(utf8(content)).done()).done()
    hash = hashOf(chunk)
    return new Writer().id('856f4a83').id(hash.slice(0, 8)).raw(chunk).done()
  })
  const signature = author.sign(changeMessage({ room, volume: VOLUME, actor, seq, hash }))
  return { changes, signature }
}

export function proofOf(author: Signer, one: ProofRun, other: ProofRun): FraudProof {
  const runs = inProofOrder(one, other)
  return { kind: 'fraud', actor: actorAt(author, 1), volume: VOLUME, runs }
}
