/** The eras of a room: from whom confirmations come, each time a majority was lost for good. */
import type { ActorId, AgentId, Hash } from '../brand.ts'
import { actorOf } from '../brand.ts'
import { agentIdOf } from './identity.ts'
import type { Entry } from './log.ts'
import { type Place, type Sight, standing } from './place.ts'
import type { DeedOf } from './register.ts'

export type Era = {
  readonly era: number
  /** The op that opened it. */
  readonly id: Hash
  readonly by: AgentId
  readonly voters: readonly ActorId[]
}

/**
 * The eras in force, ascending. Where two sides opened the same one, the more senior author's
 * counts: the other side was never anything but provisional.
 */
export function erasOf(sight: Sight): Era[] {
  const { genesis } = sight.register
  const first = actorOf(genesis.op.author, genesis.op.deed.incarnation)
  const founder = agentIdOf(genesis.op.author)
  const eras: Era[] = [{ era: 0, id: genesis.id, by: founder, voters: [first] }]

  const opened = standing(sight, sight.register.recoveries).sort((a, b) => {
    return deedOf(a).era - deedOf(b).era || seniority(sight, a, b)
  })
  for (const entry of opened) {
    const { era, voters } = deedOf(entry)
    if (era === eras.at(-1)?.era) continue
    const by = agentIdOf((sight.ruling.author[entry.index] as Place).root)
    eras.push({ era, id: entry.id, by, voters })
  }
  return eras
}

function deedOf({ op }: Entry): DeedOf<'recover'> {
  return op.deed as DeedOf<'recover'>
}

function seniority({ ruling }: Sight, a: Entry, b: Entry): number {
  const [one, other] = [a, b].map(({ index }) => ruling.author[index] as Place)
  const distance = (one as Place).distance - (other as Place).distance
  return distance || (a.id < b.id ? -1 : 1)
}
