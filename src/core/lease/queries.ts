/** What the rest of knot may ask a lease. None of these changes it. */
import type { ActorId, Monotonic } from '../brand.ts'
import { encodeEntry, essence } from './journal.ts'
import type { Standing } from './message.ts'
import type { ChainRecord } from './record.ts'
import { floorOf, standingOf, type Lease } from './state.ts'
import { isLeaderAlive } from './voter.ts'
import type { Voters } from './voters.ts'

export type Leader = {
  readonly actor: ActorId
  readonly term: number
  readonly mine: boolean
  /** Nobody can count on this leader now: what it says is provisional. */
  readonly lapsed: boolean
}

/** Who led last, as far as this peer's chain tells; undefined before the first election. */
export function leaderOf(lease: Lease, now: Monotonic): Leader | undefined {
  const reign = lease.chain.reigns.at(-1)
  if (reign === undefined) return undefined
  const mine = lease.role.kind === 'leader'
  return { actor: reign.leader, term: reign.term, mine, lapsed: !isLeaderAlive({ lease, now }) }
}

/** Who led in a term of this chain. */
export function leaderOfTerm({ chain }: Lease, term: number): ActorId | undefined {
  return chain.reigns.find((reign) => reign.term === term)?.leader
}

/** The latest voter set in the chain; while `counts` is false the set before it matters too. */
export function votersOf({ chain }: Lease): { readonly voters: Voters; readonly counts: boolean } {
  const change = chain.changes.at(-1)
  if (change === undefined) return { voters: chain.first, counts: true }
  return { voters: change.voters, counts: change.counted !== undefined }
}

/** The last place that is confirmed, and so is everything before it; 0 when nothing is. */
export function confirmedSeq({ chain }: Lease): number {
  return chain.confirmed.seq
}

/** Whether no other peer can be told the opposite of the record at this place. */
export function isConfirmed(lease: Lease, seq: number): boolean {
  return seq > 0 && seq <= confirmedSeq(lease)
}

/** The records from one place to another, both included, confirmed or not. */
export function records(
  { chain }: Lease,
  { from, to }: { readonly from: number; readonly to: number },
): readonly ChainRecord[] {
  return chain.held.slice(Math.max(0, from - 1), Math.max(0, to)).map(({ record }) => record)
}

/** Where this peer stands, for the hello of a session. */
export function position({ chain }: Lease): Standing {
  return standingOf(chain)
}

/** The highest term that this peer has promised or seen opened. */
export function termOf(lease: Lease): number {
  return floorOf(lease)
}

/** The journal entries that say all the journal says, for the store to rewrite its file with. */
export function journalOf({ journal, era }: Lease): readonly Uint8Array[] {
  return essence(journal, era.number).map(encodeEntry)
}
