/**
 * How chains come to agree: whoever is behind says where it stands, whoever is ahead sends what
 * follows. It makes no difference who that is; records prove themselves.
 */
import { keyOf, type Monotonic, type PublicKey } from '../brand.ts'
import { PULSE_MS, RECORDS_MAX, RECORDS_MAX_BYTES, STAND_REST_MS } from '../limits.ts'
import { adopt, isLeaderKey } from './adopt.ts'
import type { Accept } from './ballot.ts'
import { contains, isKnown, judge, proofsOf, tailOf, type Chain } from './chain.ts'
import { learnChecked } from './check.ts'
import { onAnswer } from './leader.ts'
import { encodeCertificate, type Certificate, type Standing } from './message.ts'
import { comparePositions } from './position.ts'
import { encodeRecord, type ChainRecord } from './record.ts'
import { broadcast, floorOf, memberOf, send, standingOf, type Lease, type Turn } from './state.ts'
import { acceptTail, refuse, sendAccept, watchForOwn } from './voter.ts'

/** The leader is alive and its chain ends there. */
export function onPulse(turn: Turn, from: PublicKey, at: Standing): void {
  const { lease, now } = turn
  if (at.term < floorOf(lease)) return refuse(turn, from)
  if (lease.chain.reigns.at(-1)?.term === at.term && isLeaderKey(lease, from)) lease.heardAt = now
  if (isBehind(lease, at)) want(turn, from)

  if (memberOf(lease, lease.me.actor) === undefined || lease.forgetful) return
  // A restart, or becoming a learner, may have left the tail without this peer's accept.
  if (tailOf(lease.chain).term === at.term) acceptTail(turn)
  // The accept doubles as the answer: whatever got lost, the next pulse brings it again.
  const { accepted } = lease.journal
  if (accepted?.term === at.term && isLeaderKey(lease, from)) {
    return send(turn, from, { kind: 'accept', era: lease.era.number, accept: accepted })
  }
  const { actor: voter } = lease.me
  const { seq } = tailOf(lease.chain)
  send(turn, from, { kind: 'pulse-answer', era: lease.era.number, voter, term: at.term, seq })
}

/** A peer tells where it stands: sends it what follows, or asks for what it has more. */
export function onWant(turn: Turn, from: PublicKey, at: Standing): void {
  const { lease } = turn
  const { chain } = lease
  const tail = tailOf(chain)
  if (contains(chain, at)) {
    sendAfter(turn, from, { after: at.seq, at })
  } else if (comparePositions(tail, at) > 0 && at.confirmed <= tail.seq) {
    // Its confirmed prefix is common ground. The last record of it goes along, so that the peer
    // sees it should that ever be untrue.
    sendAfter(turn, from, { after: Math.max(0, at.confirmed - 1), at })
  }
  if (isBehind(lease, at)) wantNow(turn, from)
}

/** Takes records from whoever had them: they prove themselves. */
export function onRecords(turn: Turn, from: PublicKey, records: readonly ChainRecord[]): void {
  const { lease, now } = turn
  const before = tailOf(lease.chain)
  const adoption = adopt(turn, from, records)
  if (isLeaderKey(lease, from) && tailOf(lease.chain).id !== before.id) lease.heardAt = now
  if (tailOf(lease.chain).id !== before.id) follow(turn)
  if (adoption.kind === 'gap') wantNow(turn, from)
  // More of the same branch may come, and asking costs nothing where none does.
  const isUnfinished = records.length > 1 || lease.side !== undefined
  if (adoption.kind === 'grown' && isUnfinished) want(turn, from)
}

/** Takes a voter's accept into the evidence. */
export function onAccept(turn: Turn, from: PublicKey, accept: Accept): void {
  const { lease } = turn
  if (memberOf(lease, accept.voter) === undefined) return
  onAnswer(turn, from, accept)
  if (isKnown(lease.chain, accept) || !learnChecked(lease.chain, accept, lease)) return
  watchForOwn(turn, { term: accept.term, seq: accept.seq, by: accept.voter })
  judge(lease.chain, lease.rules)
  // A voter that does not reach the leader gave it to us to pass on.
  const leader = lease.chain.reigns.at(-1)?.leader
  const isOnTheWay = keyOf(accept.voter) === from && leader !== undefined && keyOf(leader) !== from
  if (isOnTheWay && lease.connected.has(keyOf(leader))) sendAccept(turn, accept)
}

/** The leader gave its term up: the voters need not wait for its lease to run out. */
export function onResign(turn: Turn, from: PublicKey, term: number): void {
  const { lease, now } = turn
  if (lease.chain.reigns.at(-1)?.term !== term || !isLeaderKey(lease, from)) return
  lease.heardAt = undefined
  lease.restingSince = (now - STAND_REST_MS) as Monotonic
}

/** Takes the accepts that confirm the newest record. */
export function onCertificate(turn: Turn, from: PublicKey, certificate: Certificate): void {
  const { lease } = turn
  if (!contains(lease.chain, certificate)) return wantNow(turn, from)
  for (const accept of certificate.accepts) learnChecked(lease.chain, accept, lease)
  judge(lease.chain, lease.rules)
}

/** Says where this peer stands; the answer is what it lacks. */
export function want(turn: Turn, to: PublicKey): void {
  const { lease, now } = turn
  lease.wantedAt = now
  send(turn, to, { kind: 'want', era: lease.era.number, at: wanted(lease) })
}

/** The same where the wish came by itself: once a pulse, lest two peers keep each other busy. */
function wantNow(turn: Turn, to: PublicKey): void {
  const { lease, now } = turn
  if (lease.wantedAt === undefined || now >= lease.wantedAt + PULSE_MS) want(turn, to)
}

/** On each tick: a peer that hears no leader asks another, which may; each in its turn. */
export function askAround(turn: Turn): void {
  const { lease, now } = turn
  if (lease.role.kind === 'leader') return
  for (const last of [lease.heardAt, lease.wantedAt]) {
    if (last !== undefined && now < last + 2 * PULSE_MS) return
  }
  const peers = [...lease.connected].sort()
  const peer = peers[Math.floor(now / (2 * PULSE_MS)) % peers.length]
  if (peer !== undefined) want(turn, peer)
}

/** Tells what became confirmed in this step, after what proves it is on disk. */
export function tell(turn: Turn): void {
  const { lease, effects } = turn
  const { chain, told } = lease
  const change = chain.changes.findLast(({ counted }) => counted !== undefined)?.seq ?? 0
  if (chain.confirmed.seq === told.confirmed && change === told.change) return

  const certificates = certificatesOf(lease)
  for (const certificate of certificates) {
    const bytes = encodeCertificate(certificate)
    effects.push({ kind: 'persist', what: 'certificate', bytes })
  }
  const records = chain.held.slice(told.confirmed, chain.confirmed.seq).map(({ record }) => record)
  if (records.length > 0) effects.push({ kind: 'confirmed', records })
  told.confirmed = Math.max(told.confirmed, chain.confirmed.seq)
  told.change = change
  if (lease.role.kind !== 'leader') return
  for (const certificate of certificates) broadcast(turn, { kind: 'certificate', ...certificate })
}

/** The tail is another than before: no old role survives that, and the new tail is accepted. */
function follow(turn: Turn): void {
  const { lease, now } = turn
  if (lease.role.kind !== 'follower') lease.restingSince = now
  lease.role = { kind: 'follower' }
  const { accepted } = lease.journal
  acceptTail(turn)
  const { accepted: next } = lease.journal
  if (next !== undefined && next !== accepted) sendAccept(turn, next)
}

function isBehind(lease: Lease, at: Standing): boolean {
  if (contains(lease.chain, at)) return at.confirmed > lease.chain.confirmed.seq
  return comparePositions(at, tailOf(lease.chain)) > 0
}

/** The place to go on from: a branch in the making first, which is longer than one answer. */
function wanted({ chain, side }: Lease): Standing {
  if (side === undefined) return standingOf(chain)
  return { ...tailOf(side), confirmed: chain.confirmed.seq }
}

function sendAfter(
  turn: Turn,
  to: PublicKey,
  { after, at }: { after: number; at: Standing },
): void {
  const { lease } = turn
  const records = someAfter(lease.chain, after)
  const era = lease.era.number
  if (records.length > 0) send(turn, to, { kind: 'records', era, records })
  if (at.confirmed >= lease.chain.confirmed.seq) return
  for (const certificate of certificatesOf(lease)) {
    if (certificate.seq > after + records.length) continue
    send(turn, to, { kind: 'certificate', ...certificate })
  }
}

/** As many of the following records as one answer may hold, at least one. */
function someAfter(chain: Chain, seq: number): readonly ChainRecord[] {
  const records: ChainRecord[] = []
  let bytes = 0
  for (const { record } of chain.held.slice(seq, seq + RECORDS_MAX)) {
    bytes += encodeRecord(record).length
    if (records.length > 0 && bytes > RECORDS_MAX_BYTES) break
    records.push(record)
  }
  return records
}

function certificatesOf({ chain, era }: Lease): readonly Certificate[] {
  return proofsOf(chain).map((accepts) => {
    const { seq, id } = accepts.reduce((a, b) => (b.seq > a.seq ? b : a))
    return { era: era.number, seq, id, accepts }
  })
}
