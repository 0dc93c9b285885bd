/**
 * The ops of one evaluation, filed under the keys that they concern.
 *
 * Keys that some rotation connects are kin and share a file, whether or not the rotation is worth
 * anything: who belongs to whom is only known when everything in the file is.
 */
import type { Hash, PublicKey } from '../brand.ts'
import { type Bits, holds } from './bits.ts'
import { namedBy } from './check.ts'
import type { Deed } from './deed.ts'
import { type AuthLog, type Entry, order } from './log.ts'

/** The ops about keys that are kin, each list in canonical order. */
export type Dossier = {
  /** Genesis, admissions and additions. */
  readonly admissions: Entry[]
  readonly removals: Entry[]
  readonly roles: Entry[]
  readonly rotations: Entry[]
}

export type Register = {
  /** In canonical order: parents first, and the same on every peer. */
  readonly ops: readonly Entry[]
  readonly genesis: Entry & { readonly op: { readonly deed: DeedOf<'genesis'> } }
  /** What there is about a key; undefined when nothing names it. */
  readonly dossierOf: (key: PublicKey) => Dossier | undefined
  readonly dossiers: ReadonlySet<Dossier>
  /** By the admission that they approve. */
  readonly approvals: ReadonlyMap<Hash, readonly Entry[]>
  /** By the invite that they close. */
  readonly closes: ReadonlyMap<Hash, readonly Entry[]>
  readonly recoveries: readonly Entry[]
  readonly find: (id: Hash) => Entry
}

export type DeedOf<Kind extends Deed['kind']> = Extract<Deed, { kind: Kind }>

/** Files the ops of the log that lie within a set; undefined when the genesis does not. */
export function register(log: AuthLog, within: Bits | 'all'): Register | undefined {
  const inSight = (entry: Entry): boolean => within === 'all' || holds(within, entry.index)
  const ops = log.ops().filter(inSight).sort(order)
  const genesis = ops.find(isGenesis)
  if (genesis === undefined) return undefined

  const files = openFiles(ops)
  const fileOf = (key: PublicKey): Dossier => files.get(key) as Dossier
  const approvals = new Map<Hash, Entry[]>()
  const closes = new Map<Hash, Entry[]>()
  const recoveries: Entry[] = []
  for (const entry of ops) {
    const { author, deed } = entry.op
    if (deed.kind === 'genesis') fileOf(author).admissions.push(entry)
    if (deed.kind === 'admit' || deed.kind === 'add') fileOf(deed.member).admissions.push(entry)
    if (deed.kind === 'remove') fileOf(deed.member).removals.push(entry)
    if (deed.kind === 'role') fileOf(deed.member).roles.push(entry)
    if (deed.kind === 'rotate') fileOf(author).rotations.push(entry)
    if (deed.kind === 'approve') push(approvals, deed.admission, entry)
    if (deed.kind === 'close') push(closes, deed.invite, entry)
    if (deed.kind === 'recover') recoveries.push(entry)
  }
  const dossierOf = (key: PublicKey): Dossier | undefined => files.get(key)
  const dossiers = new Set(files.values())
  const find = (id: Hash): Entry => log.entry(id) as Entry
  return { ops, genesis, dossierOf, dossiers, approvals, closes, recoveries, find }
}

function isGenesis(entry: Entry): entry is Register['genesis'] {
  return entry.op.deed.kind === 'genesis'
}

/** One empty file for all keys that are kin. */
function openFiles(ops: readonly Entry[]): Map<PublicKey, Dossier> {
  const files = new Map<PublicKey, Dossier>()
  const kin = new Map<Dossier, PublicKey[]>()
  for (const { op } of ops) {
    const key = namedBy(op)
    if (key === undefined) continue
    const file = files.get(key) ?? { admissions: [], removals: [], roles: [], rotations: [] }
    const keys = kin.get(file) ?? [key]
    files.set(key, file)
    kin.set(file, keys)

    const older = op.deed.kind === 'rotate' ? files.get(op.author) : undefined
    if (older === undefined || older === file) continue
    for (const each of keys) files.set(each, older)
    kin.get(older)?.push(...keys)
    kin.delete(file)
  }
  return files
}

function push<Key>(map: Map<Key, Entry[]>, key: Key, entry: Entry): void {
  const list = map.get(key) ?? []
  list.push(entry)
  map.set(key, list)
}
