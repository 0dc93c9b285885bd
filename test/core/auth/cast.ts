/** A room that the people of the tests of core/auth act in. */
import { type Spot, makeGenesis } from '../../../src/core/auth/author.ts'
import { type Membership, evaluate } from '../../../src/core/auth/evaluate.ts'
import { type Added, AuthLog } from '../../../src/core/auth/log.ts'
import type { SignedOp } from '../../../src/core/auth/op.ts'
import { alice, isSound, verify } from './keys.ts'
import { GENESIS, NOON } from './ops.ts'

export * from './ops.ts'

/** Ops of one room, and who has seen which. */
export type Stage = {
  readonly log: AuthLog
  readonly spot: () => Spot
  /** A place for an op whose author has seen only these. */
  readonly after: (...seen: readonly SignedOp[]) => Spot
  readonly genesis: SignedOp
  /** Puts ops into the log and answers the last. */
  readonly play: (...ops: readonly SignedOp[]) => SignedOp
  readonly membership: () => Membership
}

/** A room founded by alice. */
export function founded(policy: { approve: boolean } = { approve: false }): Stage {
  const genesis = makeGenesis(alice, { ...GENESIS, ...policy })
  const log = new AuthLog(genesis.op.room, isSound)
  const stage: Stage = {
    log,
    genesis,
    spot: () => ({ room: log.room, parents: log.parents(), at: NOON }),
    after: (...seen) => ({ room: log.room, parents: seen.map(({ id }) => id), at: NOON }),
    play: (...ops) => {
      for (const op of ops) accepted(log.add(op.bytes, verify))
      return ops.at(-1) as SignedOp
    },
    membership: () => evaluated(log),
  }
  stage.play(genesis)
  return stage
}

export function accepted(added: Added): Extract<Added, { kind: 'accepted' }> {
  if (added.kind !== 'accepted') throw new Error(JSON.stringify(added))
  return added
}

export function evaluated(log: AuthLog): Membership {
  const membership = evaluate(log)
  if (membership === undefined) throw new Error('no genesis')
  return membership
}

/** What everyone is, as `name: role` or `name: status`, in order of seniority. */
export function roll({ members }: Membership): string[] {
  return [...members.values()].map(({ name: who, role, status }) => {
    return `${who}: ${status === 'member' ? role : status}`
  })
}
