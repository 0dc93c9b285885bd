/** A lease in the hands of a new incarnation of its peer. */
import { emptyJournal } from './journal.ts'
import type { Lease, Self } from './state.ts'

/**
 * The same chain, and nothing that the old incarnation promised: the new one is no voter before a
 * record names it, so it can contradict nobody. A leader's term ends with the old incarnation.
 */
export function rebornLease(lease: Lease, me: Self): Lease {
  return {
    ...lease,
    me,
    journal: emptyJournal(),
    role: { kind: 'follower' },
    members: undefined,
    connected: new Set(),
    heardAt: undefined,
    restingSince: undefined,
    wantedAt: undefined,
    forgetful: false,
  }
}
