/**
 * Taking records in, from whomever they come.
 *
 * A peer follows the highest-ranking chain that it can verify. Where that is another branch it is
 * built beside the one that is held, and takes its place, all at once, only when it ranks higher.
 * Nothing up to the last confirmed record is ever replaced: a valid chain without it is a
 * contradiction, which is reported and not taken.
 */
import { keyOf, type PublicKey } from '../brand.ts'
import { CONTRADICTIONS_MAX } from '../limits.ts'
import { contains, couldLead, fork, push, recordAt, tailOf, type Chain } from './chain.ts'
import { checkNext, isSigned } from './check.ts'
import { encodeRecord, hold, type ChainRecord, type Held } from './record.ts'
import type { Lease, Turn } from './state.ts'
import { watchForOwn } from './voter.ts'

/** How a list of records was taken. */
export type Adoption =
  | { readonly kind: 'nothing-new' }
  /** The chain or the branch beside it has grown. */
  | { readonly kind: 'grown' }
  /** They do not connect to anything that is held. */
  | { readonly kind: 'gap' }

/** Takes records, in order, as far as they are fit. */
export function adopt(turn: Turn, from: PublicKey, records: readonly ChainRecord[]): Adoption {
  const { lease } = turn
  let grown = false
  for (const record of records) {
    const held = hold(lease.era.room, record)
    if (contains(lease.chain, { seq: record.seq, id: held.id })) continue
    reportContradiction(turn, held)

    const branch = branchFor(turn, held)
    if (branch === undefined) return { kind: grown ? 'grown' : 'gap' }
    const why = checkNext(branch, record, lease)
    if (why !== undefined) {
      turn.effects.push({ kind: 'unfit', from, why, seq: record.seq })
      break
    }
    watchForOwn(turn, { term: record.term, seq: record.seq, by: record.leader })
    push(branch, held, lease.rules)
    lease.side = branch === lease.chain ? undefined : branch
    if (branch === lease.chain) persist(turn, [held])
    else promote(turn, branch)
    grown = true
  }
  return { kind: grown ? 'grown' : 'nothing-new' }
}

/** The branch that a record would extend: the chain, the one beside it, or a new one. */
function branchFor(turn: Turn, { record }: Held): Chain | undefined {
  const { lease } = turn
  const prev = { seq: record.seq - 1, id: record.prev }
  if (tailOf(lease.chain).id === record.prev) return lease.chain
  if (lease.side !== undefined && tailOf(lease.side).id === record.prev) return lease.side
  if (!contains(lease.chain, prev) || prev.seq < lease.chain.confirmed.seq) return undefined
  // Copying a chain is work: it is done for a record that a voter signed, and for no other.
  if (!isByVoter(lease, record)) return undefined
  return fork(lease.chain, prev.seq, lease.rules)
}

/** Makes the side branch the chain once it ranks above it. */
function promote(turn: Turn, branch: Chain): void {
  const { lease } = turn
  const old = lease.chain
  if (!lease.rules.mayReplace(tailOf(branch), tailOf(old))) return
  const shared = branch.held.findIndex(({ id }, at) => old.held[at]?.id !== id)
  if (shared < old.confirmed.seq) return
  lease.chain = branch
  lease.side = undefined
  persist(turn, branch.held.slice(shared))
}

function persist({ effects }: Turn, records: readonly Held[]): void {
  for (const { record } of records) {
    effects.push({ kind: 'persist', what: 'record', bytes: encodeRecord(record) })
  }
}

/**
 * Reports a record that cannot be beside what is held, each once: two of one term at one place,
 * and one in the place of a confirmed record whose term is later than the one that confirmed it.
 * A term in between may have had a leader who never saw the record; its leftovers are harmless.
 */
function reportContradiction(turn: Turn, { record, id }: Held): void {
  const { lease } = turn
  const held = recordAt(lease.chain, record.seq)
  if (held === undefined || record.era !== lease.era.number || lease.contradictions.has(id)) return
  const isSameTerm = record.term === held.term
  const { confirmed } = lease.chain
  const isUnmade = record.seq <= confirmed.seq && record.term > confirmed.term
  if (!isSameTerm && !isUnmade) return
  // Only a voter of the chain can have been elected; anybody's signature would be mere noise.
  if (!isByVoter(lease, record)) return
  if (lease.contradictions.size >= CONTRADICTIONS_MAX) return
  lease.contradictions.add(id)
  turn.effects.push({ kind: 'contradiction', held, offered: record })
}

/** Whether this key is the leader of the chain's last term. */
export function isLeaderKey({ chain }: Lease, key: PublicKey): boolean {
  const leader = chain.reigns.at(-1)?.leader
  return leader !== undefined && keyOf(leader) === key
}

function isByVoter(lease: Lease, record: ChainRecord): boolean {
  const { leader: actor, seq } = record
  return couldLead(lease.chain, { actor, seq: seq - 1 }) && isSigned(record, lease)
}
