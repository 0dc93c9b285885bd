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
import { restoreOps } from '../core/engine/authority.ts'
import type { Effect } from '../core/engine/effect.ts'
import { keepEntry, type Kept, openKept, restoreKept, volumeKept } from '../core/engine/kept.ts'
import { wake } from '../core/engine/lives.ts'
import { type Engine, openState } from '../core/engine/state.ts'
import { decodeSigned, type Signed, type Witness } from '../core/engine/witness.ts'
import { openLease } from '../core/lease/lease.ts'
import { newIncarnation, newSeed, verifyFast } from '../store/ed25519.ts'
import { nodeDisk } from '../store/node-disk.ts'
import { openRoom, type Room, type Rotation, type StoredEntry } from '../store/room.ts'
import type { Fault } from '../store/disk.ts'
import type { Identity } from './identity.ts'
import { clocks, type World } from './loop.ts'
import { takeNextKey } from './next-key.ts'
import { storedEntries } from './stored.ts'

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
  /** The incarnation that room.log names last, and the last own change that the journal names. */
  life: string | undefined
  signed: Signed | undefined
  auth: Uint8Array[]
  kept: Kept
  records: Uint8Array[]
  certificates: Uint8Array[]
  words: Uint8Array[]
}

/** Whether the disk holds a room: the log has a genesis. */
export async function openEngine(
  identity: Identity,
  log: (text: string) => void,
): Promise<OpenedEngine | undefined> {
  const restored: Restored = {
    life: undefined,
    signed: undefined,
    auth: [],
    kept: openKept(),
    records: [],
    certificates: [],
    words: [],
  }
  let bytes = 0
  const { store, incarnation, torn } = await openStore(identity, (entry) => {
    bytes += collect(restored, entry)
  })
  for (const { path } of torn) log(`${path} ended in half a record; it was cut off and kept aside`)
  try {
    const rebuilt = await rebuild(identity, store, restored, incarnation)
    if (rebuilt === undefined) {
      await store.close()
      return undefined
    }
    let changes = restored.kept.changes.length
    let rotated = store.rotated
    if (rotated !== undefined) log(rotationInWords(rotated))
    const persist: World['persist'] = async (entries) => {
      store.append(storedEntries(entries))
      const flushed = await store.flush()
      for (const entry of entries) {
        bytes += entry.bytes.length
        if (entry.kind === 'change') changes++
      }
      if (store.rotated !== rotated) {
        rotated = store.rotated
        const { size } = rebuilt.engine
        if (rotated?.kind === 'ok') [changes, bytes] = [size.changes, rotated.after]
        if (rotated !== undefined) log(rotationInWords(rotated))
      }
      return flushed.kind === 'ok' ? flushed : { kind: 'failed', why: flushed.fault.why }
    }
    const { engine, witness } = rebuilt
    await awake(wake(engine, clocks(), witness), { persist, log })
    return { engine, store, persist, size: () => ({ changes, bytes }) }
  } catch (error) {
    await store.close()
    throw error
  }
}

function rotationInWords(rotated: Rotation): string {
  const { ms } = rotated
  if (rotated.kind === 'kept') return `room.log was not written anew: ${rotated.why}`
  const { before, after, closed } = rotated
  return `room.log went from ${before} to ${after} bytes in ${ms} ms; ${closed} has what was before`
}

function collect(restored: Restored, entry: StoredEntry): number {
  switch (entry.kind) {
    case 'incarnation':
      // Words of an earlier life bind that life's actor, which votes no more.
      restored.words = []
      restored.signed = undefined
      return 0
    case 'life':
      restored.life = entry.incarnation
      return 0
    case 'signed': {
      const read = decodeSigned(entry.bytes)
      // A journal that cannot be read says nothing of what was signed: as if all of it were lost.
      if (read.kind === 'malformed') restored.life = undefined
      else restored.signed = read.value
      return 0
    }
    case 'change':
    case 'carried':
    case 'owed':
    case 'volume': {
      const why = keepEntry(restored.kept, entry)
      if (why !== undefined) throw new Failure('STORE_CORRUPT', `room.log: ${why}`, 'knot doctor')
      return entry.bytes.length
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

/** Puts on disk what the engine began with, and says so. */
async function awake(
  effects: readonly Effect[],
  { persist, log }: { persist: World['persist']; log: (text: string) => void },
): Promise<void> {
  const entries = effects.flatMap((effect) => (effect.kind === 'persist' ? [effect.entry] : []))
  const written = entries.length === 0 ? { kind: 'ok' as const } : await persist(entries)
  if (written.kind === 'failed') throw brokenDisk(written.why)
  for (const effect of effects) if (effect.kind === 'note') log(effect.text)
}

/** The engine, and what both logs say of its life. */
type Rebuilt = { engine: Engine; witness: Witness }

async function rebuild(
  identity: Identity,
  store: Room,
  restored: Restored,
  before: string,
): Promise<Rebuilt | undefined> {
  const [genesis] = restored.auth
  const read = genesis === undefined ? undefined : decodeOp(genesis)
  if (read?.kind !== 'ok') return undefined
  const auth = new AuthLog(read.value.id as RoomId)
  for (const bytes of restored.auth) auth.add(bytes, () => true)
  const membership = evaluate(auth)
  if (membership === undefined) throw new Error('bug: a genesis that founds no room was stored')
  const taken = await takeNextKey(identity, { membership, store })
  // A new key begins a life of its own, in both logs.
  const incarnation = taken ?? before
  const { life, signed } = taken === undefined ? restored : { life: taken, signed: undefined }
  const { signer, config } = identity
  const volume = volumeKept(auth.room, restored.kept)
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
  const actor = actorOf(signer.key, incarnation)
  let lease = open(actor, taken === undefined ? restored.words : [])
  // The disk holds less than this life has said: it ends before it says anything more.
  const rolledBack = lease.kind === 'rolled-back' ? lease.why : undefined
  if (rolledBack !== undefined) lease = open(actorOf(signer.key, newIncarnation()), [])
  if (lease.kind !== 'open') throw new Failure('STORE_CORRUPT', lease.why, 'knot doctor')
  const agent = membership.byKey(signer.key)?.agent ?? agentIdOf(signer.key)
  const integrates = config.integrate === false ? ('no' as const) : ('yes' as const)
  const me = { signer, actor, agent, integrates, seed: newSeed() }
  const state = { me, verify: verifyFast, volume, auth, membership, lease: lease.lease }
  const engine = openState(state)
  restoreOps(engine)
  restoreKept(engine, restored.kept)
  return { engine, witness: { incarnation, life, signed, rolledBack } }
}
