/**
 * The chain that one peer holds, and what the accepts it knows prove about it.
 *
 * Records after `confirmed` may still be replaced by a chain that ranks higher; those up to it
 * never. Which sets of voters matter at a place follows from the chain alone; whether the last
 * change of them counts is knowledge, which only grows and without which a peer is merely slower.
 */
import type { ActorId, Hash, RoomId } from '../brand.ts'
import { ACCEPTS_MAX } from '../limits.ts'
import type { Accept } from './ballot.ts'
import type { Position } from './position.ts'
import type { ChainRecord, Held } from './record.ts'
import type { ChangeSets, Rules } from './rules.ts'
import { isEnough, isNamed, type Voters } from './voters.ts'

/** A voters record in the chain. `counted`: the term whose accepts prove that it counts. */
export type Change = ChangeSets & {
  readonly seq: number
  readonly term: number
  counted: number | undefined
}

/** One term in the chain: it begins with the `open` record at `from`. */
export type Reign = { readonly term: number; readonly leader: ActorId; readonly from: number }

/** An accept of a record of this chain; `carriedBy` is the record that shows it to everybody. */
type Known = { readonly accept: Accept; carriedBy: number | undefined }

export type Chain = {
  readonly room: RoomId
  readonly first: Voters
  readonly held: Held[]
  readonly reigns: Reign[]
  readonly changes: Change[]
  /** Term, then voter: the furthest accept. */
  readonly accepts: Map<number, Map<ActorId, Known>>
  /** The last confirmed place; its term is the one whose accepts prove it. */
  confirmed: Position
}

export type Tail = Position & { readonly id: Hash }

/** A chain before its first record, with the voters that its era begins with. */
export function emptyChain(room: RoomId, first: Voters): Chain {
  return {
    room,
    first,
    held: [],
    reigns: [],
    changes: [],
    accepts: new Map(),
    confirmed: { term: 0, seq: 0 },
  }
}

/** Where the chain ends. The empty chain ends at the room itself. */
export function tailOf(chain: Chain): Tail {
  const last = chain.held.at(-1)
  if (last === undefined) return { term: 0, seq: 0, id: chain.room }
  return { term: last.record.term, seq: last.record.seq, id: last.id }
}

/** Whether the chain has exactly this record at this place; every chain has the room at 0. */
export function contains(
  chain: Chain,
  { seq, id }: { readonly seq: number; readonly id: Hash },
): boolean {
  return idAt(chain, seq) === id
}

/** The id of the record at a place, from 1. */
export function idAt(chain: Chain, seq: number): Hash | undefined {
  return seq === 0 ? chain.room : chain.held[seq - 1]?.id
}

/** The record at a place, from 1. */
export function recordAt(chain: Chain, seq: number): ChainRecord | undefined {
  return chain.held[seq - 1]?.record
}

/** Appends a record that was checked (or written here) and takes in the accepts it carries. */
export function push(chain: Chain, held: Held, rules: Rules): void {
  const { record } = held
  if (record.seq !== chain.held.length + 1) throw new Error(`bug: ${record.seq} does not follow`)

  const [old] = setsFor(chain, tailOf(chain), (change) => [change.voters])
  chain.held.push(held)
  const { payload, seq, term, leader } = record
  if (payload.kind === 'open') chain.reigns.push({ term, leader, from: seq })
  if (payload.kind === 'voters') {
    const { voters } = payload
    chain.changes.push({ seq, term, old: old as Voters, voters, counted: undefined })
  }
  for (const accept of record.accepts) learn(chain, accept, seq)
  if (record.accepts.length > 0) judge(chain, rules)
}

/** Whether an accept speaks of this chain; one that does not proves nothing here. */
export function fits(chain: Chain, accept: Accept): boolean {
  return contains(chain, accept) && recordAt(chain, accept.seq)?.term === accept.term
}

/** Whether an accept of this voter and term that reaches as far is known already. */
export function isKnown(chain: Chain, accept: Accept): boolean {
  const known = chain.accepts.get(accept.term)?.get(accept.voter)
  return known !== undefined && known.accept.seq >= accept.seq
}

/** Takes in an accept that fits and whose signature holds. */
export function learn(chain: Chain, accept: Accept, carriedBy: number | undefined): void {
  const byVoter = chain.accepts.get(accept.term) ?? new Map<ActorId, Known>()
  chain.accepts.set(accept.term, byVoter)
  const known = byVoter.get(accept.voter)
  if (known === undefined || known.accept.seq < accept.seq) {
    byVoter.set(accept.voter, { accept, carriedBy })
  } else if (known.accept.seq === accept.seq) {
    known.carriedBy ??= carriedBy
  }
}

/** Draws every conclusion from the accepts that are known: what counts, then what is confirmed. */
export function judge(chain: Chain, rules: Rules): void {
  judgeChange(chain, rules)
  judgeConfirmed(chain, rules)
  forget(chain)
}

/** The voter sets that matter at a place: one, or two while the last change may not count. */
export function setsFor(
  chain: Chain,
  place: Position,
  both: (change: ChangeSets) => readonly Voters[],
): readonly Voters[] {
  const change = chain.changes.findLast(({ seq }) => seq <= place.seq)
  if (change === undefined) return [chain.first]
  // That a change counts helps only in the term that proves it and in later ones: in an earlier
  // one there may be a leader, elected by the old set, to whom it does not count.
  if (change.counted !== undefined && change.counted <= place.term) return [change.voters]
  return both(change)
}

/**
 * Whether an actor could be elected on top of this place. A leader the last change leaves out may
 * be elected by those who do not know yet that it counts, and those who know must follow it.
 */
export function couldLead(chain: Chain, { actor, seq }: { actor: ActorId; seq: number }): boolean {
  const change = chain.changes.findLast((one) => one.seq <= seq)
  return isNamed(actor, change === undefined ? [chain.first] : [change.old, change.voters])
}

/** The accepts worth carrying in the next record: those of one term that no record carries yet. */
export function uncarried(chain: Chain): readonly Accept[] {
  const counted = chain.changes.at(-1)?.counted
  const terms = [...chain.accepts.keys()].sort((a, b) => b - a)
  // The proof that a change counts goes first: without it others refuse what follows from it.
  for (const term of counted === undefined ? terms : [counted, ...terms]) {
    const accepts = acceptsOf(chain, term, (known) => known.carriedBy === undefined)
    if (accepts.length > 0) return accepts
  }
  return []
}

/** What proves that the chain is confirmed so far and its last change counts, as far as no record
 *  shows it: a list of accepts for each term that it takes. */
export function proofsOf(chain: Chain): readonly (readonly Accept[])[] {
  const counted = chain.changes.at(-1)?.counted ?? chain.confirmed.term
  return [...new Set([chain.confirmed.term, counted])]
    .filter((term) => acceptsOf(chain, term, (known) => known.carriedBy === undefined).length > 0)
    .map((term) => acceptsOf(chain, term, () => true))
}

/** Who has accepted a place of its own term, or anything beyond it in that term. */
export function acceptersOf(chain: Chain, place: Position, rules: Rules): Set<ActorId> {
  const got = new Set<ActorId>()
  for (const byVoter of chain.accepts.values()) {
    for (const { accept } of byVoter.values()) {
      if (rules.proves(accept, place)) got.add(accept.voter)
    }
  }
  return got
}

/**
 * The chain up to a place, as the start of another branch. Accepts of the branch that is left
 * cannot be shown to anybody on the other one and are dropped, and with them what they prove of
 * changes; what is confirmed stays so.
 */
export function fork(chain: Chain, seq: number, rules: Rules): Chain {
  const branch = emptyChain(chain.room, chain.first)
  for (const held of chain.held.slice(0, seq)) push(branch, held, rules)
  for (const byVoter of chain.accepts.values()) {
    for (const { accept } of byVoter.values()) {
      if (accept.seq <= seq) learn(branch, accept, undefined)
    }
  }
  judge(branch, rules)
  if (chain.confirmed.seq > branch.confirmed.seq) branch.confirmed = chain.confirmed
  return branch
}

function judgeChange(chain: Chain, rules: Rules): void {
  const change = chain.changes.at(-1)
  if (change === undefined || change.counted !== undefined) return
  for (const [at, reign] of chain.reigns.entries()) {
    if (endOf(chain, at) < change.seq || !chain.accepts.has(reign.term)) continue
    const seq = Math.max(change.seq, reign.from)
    if (!rules.counts(acceptersOf(chain, { term: reign.term, seq }, rules), change)) continue
    change.counted = reign.term
    return
  }
}

function judgeConfirmed(chain: Chain, rules: Rules): void {
  for (let at = chain.reigns.length - 1; at >= 0; at--) {
    const reign = chain.reigns[at] as Reign
    const last = endOf(chain, at)
    if (last <= chain.confirmed.seq) return
    // Only records of the reign's own term are looked at; with one, all before it is confirmed.
    for (let seq = last; seq >= reign.from && seq > chain.confirmed.seq; seq--) {
      const place = { term: reign.term, seq }
      const got = acceptersOf(chain, place, rules)
      const sets = setsFor(chain, place, rules.confirmers)
      if (!sets.every((voters) => isEnough(got, voters))) continue
      chain.confirmed = place
      return
    }
  }
}

/** Drops accepts that can prove nothing more: they are of terms before the proof in hand. */
function forget(chain: Chain): void {
  const change = chain.changes.at(-1)
  if (change !== undefined && change.counted === undefined) return
  for (const term of chain.accepts.keys()) {
    if (term < chain.confirmed.term && term !== change?.counted) chain.accepts.delete(term)
  }
}

function acceptsOf(chain: Chain, term: number, which: (known: Known) => boolean): Accept[] {
  const change = chain.changes.at(-1)
  const before = chain.changes.at(-2)
  const voters = new Set<ActorId>([
    ...(change === undefined ? chain.first : [...change.old, ...change.voters]),
    ...(before === undefined ? [] : before.old),
  ])
  return [...(chain.accepts.get(term)?.values() ?? [])]
    .filter((known) => voters.has(known.accept.voter) && which(known))
    .map(({ accept }) => accept)
    .sort((a, b) => (a.voter < b.voter ? -1 : 1))
    .slice(0, ACCEPTS_MAX)
}

function endOf(chain: Chain, reign: number): number {
  return (chain.reigns[reign + 1]?.from ?? chain.held.length + 1) - 1
}
