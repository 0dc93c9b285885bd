/**
 * The voter: what it grants, what it accepts, and what it therefore never says again.
 *
 * An accept is always for the whole tail, and a tail is only accepted when its last record is of
 * a term not below the promise. So the accept's term is that record's own term by construction,
 * and accepts of a mere prefix, or of an older record in a newer term, cannot be said at all.
 */
import { keyOf, unreachable, type ActorId, type PublicKey } from '../brand.ts'
import { DEAD_PEER_MS, LEASE_MS, TERM_JUMP_MAX } from '../limits.ts'
import { acceptBytes, grantBytes, standBytes, type Accept, type Stand } from './ballot.ts'
import { judge, learn, tailOf } from './chain.ts'
import { encodeEntry, enter, isForgotten, type JournalEntry } from './journal.ts'
import { learners } from './members.ts'
import {
  broadcast,
  floorOf,
  isVoter,
  memberOf,
  send,
  type Lease,
  type Turn,
} from './state.ts'

/** What a voter answers to a candidate. */
export type StandVerdict =
  | { readonly kind: 'granted' }
  /** The same candidate asks again: the same grant is the answer. */
  | { readonly kind: 'granted-before' }
  /** A term as high is promised, or the voter's chain ranks higher; the candidate should know. */
  | { readonly kind: 'refused' }
  /** Not worth an answer: no member, no signature, too far a jump, or a leader is alive. */
  | { readonly kind: 'ignored' }

/** Answers a candidate. A real grant is on disk before it is sent. */
export function onStand(turn: Turn, from: PublicKey, stand: Stand): void {
  const { lease } = turn
  const verdict = judgeStand(turn, stand)
  const era = lease.era.number
  switch (verdict.kind) {
    case 'ignored':
      return
    case 'refused':
      return refuse(turn, from)
    case 'granted-before':
      return sendGrant(turn)
    case 'granted':
      if (stand.phase === 'real') {
        grant(turn, stand)
        return sendGrant(turn)
      }
      return send(turn, from, {
        kind: 'pre-grant',
        era,
        term: stand.term,
        candidate: stand.candidate,
        voter: lease.me.actor,
      })
    default:
      return unreachable(verdict)
  }
}

/** Signs and journals a grant: also how a candidate votes for itself. */
export function grant(turn: Turn, stand: Pick<Stand, 'term' | 'candidate'>): void {
  const { lease } = turn
  const { term, seq } = tailOf(lease.chain)
  const draft = {
    term: stand.term,
    candidate: stand.candidate,
    voter: lease.me.actor,
    last: { term, seq },
  }
  const signature = lease.me.sign(grantBytes(lease.era, draft))
  journal(turn, { kind: 'grant', era: lease.era.number, grant: { ...draft, signature } })
  // Whatever this peer was in a lower term it is no more, and the candidate gets time to lead.
  lease.role = { kind: 'follower' }
  lease.restingSince = turn.now
}

/**
 * Accepts the tail, if this peer's word on it can ever matter and no higher term is promised.
 * The tail never ranks lower than it did, so no accept is shorter than an earlier one of its term.
 */
export function acceptTail(turn: Turn): void {
  const { lease } = turn
  const { journal: said, me } = lease
  const tail = tailOf(lease.chain)
  if (tail.seq === 0 || tail.term < said.promised || !isHeeded(lease)) return
  if (said.accepted?.id === tail.id) return

  const draft = { term: tail.term, seq: tail.seq, id: tail.id, voter: me.actor }
  const accept = { ...draft, signature: me.sign(acceptBytes(lease.era, draft)) }
  journal(turn, { kind: 'accept', era: lease.era.number, accept })
  learn(lease.chain, accept, undefined)
  judge(lease.chain, lease.rules)
}

/** Sends the newest accept to the leader, or to whoever may pass it on. */
export function sendAccept(turn: Turn, accept: Accept): void {
  const { lease } = turn
  const leader = lease.chain.reigns.at(-1)?.leader
  if (leader === undefined || leader === lease.me.actor) return
  const message = { kind: 'accept', era: lease.era.number, accept } as const
  if (lease.connected.has(keyOf(leader))) send(turn, keyOf(leader), message)
  else broadcast(turn, message)
}

/**
 * Looks whether a word of this very actor is one that it remembers. If not, its disk went back in
 * time and it might contradict itself: this incarnation votes no more.
 */
export function watchForOwn(
  turn: Turn,
  word: { readonly term: number; readonly seq: number; readonly by: ActorId },
): void {
  const { lease, effects } = turn
  if (word.by !== lease.me.actor || lease.forgetful || !isForgotten(lease.journal, word)) return
  lease.forgetful = true
  lease.role = { kind: 'follower' }
  const why = `this incarnation signed record ${word.seq} of term ${word.term}, its journal did not`
  effects.push({ kind: 'rolled-back', why })
}

/** Tells a candidate or a leader that it is behind, and by what. */
export function refuse(turn: Turn, to: PublicKey): void {
  const { lease } = turn
  const { term, seq } = tailOf(lease.chain)
  send(turn, to, {
    kind: 'refuse',
    era: lease.era.number,
    term: floorOf(lease),
    last: { term, seq },
  })
}

/** Whether the leader of the chain's last term was heard lately enough not to be doubted. */
export function isLeaderAlive({ lease, now }: Pick<Turn, 'lease' | 'now'>): boolean {
  const reign = lease.chain.reigns.at(-1)
  if (reign === undefined || reign.term < floorOf(lease)) return false
  if (lease.role.kind === 'leader') return !lease.role.lapsed
  const { heardAt } = lease
  return heardAt !== undefined && now < heardAt + patienceWith(lease, keyOf(reign.leader))
}

/** How long a leader may be silent: one whose connection broke is missed sooner. */
export function patienceWith(lease: Lease, leader: PublicKey): number {
  return lease.connected.has(leader) ? LEASE_MS : DEAD_PEER_MS
}

/** Writes a word of this actor down, before it is said. */
function journal(turn: Turn, entry: JournalEntry): void {
  enter(turn.lease.journal, entry, turn.lease.rules)
  turn.effects.push({ kind: 'persist', what: 'journal', bytes: encodeEntry(entry) })
}

function judgeStand(turn: Turn, stand: Stand): StandVerdict {
  const { lease } = turn
  const { candidate, term, phase } = stand
  const { granted } = lease.journal
  const floor = floorOf(lease)
  const isKnown = memberOf(lease, candidate)?.stands === true
  if (lease.forgetful || !isKnown || memberOf(lease, lease.me.actor) === undefined) {
    return { kind: 'ignored' }
  }
  if (!lease.verify(keyOf(candidate), standBytes(lease.era, stand), stand.signature)) {
    return { kind: 'ignored' }
  }
  // A lonely or mad candidate must not use the numbers up, nor lift them out of others' reach.
  if (term > floor + TERM_JUMP_MAX) return { kind: 'ignored' }
  if (phase === 'real' && granted?.term === term && granted.candidate === candidate) {
    return { kind: 'granted-before' }
  }
  if (term <= floor || !ranksAsHigh(lease, stand)) return { kind: 'refused' }

  // Nobody unseats a leader that works, except the leader itself, to gather a voter that has
  // promised a higher term.
  const leader = lease.chain.reigns.at(-1)?.leader
  if (phase === 'pre' && candidate !== leader && isLeaderAlive(turn)) return { kind: 'ignored' }
  return { kind: 'granted' }
}

/** Whether a candidate's chain may take the lead over this one; equal places must be one record. */
function ranksAsHigh(lease: Lease, { last, lastId }: Stand): boolean {
  const tail = tailOf(lease.chain)
  const isSamePlace = last.term === tail.term && last.seq === tail.seq
  return lease.rules.mayLead(last, tail) && (!isSamePlace || lastId === tail.id)
}

function sendGrant(turn: Turn): void {
  const { granted } = turn.lease.journal
  if (granted === undefined) throw new Error('bug: no grant to send')
  send(turn, keyOf(granted.candidate), {
    kind: 'grant',
    era: turn.lease.era.number,
    grant: granted,
  })
}

/** Whether this peer's accepts can matter: it votes, or may be named a voter next. */
function isHeeded(lease: Lease): boolean {
  if (lease.forgetful) return false
  const { actor } = lease.me
  if (lease.members === undefined) return isVoter(lease, actor)
  if (memberOf(lease, actor) === undefined) return false
  return isVoter(lease, actor) || learners(lease.members).includes(actor)
}
