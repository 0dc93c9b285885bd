/** Public keys as libp2p names them: an Ed25519 peer id holds the key itself, so they are one. */
import { generateKeyPairFromSeed, publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import type { PublicKey } from '../core/brand.ts'
import { fromHex, hex } from '../core/bytes/text.ts'

/** The key that a peer id names; undefined for the kinds of keys that knot has no use for. */
export function keyOfPeer(peer: PeerId): PublicKey | undefined {
  return peer.type === 'Ed25519' ? (hex(peer.publicKey.raw) as PublicKey) : undefined
}

/** The libp2p peer id of a key. */
export function peerOfKey(key: PublicKey): PeerId {
  const raw = fromHex(key)
  if (raw?.length !== 32) throw new Error(`bug: "${key}" is not a public key`)
  return peerIdFromPublicKey(publicKeyFromRaw(raw))
}

/** The public key of a 32-byte seed. */
export async function keyOfSeed(seed: Uint8Array): Promise<PublicKey> {
  const { publicKey } = await generateKeyPairFromSeed('Ed25519', seed)
  return hex(publicKey.raw) as PublicKey
}
