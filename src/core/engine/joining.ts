/** Admission: this peer, being a member, answers somebody who holds a link. */
import { makeAdmit, makeClose, type Spot } from '../auth/author.ts'
import { decodeJoinRequest, encodeJoinAnswer, type JoinAnswer } from '../auth/join.ts'
import { approversOf, judgeJoin } from '../auth/judge.ts'
import { writes } from '../auth/roles.ts'
import type { Hash, PublicKey } from '../brand.ts'
import { INVITE_CLOSE_MS, INVITES_LOOK_MS } from '../limits.ts'
import { takeOps } from './authority.ts'
import { leads } from './chain.ts'
import type { Effect, Now } from './effect.ts'
import { memberOf } from './names.ts'
import { standingRefusal } from './standing.ts'
import type { Engine } from './state.ts'

/** Answers one question of the join protocol; an admission is on disk before it is told. */
export function onAsk(
  engine: Engine,
  now: Now,
  out: Effect[],
  asked: { call: number; peer: PublicKey; question: Uint8Array },
): void {
  const answer = judge(engine, now, out, asked)
  const bytes = encodeJoinAnswer(answer)
  out.push({ kind: 'answer', call: asked.call, answer: { kind: 'joined', bytes } })
}

function judge(
  engine: Engine,
  now: Now,
  out: Effect[],
  { peer, question }: { peer: PublicKey; question: Uint8Array },
): JoinAnswer {
  const me = memberOf(engine, engine.me.signer.key)
  if (me?.status !== 'member' || !writes(me.role)) {
    const why = 'This peer may let nobody in; ask another member.'
    return { kind: 'refused', code: 'cannot-sponsor', why }
  }
  const read = decodeJoinRequest(question)
  // The transport proved the key: a request in another's name is refused even if it is well signed.
  if (read.kind === 'malformed' || read.value.member !== peer) {
    const why = 'The request is not of the key that sent it.'
    return { kind: 'refused', code: 'bad-proof', why }
  }
  const request = read.value
  const verdict = judgeJoin(engine.membership, request, now.wall, engine.verify)
  switch (verdict.kind) {
    case 'refuse':
      return { kind: 'refused', code: verdict.code, why: verdict.why }
    case 'pending':
      return verdict
    case 'member':
      return { kind: 'admitted', ops: engine.auth.lacking([]) }
    case 'admit': {
      const { invite, name } = verdict
      const admission = { invite, request, name }
      const { bytes, id } = makeAdmit(engine.me.signer, spot(engine, now), admission)
      if (takeOps(engine, now, out, { from: undefined, ops: [bytes] }) === 0) {
        const why = 'The auth log of this peer takes no more; ask another member.'
        return { kind: 'refused', code: 'cannot-sponsor', why }
      }
      closeSpent(engine, now, out, invite)
      return afterAdmission(engine, request.member, id)
    }
  }
}

function afterAdmission(engine: Engine, member: PublicKey, admission: Hash): JoinAnswer {
  const status = memberOf(engine, member)?.status
  if (status === 'member') return { kind: 'admitted', ops: engine.auth.lacking([]) }
  return { kind: 'pending', admission, approvers: approversOf(engine.membership) }
}

/** Closes an invite whose last use this was, naming the admissions that it saw. */
function closeSpent(engine: Engine, now: Now, out: Effect[], id: Hash): void {
  const invite = engine.membership.invites.get(id)
  if (invite === undefined || invite.admissions.length < invite.uses) return
  const { admissions } = invite
  const close = { invite: id, why: 'spent' as const, admissions }
  const { bytes } = makeClose(engine.me.signer, spot(engine, now), close)
  takeOps(engine, now, out, { from: undefined, ops: [bytes] })
}

/**
 * Closes one invite that has expired, naming the admissions that it saw: whoever made it does, and
 * the leader for those whose makers are away, so that everybody does not say the same.
 */
export function closeExpired(engine: Engine, now: Now, out: Effect[]): void {
  if (now.mono < engine.looked + INVITES_LOOK_MS) return
  engine.looked = now.mono
  if (standingRefusal(engine) !== undefined) return
  const late = leads(engine, now) ? INVITE_CLOSE_MS : Infinity
  for (const { id, by, open, expires, admissions } of engine.membership.invites.values()) {
    if (!open || expires === undefined || now.wall < expires) continue
    if (by !== engine.me.agent && now.wall < expires + late) continue
    const close = { invite: id, why: 'spent' as const, admissions }
    const { bytes } = makeClose(engine.me.signer, spot(engine, now), close)
    takeOps(engine, now, out, { from: undefined, ops: [bytes] })
    return
  }
}

/** Where the next auth op of this peer goes. */
export function spot(engine: Engine, now: Now): Spot {
  return { room: engine.volume.room, parents: engine.auth.parents(), at: now.wall }
}
