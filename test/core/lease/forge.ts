/** Words that nobody said: ballots and records as a liar, or a bug, would sign them. */
import { keyOf, type ActorId, type Hash } from '../../../src/core/brand.ts'
import { grantBytes, standBytes, type Grant, type Stand } from '../../../src/core/lease/ballot.ts'
import type { LeaseInput } from '../../../src/core/lease/lease.ts'
import { hold, recordBytes, type ChainRecord } from '../../../src/core/lease/record.ts'
import { actorNamed, keyNamed, ROOM, sign, type Lab } from './cast.ts'

const era = { room: ROOM, number: 0 }

/** The payload of a claim. */
export const fact = {
  kind: 'fact',
  topic: 'claims',
  actor: actorNamed('A'),
  n: 0,
  value: 'x',
} as const

/** A stand as an agent would sign it, whatever its lease thinks of that. */
export function stand(
  name: string,
  own: Partial<Omit<Stand, 'candidate' | 'signature'>> & { term: number },
): Stand {
  const draft = {
    phase: 'real' as const,
    candidate: actorNamed(name),
    last: { term: 0, seq: 0 },
    lastId: ROOM as Hash,
    ...own,
  }
  return { ...draft, signature: sign(keyNamed(name), standBytes(era, draft)) }
}

type Granting = {
  readonly candidate: string
  readonly term?: number
  readonly last?: { readonly term: number; readonly seq: number }
}

/** A grant of the empty chain's first term, unless the test says otherwise. */
export function grant(
  voter: string,
  { candidate, term = 1, last = { term: 0, seq: 0 } }: Granting,
): Grant {
  const draft = { term, candidate: actorNamed(candidate), voter: actorNamed(voter), last }
  return { ...draft, signature: sign(keyNamed(voter), grantBytes(era, draft)) }
}

/** In the order that the format asks for. */
export function byVoter<T extends { voter: ActorId }>(...items: T[]): T[] {
  return items.sort((a, b) => (a.voter < b.voter ? -1 : 1))
}

/** A record of the same leader and term after an agent's tail. */
export function follow(lab: Lab, name: string, payload: ChainRecord['payload']): ChainRecord {
  const last = lab.lease(name).chain.held.at(-1)
  if (last === undefined) throw new Error('nothing to follow')
  return next(last.record, payload)
}

/** A record of the same leader and term after another. */
export function next(record: ChainRecord, payload: ChainRecord['payload']): ChainRecord {
  const { id } = hold(ROOM, record)
  return signed({ ...record, seq: record.seq + 1, prev: id, payload, accepts: [] })
}

/** The record with the signature that fits it. */
export function signed(record: ChainRecord): ChainRecord {
  return { ...record, signature: sign(keyOf(record.leader), recordBytes(ROOM, record)) }
}

/** The input of having heard these records. */
export function records(from: string, list: readonly ChainRecord[]): LeaseInput {
  const message = { kind: 'records', era: 0, records: list } as const
  return { kind: 'heard', from: keyNamed(from), message }
}

/** Why an agent refuses the first unfit one of these records; `nothing` when it does not. */
export function unfit(lab: Lab, name: string, list: readonly ChainRecord[]): string {
  const effects = lab.step(name, records(name === 'C' ? 'B' : 'C', list))
  const effect = effects.find(({ kind }) => kind === 'unfit')
  return effect?.kind === 'unfit' ? effect.why : 'nothing'
}

/** The kind of a voter's answer to a candidate, `nothing` when it gives none. */
export function answer(lab: Lab, voter: string, one: Stand): string {
  const from = keyOf(one.candidate)
  const message = { kind: 'stand', era: 0, stand: one } as const
  const effects = lab.step(voter, { kind: 'heard', from, message })
  const sent = effects.find((effect) => effect.kind === 'send')
  return sent?.kind === 'send' ? sent.message.kind : 'nothing'
}
