/** What an agent is in the room, as told by the ops that stand in some past. */
import type { PublicKey } from '../brand.ts'
import { type Bits, holds } from './bits.ts'
import type { Entry } from './log.ts'
import type { DeedOf, Dossier, Register } from './register.ts'
import { type GivenRole, type Role, governs, lesser } from './roles.ts'

/**
 * What an op is worth. `ended`: its author had the right and lost it, and who ended it had not seen
 * the op; of an admission the joiner still counts as waiting. `void`: there never was a right.
 */
export type Worth = 'stands' | 'ended' | 'void'

/** An agent that was let in and not removed. */
export type Place = {
  /** The agent's first key, from which its id is made. */
  readonly root: PublicKey
  readonly admission: Entry
  /** How many handed the right to be here on, from the founder's 0. */
  readonly distance: number
  readonly role: Role
  /** Let in, but waiting for a founder or admin. */
  readonly waits: boolean
  /** Every key that was ever right, oldest first. */
  readonly keys: readonly PublicKey[]
  readonly key: PublicKey
  /** Keys that sign for the agent now: not those that were rotated away. */
  readonly valid: ReadonlySet<PublicKey>
}

/** What was found out about the ops so far, by their index. */
export type Ruling = {
  readonly worth: (Worth | undefined)[]
  /** What the author was when it wrote the op; for ops that had the right. */
  readonly author: (Place | undefined)[]
}

/** Where to look: the ops, what they are worth, and the past that is asked about. */
export type Sight = {
  readonly register: Register
  readonly ruling: Ruling
  readonly past: Bits | 'all'
}

/**
 * The first key of the agent that a key belongs to: itself, or where it came by a rotation that
 * stands, that of the key before it.
 */
export function rootOf(sight: Sight, key: PublicKey): PublicKey {
  const rotations = standing(sight, sight.register.dossierOf(key)?.rotations ?? [])
  const passed = new Set<PublicKey>()
  let root = key
  for (;;) {
    passed.add(root)
    const before = rotations.find(({ op }) => (op.deed as DeedOf<'rotate'>).key === root)
    if (before === undefined) return root
    // Two keys, each let in on its own side and each rotated to the other, are nobody's.
    if (passed.has(before.op.author)) return [...passed].sort()[0] as PublicKey
    root = before.op.author
  }
}

/** Whom a removal or change of role meant: the agent that the key belonged to in the op's past. */
export function targetOf({ register, ruling }: Sight, { op, past }: Entry): PublicKey {
  const { member } = op.deed as DeedOf<'remove' | 'role' | 'admit' | 'add'>
  return rootOf({ register, ruling, past }, member)
}

/** What the agent with this first key is in that past; undefined when it is not in the room. */
export function placeOf(sight: Sight, root: PublicKey): Place | undefined {
  const dossier = dossierOf(sight, root)
  if (dossier === undefined || rootOf(sight, root) !== root) return undefined

  const removals = standing(sight, dossier.removals)
  const live = seen(sight, dossier.admissions).filter(entry => {
    const counts = worthOf(sight, entry) === 'stands' || isWaitingFor(sight, entry)
    return counts && removals.every(removal => holds(entry.past, removal.index))
  })
  const admission = live.sort((a, b) => seniority(sight, a, b))[0]
  if (admission === undefined) return undefined

  const { keys, key, valid } = keysOf(sight, { dossier, live, admission })
  const distance = distanceOf(sight, admission)
  const role = roleOf(sight, dossier, admission, live)
  return { root, admission, distance, role, waits: waits(sight, admission), keys, key, valid }
}

/** Whether an author may sign with this key, and is more than someone who waits. */
export function isActive(place: Place | undefined, key: PublicKey): place is Place {
  return place !== undefined && !place.waits && place.valid.has(key)
}

/** The first keys of all agents that anything in the log would have let in. */
export function rootsOf(sight: Sight): PublicKey[] {
  const admissions = [...sight.register.dossiers].flatMap(file => file.admissions)
  const roots = admissions.map(entry => {
    return isGenesis(entry) ? entry.op.author : targetOf(sight, entry)
  })
  return [...new Set(roots)]
}

/** What there is about one agent, out of the file that it shares with kin. */
export function dossierOf(sight: Sight, root: PublicKey): Dossier | undefined {
  const shared = sight.register.dossierOf(root)
  if (shared === undefined || shared.rotations.length === 0) return shared
  const isOwn = (entry: Entry): boolean => {
    return (isGenesis(entry) ? entry.op.author : targetOf(sight, entry)) === root
  }
  return {
    admissions: shared.admissions.filter(isOwn),
    removals: shared.removals.filter(isOwn),
    roles: shared.roles.filter(isOwn),
    rotations: shared.rotations,
  }
}

/** How many handed on the right that an admission gives: it follows the invite, not the sponsor. */
export function distanceOf({ register, ruling }: Sight, { index, op }: Entry): number {
  if (op.deed.kind === 'genesis') return 0
  const giver = op.deed.kind === 'admit' ? register.find(op.deed.invite).index : index
  return 1 + (ruling.author[giver]?.distance ?? 0)
}

/** Those of a list that lie in the past and stand. */
export function standing(sight: Sight, entries: readonly Entry[]): Entry[] {
  return seen(sight, entries).filter(entry => worthOf(sight, entry) === 'stands')
}

/** Those of a list that lie in the past. */
export function seen({ past }: Sight, entries: readonly Entry[]): Entry[] {
  return entries.filter(({ index }) => past === 'all' || holds(past, index))
}

function worthOf({ ruling }: Sight, { index }: Entry): Worth | undefined {
  return ruling.worth[index]
}

// An addition is a decision of its author alone; an admission also shows that the joiner was
// invited, so it outlives the right of whoever happened to sponsor it, as a request.
function isWaitingFor(sight: Sight, entry: Entry): boolean {
  return worthOf(sight, entry) === 'ended' && entry.op.deed.kind === 'admit'
}

function waits(sight: Sight, admission: Entry): boolean {
  const approvals = sight.register.approvals.get(admission.id) ?? []
  if (standing(sight, approvals).length > 0) return false
  if (isWaitingFor(sight, admission)) return true
  if (!sight.register.genesis.op.deed.approve) return false

  const { kind } = admission.op.deed
  if (kind === 'add') return !governs(sight.ruling.author[admission.index]?.role ?? 'relay')
  return kind === 'admit'
}

function seniority(sight: Sight, a: Entry, b: Entry): number {
  const waiting = Number(waits(sight, a)) - Number(waits(sight, b))
  const distance = distanceOf(sight, a) - distanceOf(sight, b)
  return waiting || distance || (a.id < b.id ? -1 : 1)
}

function roleOf(
  sight: Sight,
  dossier: Dossier,
  admission: Entry,
  live: readonly Entry[],
): Role {
  const { deed } = admission.op
  if (deed.kind === 'genesis') return 'founder'

  const changes = standing(sight, dossier.roles).filter(change => {
    return live.some(({ index }) => holds(change.past, index))
  })
  const latest = changes.filter(({ index }) => !changes.some(later => holds(later.past, index)))
  const roles = latest.map(({ op }) => (op.deed as DeedOf<'role'>).role)
  return roles.length > 0 ? roles.reduce<Role>(lesser, 'founder') : givenBy(sight, admission)
}

/** The role that an invite or an addition hands out. */
function givenBy({ register }: Sight, { op }: Entry): GivenRole {
  if (op.deed.kind === 'add') return op.deed.role
  const { invite } = op.deed as DeedOf<'admit'>
  return (register.find(invite).op.deed as DeedOf<'invite'>).role
}

function keysOf(
  sight: Sight,
  { dossier, live, admission }: { dossier: Dossier; live: readonly Entry[]; admission: Entry },
): Pick<Place, 'keys' | 'key' | 'valid'> {
  const rotations = standing(sight, dossier.rotations)
  const keys = new Set(live.map(admittedKey))
  let key = admittedKey(admission)
  for (const { op } of rotations) {
    if (!keys.has(op.author)) continue
    const next = (op.deed as DeedOf<'rotate'>).key
    keys.add(next)
    if (key === op.author) key = next
  }
  const retired = new Set(rotations.map(({ op }) => op.author))
  const valid = new Set([...keys].filter(each => !retired.has(each)))
  return { keys: [...keys], key, valid }
}

/** The key that a genesis, an admission or an addition lets in. */
export function admittedKey({ op }: Entry): PublicKey {
  const { deed } = op
  return deed.kind === 'admit' || deed.kind === 'add' ? deed.member : op.author
}

function isGenesis({ op }: Entry): boolean {
  return op.deed.kind === 'genesis'
}
