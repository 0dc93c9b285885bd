/** A room before its simulation: a founder, the members that it let in, and one who will ask. */
import { isSoundKey } from '../../../src/core/auth/ed25519.ts'
import { makeAdmit, makeGenesis, makeInvite } from '../../../src/core/auth/author.ts'
import { makeJoinRequest } from '../../../src/core/auth/join.ts'
import type { Name } from '../../../src/core/auth/name.ts'
import { type ActorId, actorOf, type Hash, type Instant, type PublicKey, type RoomId } from '../../../src/core/brand.ts'
import { hex } from '../../../src/core/bytes/text.ts'
import type { Signer, Verify } from '../../../src/core/crypto.ts'
import { signerFrom, verifyFast } from '../../../src/store/ed25519.ts'
import type { Chance } from './chance.ts'

/** When the simulated rooms were founded. */
export const EPOCH = 1_700_000_000_000

export type Founding = {
  room: RoomId
  /** The auth log that everybody but the last has. */
  ops: Uint8Array[]
  peers: { signer: Signer; actor: ActorId }[]
  /** What the last one asks with. */
  request: ReturnType<typeof makeJoinRequest>
}

/** Founds a room of so many peers, the last of whom holds a link and nothing else. */
export function found(chance: Chance, size: number): Founding {
  const peers = Array.from({ length: size }, () => {
    const signer = signerFrom(chance.bytes(32))
    return { signer, actor: actorOf(signer.key, hex(chance.bytes(8))) }
  })
  const { signer: founder, actor } = peers[0] as Founding['peers'][number]
  const at = EPOCH as Instant
  const genesis = makeGenesis(founder, {
    incarnation: actor.slice(64),
    founder: 'peer-0' as Name,
    name: 'sim' as Name,
    secret: chance.bytes(32),
    approve: false,
    at,
  })
  const room = genesis.id as string as RoomId
  const ops = [genesis.bytes]
  let parent: Hash = genesis.id
  const spot = () => ({ room, parents: [parent], at })
  const grow = (op: { id: Hash; bytes: Uint8Array }) => {
    ops.push(op.bytes)
    parent = op.id
  }
  const invite = signerFrom(chance.bytes(32))
  const asked = { key: invite.key, role: 'member' as const, uses: 100, expires: undefined }
  const made = makeInvite(founder, spot(), asked)
  grow(made)
  const requests = peers.map(({ signer: member }, n) =>
    makeJoinRequest({ room, invite, member, name: `peer-${n}` as Name }))
  for (const [n, request] of requests.entries()) {
    if (n === 0 || n === size - 1) continue
    grow(makeAdmit(founder, spot(), { invite: made.id, request, name: `peer-${n}` as Name }))
  }
  return { room, ops, peers, request: requests.at(-1) as Founding['request'] }
}

const known = new Map<string, { key: string; message: Uint8Array; sound: boolean }>()

/** Checks each signature once in the whole process: everybody gets the same bytes many times. */
export const verifyOnce: Verify = (key, message, signature) => {
  const name = Buffer.from(signature).toString('latin1')
  const before = known.get(name)
  if (before?.key === key && Buffer.compare(before.message, message) === 0) return before.sound
  const sound = verifyFast(key, message, signature)
  if (known.size > 20_000) known.clear()
  known.set(name, { key, message: message.slice(), sound })
  return sound
}

const sound = new Map<PublicKey, boolean>()

/** Looks at each key once in the whole process. */
export function isSoundOnce(key: PublicKey): boolean {
  const answer = sound.get(key) ?? isSoundKey(key)
  if (sound.size > 20_000) sound.clear()
  sound.set(key, answer)
  return answer
}
