/**
 * Opening the engine from the disk: the auth log, then the streams, then the term chain. Signatures
 * are not checked again: what is in the log was accepted before it was written, and every record
 * there has its checksum.
 */
import { Failure } from '../api/errors.ts'
import { agentIdOf } from '../core/auth/identity.ts'
import { evaluate } from '../core/auth/evaluate.ts'
import { AuthLog } from '../core/auth/log.ts'
import { decodeOp } from '../core/auth/op.ts'
import { type ActorId, actorOf, type RoomId } from '../core/brand.ts'
import { restoreChain } from '../core/engine/chain.ts'
import { restoreOps } from '../core/engine/authority.ts'
import type { StoreEntry } from '../core/engine/effect.ts'
import { type Engine, openState } from '../core/engine/state.ts'
import { restoreChange } from '../core/engine/streams.ts'
import { openLease } from '../core/lease/lease.ts'
import { writes } from '../core/auth/roles.ts'
import { openVolume } from '../core/room/genesis.ts'
import { newIncarnation, verifyFast } from '../store/ed25519.ts'
import { nodeDisk } from '../store/node-disk.ts'
import { openRoom, type Room, type StoredEntry } from '../store/room.ts'
import type { Fault } from '../store/disk.ts'
import type { Identity } from './identity.ts'
import type { World } from './loop.ts'
import { takeNextKey } from './next-key.ts'

/** An engine as the disk left it, and the store that it goes on writing. */
export type OpenedEngine = {
  engine: Engine
  store: Room
  persist: World['persist']
  size(): { changes: number; bytes: number }
}

/** The store of a checkout's room, opened; `restore` is given every entry. */
export async function openStore(
  { home }: Identity,
  restore: (entry: StoredEntry) => void,
): Promise<{ store: Room; incarnation: string; torn: readonly { path: string }[] }> {
  const opened = await openRoom({ home, disk: nodeDisk, restore })
  switch (opened.kind) {
    case 'ok':
      return { store: opened.room, incarnation: opened.incarnation, torn: opened.torn }
    case 'corrupt': {
      const { damage } = opened
      const fix = 'restore .knot from a backup, or join again as a new agent in another clone'
      throw new Failure('STORE_CORRUPT', damage.why, fix)
    }
    case 'failed':
      throw storeFailure(opened.fault)
  }
}

/** A fault of the disk, as the API tells it. */
export function storeFailure(fault: Fault): Failure {
  return brokenDisk(fault.why)
}

/** What the disk refused, as the API tells it. */
export function brokenDisk(why: string): Failure {
  return new Failure('STORE_CORRUPT', why, 'mend the disk, then run the command again')
}

/** Everything that the log holds, by kind, each in its order. */
type Restored = {
  auth: Uint8Array[]
  changes: { bytes: Uint8Array; signature: Uint8Array | undefined }[]
  records: Uint8Array[]
  certificates: Uint8Array[]
  words: Uint8Array[]
}

/** Whether the disk holds a room: the log has a genesis. */
export async function openEngine(
  identity: Identity,
  log: (text: string) => void,
): Promise<OpenedEngine | undefined> {
  const restored: Restored = { auth: [], changes: [], records: [], certificates: [], words: [] }
  let bytes = 0
  const { store, incarnation, torn } = await openStore(identity, (entry) => {
    bytes += collect(restored, entry)
  })
  for (const { path } of torn) log(`${path} ended in half a record; it was cut off and kept aside`)
  try {
    const engine = await rebuild(identity, store, restored, incarnation)
    if (engine === undefined) {
      await store.close()
      return undefined
    }
    let changes = restored.changes.length
    const persist: World['persist'] = async (entries) => {
      store.append(entries.map(storedEntry))
      const flushed = await store.flush()
      for (const entry of entries) {
        bytes += entry.bytes.length
        if (entry.kind === 'change') changes++
      }
      return flushed.kind === 'ok' ? flushed : { kind: 'failed', why: flushed.fault.why }
    }
    return { engine, store, persist, size: () => ({ changes, bytes }) }
  } catch (error) {
    await store.close()
    throw error
  }
}

function collect(restored: Restored, entry: StoredEntry): number {
  switch (entry.kind) {
    case 'incarnation':
      // Words of an earlier life bind that life's actor, which votes no more.
      restored.words = []
      return 0
    case 'change': {
      const { bytes, signature } = entry
      restored.changes.push({ bytes: bytes.slice(), signature: signature?.slice() })
      return bytes.length
    }
    case 'auth':
      restored.auth.push(entry.bytes.slice())
      return entry.bytes.length
    case 'record':
      restored.records.push(entry.bytes.slice())
      return entry.bytes.length
    case 'certificate':
      restored.certificates.push(entry.bytes.slice())
      return entry.bytes.length
    case 'word':
      restored.words.push(entry.bytes.slice())
      return entry.bytes.length
    default:
      return 0
  }
}

async function rebuild(
  identity: Identity,
  store: Room,
  restored: Restored,
  incarnation: string,
): Promise<Engine | undefined> {
  const [genesis] = restored.auth
  const read = genesis === undefined ? undefined : decodeOp(genesis)
  if (read?.kind !== 'ok') return undefined
  const auth = new AuthLog(read.value.id as RoomId)
  for (const bytes of restored.auth) auth.add(bytes, () => true)
  const membership = evaluate(auth)
  if (membership === undefined) throw new Error('bug: a genesis that founds no room was stored')
  const life = await takeNextKey(identity, { membership, store })
  const { signer, config } = identity
  const volume = openVolume(auth.room, 0)
  const open = (actor: ActorId, words: readonly Uint8Array[]) =>
    openLease({
      room: auth.room,
      me: { ...signer, actor },
      first: [membership.founder],
      verify: verifyFast,
      journal: words,
      records: restored.records,
      certificates: restored.certificates,
    })
  let actor = actorOf(signer.key, life ?? incarnation)
  let lease = open(actor, life === undefined ? restored.words : [])
  const member = membership.byKey(signer.key)
  const writesAgain = member?.status === 'member' && writes(member.role)
  const isEnded = membership.sealOf(actor, volume.id) !== undefined
  if (lease.kind === 'rolled-back' || (writesAgain && isEnded)) {
    // The disk holds less than this life has said, or its stream was ended while it could not
    // write: it ends here, and a new one begins.
    const next = newIncarnation()
    store.append([{ kind: 'incarnation', incarnation: next }])
    const flushed = await store.flush()
    if (flushed.kind === 'stopped') throw storeFailure(flushed.fault)
    actor = actorOf(signer.key, next)
    lease = open(actor, [])
  }
  if (lease.kind !== 'open') throw new Failure('STORE_CORRUPT', lease.why, 'knot doctor')
  const agent = membership.byKey(signer.key)?.agent ?? agentIdOf(signer.key)
  const integrates = config.integrate === false ? ('no' as const) : ('yes' as const)
  const me = { signer, actor, agent, integrates }
  const state = { me, verify: verifyFast, volume, auth, membership, lease: lease.lease }
  const engine = openState(state)
  restoreOps(engine)
  for (const change of restored.changes) restoreChange(engine, change)
  restoreChain(engine)
  return engine
}

function storedEntry(entry: StoreEntry): StoredEntry {
  if (entry.kind === 'change') return { ...entry, volume: 0 }
  return entry.kind === 'journal' ? { kind: 'word', bytes: entry.bytes } : entry
}
