/**
 * What peers say that answer and take no session of ours.
 *
 * Who was removed while it was away has no session in which it could hear of it. So it asks by the
 * one protocol that everybody answers who is reached, as if it would join: a member says `removed`.
 * That is one member's word, and is shown as that; the auth log is not touched by it.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { decodeJoinAnswer, encodeJoinRequest, makeJoinRequest } from '../core/auth/join.ts'
import type { PublicKey } from '../core/brand.ts'
import { isMember } from '../core/engine/names.ts'
import type { Engine } from '../core/engine/state.ts'
import { liveSessions } from '../core/engine/state.ts'
import { STANDING_ASK_MS, STANDING_FIRST_MS } from '../core/limits.ts'
import { type Mesh, TAKES_NO_SESSION } from '../mesh/port.ts'
import { newSeed, signerFrom } from '../store/ed25519.ts'

/** Who said that we are no member any more, and its sentence. */
export type TurnedAway = { by: PublicKey; why: string }

/** Asks from time to time, while nobody takes a session; what was said counts until one does. */
export function watchStanding(
  { engine, mesh }: { engine: Engine; mesh: Mesh },
  signal: AbortSignal,
): { said: () => TurnedAway | undefined; ended: Promise<void> } {
  let said: TurnedAway | undefined
  const alone = () => liveSessions(engine).length === 0
  const watch = async () => {
    for (let wait = STANDING_FIRST_MS; !signal.aborted; wait = STANDING_ASK_MS) {
      await pause(wait, undefined, { signal }).catch(() => undefined)
      if (alone() && !signal.aborted) said = (await askAll({ engine, mesh }, signal)) ?? said
    }
  }
  return { said: () => (alone() ? said : undefined), ended: watch() }
}

/** Asks those that hung up on us, one after the other, until one says that we were removed. */
async function askAll(
  { engine, mesh }: { engine: Engine; mesh: Mesh },
  signal: AbortSignal,
): Promise<TurnedAway | undefined> {
  const { me, volume, membership } = engine
  const own = membership.members.get(me.agent)
  if (own?.status !== 'member') return undefined
  const stranger = signerFrom(newSeed())
  const asked = { room: volume.room, invite: stranger, member: me.signer, name: own.name }
  const question = encodeJoinRequest(makeJoinRequest(asked))
  for (const { key, addresses } of mesh.survey().peers) {
    const address = addresses.find(({ why }) => why?.includes(TAKES_NO_SESSION))?.address
    if (address === undefined || signal.aborted) continue
    const outcome = await mesh.ask({ address }, question, signal)
    if (outcome.kind !== 'answered' || outcome.key !== key) continue
    const read = decodeJoinAnswer(outcome.answer)
    if (read.kind !== 'ok' || read.value.kind !== 'refused') continue
    // Of a stranger that took the place of a member this says nothing.
    if (read.value.code === 'removed' && isMember(membership, key)) {
      return { by: key, why: read.value.why }
    }
  }
  return undefined
}
