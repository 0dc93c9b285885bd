/**
 * The leader: appends records to the chain, pulses, and gives up confirming when enough voters
 * have not answered for a lease's time. Its term stays its own until a higher one is promised.
 */
import { keyOf, type ActorId, type PublicKey } from '../brand.ts'
import { utf8 } from '../bytes/text.ts'
import {
  CUT_MAX_BYTES,
  FACT_MAX_BYTES,
  LEASE_MS,
  PULSE_MS,
  TOPIC_MAX_BYTES,
  UNCONFIRMED_MAX_RECORDS,
} from '../limits.ts'
import type { Grant } from './ballot.ts'
import { acceptersOf, push, tailOf, uncarried } from './chain.ts'
import { nextVoters } from './members.ts'
import {
  encodeRecord,
  hold,
  recordBytes,
  type CutPayload,
  type FactPayload,
  type Payload,
} from './record.ts'
import {
  broadcast,
  confirmersOf,
  electorsOf,
  isVoter,
  standingOf,
  type ProposeOutcome,
  type Turn,
} from './state.ts'
import { acceptTail } from './voter.ts'
import { isEnough, isNamed } from './voters.ts'

/** Begins a term: nothing is confirmed in it before its `open` record is. */
export function lead(turn: Turn, term: number, grants: readonly Grant[]): void {
  const { lease, now } = turn
  const sets = electorsOf(lease)
  const payload = {
    kind: 'open',
    grants: grants
      .filter(({ voter }) => isNamed(voter, sets))
      .sort((a, b) => (a.voter < b.voter ? -1 : 1)),
  } as const
  const answered = new Map(grants.map(({ voter }) => [voter, now] as const))
  lease.role = { kind: 'leader', term, pulsedAt: now, answered, lapsed: false }
  append(turn, payload)
}

/**
 * Takes a term up again after a restart, where nothing higher was promised since: the voters that
 * a change waits for may be able to elect nobody else.
 */
export function resume(turn: Turn): void {
  const { lease, now } = turn
  const reign = lease.chain.reigns.at(-1)
  const { promised, granted } = lease.journal
  if (lease.forgetful || reign?.leader !== lease.me.actor || promised !== reign.term) return
  if (granted?.term !== reign.term || granted.candidate !== lease.me.actor) return
  const pulsedAt = (now - PULSE_MS) as typeof now
  lease.role = { kind: 'leader', term: reign.term, pulsedAt, answered: new Map(), lapsed: true }
  acceptTail(turn)
}

/** Adds a fact or a cut to the chain, if this peer leads and is answered. */
export function propose(turn: Turn, payload: FactPayload | CutPayload): ProposeOutcome {
  const { role, chain } = turn.lease
  if (role.kind !== 'leader') return { kind: 'not-leader', leader: chain.reigns.at(-1)?.leader }
  if (role.lapsed) return { kind: 'lapsed' }
  if (tailOf(chain).seq - chain.confirmed.seq >= UNCONFIRMED_MAX_RECORDS) return { kind: 'busy' }
  const why = whyUnfit(payload)
  if (why !== undefined) return { kind: 'unfit', why }
  append(turn, payload)
  const { term, seq } = tailOf(chain)
  return { kind: 'appended', term, seq }
}

/** On each tick: pulses, and looks whether enough voters still answer. */
export function keepLease(turn: Turn): void {
  const { lease, now } = turn
  const { role } = lease
  if (role.kind !== 'leader') return
  role.lapsed = !isAnswered(turn)
  if (now < role.pulsedAt + PULSE_MS) return
  role.pulsedAt = now
  broadcast(turn, { kind: 'pulse', era: lease.era.number, at: standingOf(lease.chain) })
}

/** A voter hears this leader and has promised nothing higher. */
export function onAnswer(
  turn: Turn,
  from: PublicKey,
  { voter, term }: { readonly voter: ActorId; readonly term: number },
): void {
  const { role } = turn.lease
  if (role.kind !== 'leader' || term !== role.term || keyOf(voter) !== from) return
  if (!isVoter(turn.lease, voter)) return
  role.answered.set(voter, turn.now)
  role.lapsed = !isAnswered(turn)
}

/** Proposes the next change of voters when the last one counts and another is due. */
export function changeVoters(turn: Turn): void {
  const { lease } = turn
  const { role, chain, members, rules } = lease
  if (role.kind !== 'leader' || role.lapsed || members === undefined) return
  const last = chain.changes.at(-1)
  if (last !== undefined && !rules.mayChange(last, role.term)) return
  if (tailOf(chain).seq - chain.confirmed.seq >= UNCONFIRMED_MAX_RECORDS) return

  const from = chain.reigns.at(-1)?.from ?? 0
  const place = { term: role.term, seq: Math.max(chain.confirmed.seq, from) }
  const caughtUp = acceptersOf(chain, place, rules)
  const current = last?.voters ?? chain.first
  const voters = nextVoters(current, { members, caughtUp: (actor) => caughtUp.has(actor) })
  if (voters !== undefined) append(turn, { kind: 'voters', voters })
}

/** Gives the lead up, telling everybody, so that nobody waits for the lease to run out. */
export function stepDown(turn: Turn): void {
  const { lease, now } = turn
  const { role } = lease
  if (role.kind !== 'leader') return
  lease.role = { kind: 'follower' }
  // Whoever led before it may have been heard lately; that one leads no more either.
  lease.heardAt = undefined
  // Others get twice the time that they need to stand before this peer does.
  lease.restingSince = (now + 2 * LEASE_MS) as typeof now
  broadcast(turn, { kind: 'resign', era: lease.era.number, term: role.term })
}

/** Steps down once a change counts that leaves this leader out. */
export function leaveIfDropped(turn: Turn): void {
  const { lease } = turn
  const last = lease.chain.changes.at(-1)
  if (last?.counted === undefined || last.voters.includes(lease.me.actor)) return
  stepDown(turn)
}

function append(turn: Turn, payload: Payload): void {
  const { lease, effects } = turn
  const { era, me, chain, role, rules } = lease
  if (role.kind !== 'leader') throw new Error('bug: only a leader appends')
  const tail = tailOf(chain)
  const draft = {
    era: era.number,
    term: role.term,
    seq: tail.seq + 1,
    prev: tail.id,
    leader: me.actor,
    payload,
    accepts: uncarried(chain),
  }
  const record = { ...draft, signature: me.sign(recordBytes(era.room, draft)) }
  push(chain, hold(era.room, record), rules)
  effects.push({ kind: 'persist', what: 'record', bytes: encodeRecord(record) })
  // Its own accept is journalled like any voter's. After a rollback of the disk it tells that
  // this place was taken: a second record here would be an equivocation.
  acceptTail(turn)
  broadcast(turn, { kind: 'records', era: era.number, records: [record] })
}

function isAnswered({ lease, now }: Pick<Turn, 'lease' | 'now'>): boolean {
  const { role, me } = lease
  if (role.kind !== 'leader') return false
  const fresh = [...role.answered].filter(([, at]) => now < at + LEASE_MS).map(([voter]) => voter)
  const got = new Set([...fresh, me.actor])
  return confirmersOf(lease).every((voters) => isEnough(got, voters))
}

function whyUnfit(payload: FactPayload | CutPayload): string | undefined {
  if (payload.kind === 'cut') {
    const size = payload.bytes.length
    return size > CUT_MAX_BYTES ? `the cut has ${size} bytes, over ${CUT_MAX_BYTES}` : undefined
  }
  const { topic, value } = payload
  if (utf8(topic).length > TOPIC_MAX_BYTES) return `the topic is over ${TOPIC_MAX_BYTES} bytes`
  if (utf8(value).length > FACT_MAX_BYTES) return `the fact is over ${FACT_MAX_BYTES} bytes`
  if (!topic.isWellFormed() || !value.isWellFormed()) return 'the text has lone surrogates'
  return undefined
}

