/**
 * `.knot/peers.json`: where peers were last reached. A memory and no more: what is lost or damaged
 * is learnt again, so nothing here ever stops the daemon.
 */
import type { PublicKey } from '../core/brand.ts'
import { fromUtf8, utf8 } from '../core/bytes/text.ts'
import {
  ADDRESS_MAX_BYTES,
  MEMBERS_MAX,
  PEER_ADDRESSES_MAX,
  SMALL_FILE_MAX_BYTES,
} from '../core/limits.ts'
import type { Disk, Fault } from './disk.ts'
import type { Written } from './files.ts'
import { keepAside, readWhole, writeAtomically } from './files.ts'
import { isRecord, parseJson } from './json.ts'

/** Addresses by key, the one that worked last first; the peer met last is last in the map. */
export type Peers = ReadonlyMap<PublicKey, readonly string[]>

export type ReadPeers =
  | { kind: 'ok'; peers: Peers }
  /** The file was unreadable, and lies at `keptAt` now. */
  | { kind: 'set-aside'; peers: Peers; keptAt: string }
  | { kind: 'failed'; peers: Peers; fault: Fault }

/** Reads what is remembered; always answers with peers, be it none. */
export async function readPeers(disk: Disk, path: string): Promise<ReadPeers> {
  const none: Peers = new Map()
  const read = await readWhole(disk, path, SMALL_FILE_MAX_BYTES)
  if (read.kind === 'missing') return { kind: 'ok', peers: none }
  if (read.kind === 'failed') return { ...read, peers: none }

  const peers = read.kind === 'ok' ? parsePeers(read.bytes) : undefined
  if (peers !== undefined) return { kind: 'ok', peers }
  const kept = await keepAside(disk, path, 'bad')
  if (kept.kind === 'failed') return { ...kept, peers: none }
  return { kind: 'set-aside', peers: none, keptAt: kept.at }
}

/** Writes what is remembered. */
export function writePeers(disk: Disk, path: string, peers: Peers): Promise<Written> {
  const file = { v: 1, peers: Object.fromEntries(peers) }
  return writeAtomically(disk, path, utf8(`${JSON.stringify(file, undefined, 1)}\n`))
}

/** A peer answered at an address: that one comes first from now on. */
export function reached(peers: Peers, key: PublicKey, address: string): Peers {
  if (utf8(address).length > ADDRESS_MAX_BYTES) return peers
  const others = (peers.get(key) ?? []).filter(one => one !== address)
  const next = new Map([...peers].filter(([known]) => known !== key))
  next.set(key, [address, ...others].slice(0, PEER_ADDRESSES_MAX))
  // The peer that was met longest ago is the one to forget.
  if (next.size > MEMBERS_MAX) next.delete(next.keys().next().value as PublicKey)
  return next
}

/** Forgets a peer, as when it is removed from the room. */
export function forgotten(peers: Peers, key: PublicKey): Peers {
  return new Map([...peers].filter(([known]) => known !== key))
}

/** Reads the bytes of such a file; undefined when they are none. */
export function parsePeers(bytes: Uint8Array): Peers | undefined {
  const text = fromUtf8(bytes)
  const parsed = text === undefined ? undefined : parseJson(text)
  if (parsed?.kind !== 'ok' || !isRecord(parsed.value) || parsed.value['v'] !== 1) return undefined
  const { peers } = parsed.value
  if (!isRecord(peers)) return undefined

  const known = new Map<PublicKey, readonly string[]>()
  for (const [key, addresses] of Object.entries(peers).slice(-MEMBERS_MAX)) {
    if (!/^[0-9a-f]{64}$/.test(key) || !Array.isArray(addresses)) return undefined
    const usable = addresses.filter(
      one => typeof one === 'string' && utf8(one).length <= ADDRESS_MAX_BYTES,
    )
    known.set(key as PublicKey, usable.slice(0, PEER_ADDRESSES_MAX))
  }
  return known
}
