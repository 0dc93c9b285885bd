/** The auth log in the engine: ops that arrive or are made here, and what a new one changes. */
import type { Hash, PublicKey } from '../brand.ts'
import { evaluate } from '../auth/evaluate.ts'
import type { Entry } from '../auth/log.ts'
import type { Event } from '../room/views/events.ts'
import { refreshEligible } from './chain.ts'
import type { Effect, Now } from './effect.ts'
import { send } from './peers.ts'
import { type Engine, liveSessions } from './state.ts'
import { releaseAfterAuth } from './streams.ts'

/** Takes ops from a peer: the new ones are kept and passed on. An empty list asks for what lacks. */
export function receiveOps(
  engine: Engine,
  now: Now,
  out: Effect[],
  got: { from: PublicKey; heads: readonly Hash[]; ops: readonly Uint8Array[] },
): void {
  if (got.ops.length === 0) {
    const ops = engine.auth.lacking(got.heads)
    if (ops.length > 0) send(out, got.from, { kind: 'auth', heads: engine.auth.heads(), ops })
    return
  }
  const taken = takeOps(engine, now, out, got)
  const unknown = got.heads.some((head) => !engine.auth.has(head))
  if (unknown && taken === 0) {
    send(out, got.from, { kind: 'auth', heads: engine.auth.heads(), ops: [] })
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
  for (const bytes of got.ops) {
    const added = engine.auth.add(bytes, engine.verify)
    if (added.kind === 'accepted') accepted.push(added.op, ...added.released)
    if (added.kind === 'invalid' || added.kind === 'full') {
      out.push({ kind: 'note', level: 'warn', text: `auth op refused: ${added.why}` })
    }
  }
  if (accepted.length === 0) return 0
  const ops = accepted.map(({ bytes }) => bytes)
  for (const bytes of ops) out.push({ kind: 'persist', entry: { kind: 'auth', bytes } })
  onGrown(engine, now, out, accepted)
  const heads = engine.auth.heads()
  for (const [key] of liveSessions(engine)) {
    if (key !== got.from) send(out, key, { kind: 'auth', heads, ops })
  }
  return accepted.length
}

/** The log grew: membership, the voters to be, sessions and waiting runs follow. */
function onGrown(engine: Engine, now: Now, out: Effect[], entries: readonly Entry[]): void {
  engine.membership = evaluate(engine.auth) ?? engine.membership
  for (const entry of entries) showOp(engine, out, entry)
  for (const { key, status, agent } of engine.membership.members.values()) {
    if (agent === engine.me.agent) continue
    if (status === 'member') out.push({ kind: 'want', peer: key, addresses: [] })
    else if (engine.sessions.has(key)) out.push({ kind: 'forget', peer: key })
  }
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
  if (event === undefined || engine.events.has(event.id)) return
  engine.events.set(event.id, event)
  out.push({ kind: 'event', event })
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
      return { kind: 'joined', id, at, who: deed.member, name: member.name }
    }
    default:
      return undefined
  }
}
