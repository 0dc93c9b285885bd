/** What a room's secret opens: links, the handshake, and finding each other on a local network. */
import type { RoomId } from '../core/brand.ts'
import { sha256, tagged } from '../core/bytes/hash.ts'
import { hex } from '../core/bytes/text.ts'
import { Writer } from '../core/bytes/writer.ts'
import { formatLink, parseAddress } from '../core/auth/link.ts'
import { LINK_ADDRESSES_MAX } from '../core/limits.ts'
import type { RunningRoom } from './running.ts'

/** What somebody must know to reach the peers of a room at all. */
export type Secret = { room: RoomId; secret: Uint8Array }

/** The link for an invite's seed, with the addresses of now. */
export function linkFor(room: RunningRoom, seed: Uint8Array): string {
  const { engine, mesh } = room
  const addresses = mesh.addresses().flatMap((address) => parseAddress(address) ?? [])
  const { secret } = engine.membership
  const few = addresses.slice(0, LINK_ADDRESSES_MAX)
  return formatLink({ room: engine.volume.room, secret, seed, addresses: few })
}

/** The Noise prologue: who has another one fails in the handshake. */
export function prologueOf({ room, secret }: Secret): Uint8Array {
  return sha256(tagged('knot/prologue/1', new Writer().raw(secret).id(room).done()))
}

/** The service name under which the peers of a room look for each other by mDNS. */
export function mdnsTagOf({ room, secret }: Secret): string {
  const digest = sha256(tagged('knot/mdns/1', new Writer().raw(secret).id(room).done()))
  return `_knot-${hex(digest.subarray(0, 4))}._udp.local`
}
