/** The auth log in the engine: ops that arrive or are made here, and what a new one changes. */
import type { Hash, Instant, PublicKey } from '../brand.ts'
import type { Deed } from '../auth/deed.ts'
import { evaluate } from '../auth/evaluate.ts'
import type { Entry } from '../auth/log.ts'
import { admittedKey } from '../auth/place.ts'
import { AUTH_ANSWER_MS, WANTS_MAX } from '../limits.ts'
import type { Event } from '../room/views/events.ts'
import { refreshEligible } from './chain.ts'
import { dropSession } from './closing.ts'
import type { Effect, Now } from './effect.ts'
import { endIfSealed } from './lives.ts'
import { blame } from './misdeeds.ts'
import { isMember } from './names.ts'
import { settleSeals } from './seals.ts'
import { send, sendAll } from './sending.ts'
import { tellEvent } from './showing.ts'
import { type Engine, liveSessions } from './state.ts'
import { releaseAfterAuth } from './streams.ts'
import { complain } from './talk.ts'

/** Takes ops from a peer: new ones are kept and passed on. An empty list asks for what lacks. */
export function receiveOps(
  engine: Engine,
  now: Now,
  out: Effect[],
  got: { from: PublicKey; heads: readonly Hash[]; ops: readonly Uint8Array[] },
): void {
  if (got.ops.length === 0) answerOps(engine, now, out, got)
  else takeOps(engine, now, out, got)
  noteHeads(engine, now, got)
}

/** One answer in a while: each may be the whole log, and asking costs nothing. */
function answerOps(
  engine: Engine,
  now: Now,
  out: Effect[],
  { from, heads }: { from: PublicKey; heads: readonly Hash[] },
): void {
  const talk = engine.talks.get(from)
  if (talk === undefined || now.mono < talk.answered + AUTH_ANSWER_MS) return
  talk.answered = now.mono
  const ops = engine.auth.lacking(heads)
  if (ops.length > 0) send(out, from, { kind: 'auth', heads: engine.auth.heads(), ops })
}

/** Remembers that a peer named heads that are not here; they may be on their way. */
export function noteHeads(
  engine: Engine,
  now: Now,
  { from, heads }: { from: PublicKey; heads: readonly Hash[] },
): void {
  const talk = engine.talks.get(from)
  const unknown = heads.filter((head) => !engine.auth.has(head))
  if (talk === undefined || unknown.length === 0) return
  if (unknown.every((head) => talk.asking.heads.includes(head))) return
  talk.asking = { heads: unknown, asked: 0, since: now.mono }
}

/** Asks for ops that did not come by themselves; nobody for ever, as some never answer. */
export function askForOps(engine: Engine, now: Now, out: Effect[]): void {
  for (const [key] of liveSessions(engine)) {
    const asking = engine.talks.get(key)?.asking
    if (asking === undefined || asking.heads.length === 0 || asking.asked >= WANTS_MAX) continue
    if (now.mono < asking.since + AUTH_ANSWER_MS * 2 ** asking.asked) continue
    asking.heads = asking.heads.filter((head) => !engine.auth.has(head))
    if (asking.heads.length === 0) continue
    asking.since = now.mono
    asking.asked++
    send(out, key, { kind: 'auth', heads: engine.auth.heads(), ops: [] })
  }
}

/** Adds ops, keeps the accepted ones, tells everybody but their sender; answers how many. */
export function takeOps(
  engine: Engine,
  now: Now,
  out: Effect[],
  got: { from: PublicKey | undefined; ops: readonly Uint8Array[] },
): number {
  const accepted: Entry[] = []
  let refused: string | undefined
  for (const bytes of got.ops) {
    // A copy: what came in a frame would keep all of it alive for one op.
    const added = engine.auth.add(bytes.slice(), engine.verify)
    if (added.kind === 'accepted') accepted.push(added.op, ...added.released)
    if (added.kind === 'invalid') refused = `an auth op: ${added.why}`
    if (added.kind === 'invalid' || added.kind === 'full') {
      complain(engine, out, got.from, { kind: added.kind, text: `auth op refused: ${added.why}` })
    }
  }
  if (accepted.length > 0) keepOps(engine, now, out, { ...got, accepted })
  if (refused !== undefined && got.from !== undefined) {
    blame(engine, now, out, { key: got.from, why: refused })
  }
  return accepted.length
}

function keepOps(
  engine: Engine,
  now: Now,
  out: Effect[],
  { from, accepted }: { from: PublicKey | undefined; accepted: readonly Entry[] },
): void {
  const ops = accepted.map(({ bytes }) => bytes)
  for (const bytes of ops) out.push({ kind: 'persist', entry: { kind: 'auth', bytes } })
  onGrown(engine, now, out, accepted)
  sendAll(engine, out, { kind: 'auth', heads: engine.auth.heads(), ops }, [from])
}

/** The log grew: membership, the voters to be, sessions and waiting runs follow. */
function onGrown(engine: Engine, now: Now, out: Effect[], entries: readonly Entry[]): void {
  const before = engine.membership
  engine.membership = evaluate(engine.auth) ?? before
  for (const entry of entries) showOp(engine, out, entry)
  for (const { key, keys, status, agent } of engine.membership.members.values()) {
    if (agent === engine.me.agent || status !== 'member' || isMember(before, key)) continue
    // Who has a new key is still where it was.
    const addresses = keys.flatMap((each) => engine.presence.get(each)?.beat.addresses ?? [])
    out.push({ kind: 'want', peer: key, addresses })
  }
  for (const key of [...engine.sessions.keys()].sort()) {
    if (isMember(engine.membership, key)) continue
    // The last that it hears, or else it would never learn why nobody answers it any more.
    const ops = entries.map(({ bytes }) => bytes)
    send(out, key, { kind: 'auth', heads: engine.auth.heads(), ops })
    dropSession(engine, now, out, key)
    out.push({ kind: 'forget', peer: key })
  }
  engine.due.add('landing')
  settleSeals(engine, out)
  endIfSealed(engine)
  refreshEligible(engine, now, out)
  releaseAfterAuth(engine, out)
}

/** Shows the ops that were on disk. */
export function restoreOps(engine: Engine): void {
  for (const entry of engine.auth.ops()) showOp(engine, [], entry)
}

/** Shows the ops that people ask the log about. */
function showOp(engine: Engine, out: Effect[], entry: Entry): void {
  const event = eventOfOp(engine, entry)
  if (event !== undefined) tellEvent(engine, out, event)
}

function eventOfOp(engine: Engine, { id, op }: Entry): Event | undefined {
  const { at, author, deed } = op
  switch (deed.kind) {
    case 'genesis':
      return { kind: 'founded', id, at, by: author, name: deed.name }
    case 'admit':
    case 'add': {
      const member = engine.membership.byKey(deed.member)
      if (member?.admission !== id) return undefined
      const kind = deed.kind === 'admit' && engine.membership.approves ? 'asked' : 'joined'
      // By the agent: when two members let it in at once, which op counts is known only later.
      return { kind, id: member.agent, at, who: deed.member, name: member.name }
    }
    default:
      if (!engine.membership.stands(id)) return undefined
      return decisionOf(engine, { id, at, by: author }, deed)
  }
}

/** The event of a decision about an agent or an invite. */
function decisionOf(
  engine: Engine,
  made: { id: Hash; at: Instant; by: PublicKey },
  deed: Deed,
): Event | undefined {
  switch (deed.kind) {
    case 'remove':
      return { ...made, kind: 'removed', who: deed.member }
    case 'role':
      return { ...made, kind: 'role', who: deed.member, role: deed.role }
    case 'approve': {
      const admission = engine.auth.entry(deed.admission)
      return admission && { ...made, kind: 'approved', who: admittedKey(admission) }
    }
    case 'rotate':
      return { ...made, kind: 'rotated', key: deed.key }
    case 'close':
      if (deed.why === 'spent') return undefined
      return { ...made, kind: 'revoked', invite: deed.invite }
    default:
      return undefined
  }
}
