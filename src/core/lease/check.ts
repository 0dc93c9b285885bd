/**
 * Whether a record may follow a chain. Every peer that takes a record in has come through here,
 * whoever relayed it, so that holding one means its leader was elected by the chain before it.
 */
import { keyOf } from '../brand.ts'
import type { Verify } from '../crypto.ts'
import { acceptBytes, grantBytes, type Accept, type Era, type Grant } from './ballot.ts'
import { couldLead, fits, isKnown, judge, learn, setsFor, tailOf, type Chain } from './chain.ts'
import { recordBytes, type ChainRecord, type Payload } from './record.ts'
import type { Rules } from './rules.ts'
import { isMajority, type Voters } from './voters.ts'

export type Checks = { readonly era: Era; readonly verify: Verify; readonly rules: Rules }

/** Why a record was refused. */
export type Unfit =
  /** It does not follow this chain: another era, place or predecessor. */
  | 'misplaced'
  /** Its leader did not sign it. */
  | 'unsigned'
  /** An accept in it is forged, or is not of this chain. */
  | 'bad-accept'
  /** Its leader did not open this term, or is not elected by the voters before it. */
  | 'not-elected'
  /** It changes the voters before the last change counts, or more than one at a time. */
  | 'bad-change'

/**
 * Checks the record that would come next. The accepts it carries are facts about the chain as it
 * is, so they are taken in once they verify, even where the record then turns out unfit.
 */
export function checkNext(
  chain: Chain,
  record: ChainRecord,
  { era, verify, rules }: Checks,
): Unfit | undefined {
  const tail = tailOf(chain)
  if (record.era !== era.number || record.seq !== tail.seq + 1 || record.prev !== tail.id) {
    return 'misplaced'
  }
  if (!isSigned(record, { era, verify })) return 'unsigned'
  for (const accept of record.accepts) {
    if (!learnChecked(chain, accept, { era, verify })) return 'bad-accept'
  }
  if (record.accepts.length > 0) judge(chain, rules)

  const { payload } = record
  if (payload.kind === 'open') return checkOpen(chain, record, payload, { era, verify, rules })
  const reign = chain.reigns.at(-1)
  if (reign?.term !== record.term || reign.leader !== record.leader) return 'not-elected'
  if (payload.kind !== 'voters') return undefined
  return checkChange(chain, record.term, payload.voters, rules)
}

/** Whether the leader that a record names has signed it. */
export function isSigned(
  record: ChainRecord,
  { era, verify }: { era: Era; verify: Verify },
): boolean {
  return verify(keyOf(record.leader), recordBytes(era.room, record), record.signature)
}

/** Takes in an accept if it speaks of this chain and its voter signed it. */
export function learnChecked(
  chain: Chain,
  accept: Accept,
  { era, verify }: { era: Era; verify: Verify },
): boolean {
  if (!fits(chain, accept)) return false
  if (isKnown(chain, accept)) return true
  if (!verify(keyOf(accept.voter), acceptBytes(era, accept), accept.signature)) return false
  learn(chain, accept, undefined)
  return true
}

/** Whether a set differs from the one before by at most one voter in and one out. */
export function isOneChange({ old, voters }: { old: Voters; voters: Voters }): boolean {
  const added = voters.filter((voter) => !old.includes(voter)).length
  const dropped = old.filter((voter) => !voters.includes(voter)).length
  return added + dropped > 0 && added <= 1 && dropped <= 1
}

/** Whether a grant is what it says, for this leader, by a voter whose tail was not above this. */
export function isGrantFor(
  grant: Grant,
  { term, leader, tail }: { term: number; leader: string; tail: { term: number; seq: number } },
  { era, verify, rules }: Checks,
): boolean {
  return (
    grant.term === term &&
    grant.candidate === leader &&
    rules.mayLead(tail, grant.last) &&
    verify(keyOf(grant.voter), grantBytes(era, grant), grant.signature)
  )
}

function checkOpen(
  chain: Chain,
  { term, leader }: ChainRecord,
  { grants }: Extract<Payload, { kind: 'open' }>,
  checks: Checks,
): Unfit | undefined {
  const tail = tailOf(chain)
  if (term <= tail.term || !couldLead(chain, { actor: leader, seq: tail.seq })) {
    return 'not-elected'
  }
  if (!grants.every((grant) => isGrantFor(grant, { term, leader, tail }, checks))) {
    return 'not-elected'
  }
  const got = new Set(grants.map(({ voter }) => voter))
  const sets = setsFor(chain, { term, seq: tail.seq }, checks.rules.electors)
  return sets.every((voters) => isMajority(got, voters)) ? undefined : 'not-elected'
}

function checkChange(
  chain: Chain,
  term: number,
  voters: Voters,
  rules: Rules,
): Unfit | undefined {
  const last = chain.changes.at(-1)
  if (last !== undefined && !rules.mayChange(last, term)) return 'bad-change'
  const old = last?.voters ?? chain.first
  return isOneChange({ old, voters }) ? undefined : 'bad-change'
}
