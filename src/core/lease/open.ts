/** Opening a lease: from nothing, or from what an earlier run left on disk. */
import type { ActorId, Hash, RoomId } from '../brand.ts'
import type { Verify } from '../crypto.ts'
import { emptyChain, fits, judge, learn, push, tailOf, type Chain } from './chain.ts'
import { decodeEntry, emptyJournal, enter, isForgotten, type Journal } from './journal.ts'
import { decodeCertificate } from './message.ts'
import { comparePositions } from './position.ts'
import { decodeRecord, hold, type Held } from './record.ts'
import { RULES, type Rules } from './rules.ts'
import type { Lease, Self } from './state.ts'
import { sortedVoters } from './voters.ts'

export type LeaseOptions = {
  readonly room: RoomId
  readonly era?: number
  readonly me: Self
  /** The voters that the era begins with: the founder, or those that `recover` named. */
  readonly first: readonly ActorId[]
  readonly verify: Verify
  /** What earlier `persist` effects wrote, each kind in the order of writing. */
  readonly journal?: readonly Uint8Array[]
  readonly records?: readonly Uint8Array[]
  readonly certificates?: readonly Uint8Array[]
  readonly rules?: Rules
}

export type Opening =
  | { readonly kind: 'open'; readonly lease: Lease }
  /** The disk holds less than this incarnation has said: begin a new incarnation. */
  | { readonly kind: 'rolled-back'; readonly why: string }
  | { readonly kind: 'malformed'; readonly why: string }

/** Restores a lease. What is on this disk was verified before it was written, and is trusted. */
export function openLease(options: LeaseOptions): Opening {
  const { room, me, verify, era: number = 0, rules = RULES } = options
  const era = { room, number }
  const journal = restoreJournal(options, { number, rules })
  const records = restoreRecords(options, { number })
  if (typeof journal === 'string') return { kind: 'malformed', why: journal }
  if (typeof records === 'string') return { kind: 'malformed', why: records }

  const chain = emptyChain(room, sortedVoters(options.first))
  for (const held of highest(records, room)) push(chain, held, rules)
  const failure =
    restoreAccepts(options, { chain, journal, number }) ?? whyRolledBack(chain, journal, me)
  if (failure !== undefined) return failure
  judge(chain, rules)

  const change = chain.changes.findLast(({ counted }) => counted !== undefined)?.seq ?? 0
  const lease: Lease = {
    era,
    me,
    verify,
    rules,
    chain,
    side: undefined,
    journal,
    role: { kind: 'follower' },
    members: undefined,
    connected: new Set(),
    heardTerm: 0,
    heardAt: undefined,
    restingSince: undefined,
    wantedAt: undefined,
    told: { confirmed: chain.confirmed.seq, change, status: '' },
    contradictions: new Set(),
    forgetful: false,
  }
  return { kind: 'open', lease }
}

type OfEra = { readonly number: number }

function restoreJournal(
  { journal: entries = [] }: LeaseOptions,
  { number, rules }: OfEra & { rules: Rules },
): Journal | string {
  const journal = emptyJournal()
  for (const bytes of entries) {
    const entry = decodeEntry(bytes)
    if (entry.kind === 'malformed') return `a journal entry: ${entry.why}`
    if (entry.value.era === number) enter(journal, entry.value, rules)
  }
  return journal
}

function restoreRecords({ room, records = [] }: LeaseOptions, { number }: OfEra): Held[] | string {
  const all: Held[] = []
  for (const bytes of records) {
    const record = decodeRecord(bytes)
    if (record.kind === 'malformed') return `a record: ${record.why}`
    if (record.value.era === number) all.push(hold(room, record.value))
  }
  return all
}

/**
 * The highest-ranking chain among the records of a log. A crash while one branch took another's
 * place leaves parts of both; the one that ranks higher is whole.
 */
function highest(records: readonly Held[], room: RoomId): Held[] {
  const connected = new Map<Hash, Held>()
  let top: Held | undefined
  for (const held of records) {
    const { record, id } = held
    const follows = record.seq === 1 ? record.prev === room : connected.has(record.prev)
    if (!follows) continue
    connected.set(id, held)
    if (top === undefined || comparePositions(record, top.record) > 0) top = held
  }
  const chain: Held[] = []
  for (let at = top; at !== undefined; at = connected.get(at.record.prev)) chain.push(at)
  return chain.reverse()
}

function restoreAccepts(
  { certificates = [] }: LeaseOptions,
  { chain, journal, number }: OfEra & { chain: Chain; journal: Journal },
): Opening | undefined {
  for (const bytes of certificates) {
    const certificate = decodeCertificate(bytes)
    if (certificate.kind === 'malformed') {
      return { kind: 'malformed', why: `a certificate: ${certificate.why}` }
    }
    if (certificate.value.era !== number) continue
    for (const accept of certificate.value.accepts) {
      if (fits(chain, accept)) learn(chain, accept, undefined)
    }
  }
  const { accepted } = journal
  if (accepted !== undefined && fits(chain, accepted)) learn(chain, accepted, undefined)
  return undefined
}

function whyRolledBack(chain: Chain, journal: Journal, me: Self): Opening | undefined {
  const tail = tailOf(chain)
  const { accepted } = journal
  if (accepted !== undefined) {
    const order = comparePositions(accepted, tail)
    if (order > 0 || (order === 0 && accepted.id !== tail.id)) {
      const why = `record ${accepted.seq} of term ${accepted.term} was accepted and is not here`
      return { kind: 'rolled-back', why }
    }
  }
  for (const { record } of chain.held) {
    const word = { term: record.term, seq: record.seq, by: record.leader }
    if (record.leader !== me.actor || !isForgotten(journal, word)) continue
    // A crash between a record and its accept leaves one record more, which nobody has seen.
    if (record.seq === tail.seq && record.term <= journal.promised) continue
    const why = `record ${record.seq} of term ${record.term} was written and is not in the journal`
    return { kind: 'rolled-back', why }
  }
  return undefined
}
