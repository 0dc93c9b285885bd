/** What a joiner and a member say to each other before the joiner is one. */
import type { Hash, PublicKey, RoomId } from '../brand.ts'
import { type Decoded, decode } from '../bytes/reader.ts'
import { Writer } from '../bytes/writer.ts'
import type { Signer, Verify } from '../crypto.ts'
import {
  AUTH_OPS_MAX,
  AUTH_OP_MAX_BYTES,
  JOIN_APPROVERS_MAX,
  JOIN_WHY_MAX_BYTES,
  NAME_MAX_BYTES,
} from '../limits.ts'
import { admitMessage, joinMessage } from './messages.ts'
import { type Name, isName } from './name.ts'

export type JoinRequest = {
  readonly room: RoomId
  /** The public half of the invite: the joiner cannot know the id of the op that made it. */
  readonly invite: PublicKey
  readonly member: PublicKey
  /** The name it would like. */
  readonly name: Name
  /** The invite's signature: the joiner holds the link. */
  readonly proof: Uint8Array
  /** The joiner's own: it holds its key, and asked for this. */
  readonly signature: Uint8Array
}

/** Why a joiner is not let in. The number on the wire is the place here, from 1, for ever. */
export const REFUSALS = [
  'unknown-invite',
  'revoked',
  'used-up',
  'expired',
  'wrong-room',
  'removed',
  'bad-proof',
  'bad-key',
  'room-full',
  'cannot-sponsor',
] as const

export type Refusal = (typeof REFUSALS)[number]

export type JoinAnswer =
  /** Ops of the auth log, parents first. */
  | { readonly kind: 'admitted'; readonly ops: readonly Uint8Array[] }
  /** Waits for one of these founders or admins. */
  | { readonly kind: 'pending'; readonly admission: Hash; readonly approvers: readonly Name[] }
  | { readonly kind: 'refused'; readonly code: Refusal; readonly why: string }

/** Signs a request with both keys. */
export function makeJoinRequest({ room, invite, member, name }: {
  room: RoomId
  /** The signer made from the link's seed. */
  invite: Signer
  member: Signer
  name: Name
}): JoinRequest {
  const asked = { room, invite: invite.key, member: member.key, name }
  const proof = invite.sign(admitMessage(asked))
  return { ...asked, proof, signature: member.sign(joinMessage(asked)) }
}

/** Whether both keys signed the request. */
export function isProven(request: JoinRequest, verify: Verify): boolean {
  return (
    verify(request.member, joinMessage(request), request.signature) &&
    verify(request.invite, admitMessage(request), request.proof)
  )
}

const VERSION = 1

/** A request as the question of the join protocol. */
export function encodeJoinRequest(request: JoinRequest): Uint8Array {
  const { room, invite, member, name, proof, signature } = request
  const writer = new Writer().u8(VERSION).id(room).id(invite).id(member)
  return writer.text(name).raw(proof).raw(signature).done()
}

/** Reads a stranger's question; says nothing about its signatures. */
export function decodeJoinRequest(bytes: Uint8Array): Decoded<JoinRequest> {
  return decode(bytes.slice(), reader => {
    if (reader.u8() !== VERSION) reader.fail('a join request of another version')
    const room = reader.id<RoomId>(32)
    const invite = reader.id<PublicKey>(32)
    const member = reader.id<PublicKey>(32)
    const name = reader.text(NAME_MAX_BYTES)
    if (!isName(name)) return reader.fail('a name that is none')
    return { room, invite, member, name, proof: reader.raw(64), signature: reader.raw(64) }
  })
}

const ADMITTED = 1
const PENDING = 2
const REFUSED = 3

/** An answer as the join protocol carries it. */
export function encodeJoinAnswer(answer: JoinAnswer): Uint8Array {
  const writer = new Writer().u8(VERSION)
  if (answer.kind === 'admitted') {
    return writer.u8(ADMITTED).list(answer.ops, op => writer.bytes(op)).done()
  }
  if (answer.kind === 'pending') {
    const approvers = answer.approvers.slice(0, JOIN_APPROVERS_MAX)
    writer.u8(PENDING).id(answer.admission)
    return writer.list(approvers, name => writer.text(name)).done()
  }
  return writer.u8(REFUSED).u8(REFUSALS.indexOf(answer.code) + 1).text(answer.why).done()
}

/** Reads an answer; what the ops in it are worth is the auth log's question. */
export function decodeJoinAnswer(bytes: Uint8Array): Decoded<JoinAnswer> {
  return decode(bytes.slice(), (reader): JoinAnswer => {
    if (reader.u8() !== VERSION) reader.fail('an answer of another version')
    const kind = reader.u8()
    if (kind === ADMITTED) {
      const ops = reader.list(AUTH_OPS_MAX, () => reader.bytes(AUTH_OP_MAX_BYTES))
      return { kind: 'admitted', ops }
    }
    if (kind === PENDING) {
      const admission = reader.id<Hash>(32)
      const approvers = reader.list(JOIN_APPROVERS_MAX, (): Name => {
        const name = reader.text(NAME_MAX_BYTES)
        return isName(name) ? name : reader.fail('a name that is none')
      })
      return { kind: 'pending', admission, approvers }
    }
    if (kind !== REFUSED) reader.fail(`answer kind ${kind}`)
    const code = REFUSALS[reader.u8() - 1]
    if (code === undefined) return reader.fail('an unknown refusal')
    return { kind: 'refused', code, why: reader.text(JOIN_WHY_MAX_BYTES) }
  })
}
