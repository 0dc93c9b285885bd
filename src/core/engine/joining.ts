/** Admission: this peer, being a member, answers somebody who holds a link. */
import { makeAdmit, makeClose, type Spot } from '../auth/author.ts'
import { decodeJoinRequest, encodeJoinAnswer, type JoinAnswer } from '../auth/join.ts'
import { approversOf, judgeJoin } from '../auth/judge.ts'
import { writes } from '../auth/roles.ts'
import type { Hash, PublicKey } from '../brand.ts'
import { takeOps } from './authority.ts'
import type { Effect, Now } from './effect.ts'
import { memberOf } from './names.ts'
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

/** Where the next auth op of this peer goes. */
export function spot(engine: Engine, now: Now): Spot {
  return { room: engine.volume.room, parents: engine.auth.parents(), at: now.wall }
}
