/** Where document streams end: by what was taken from their authors, and by proofs of fraud. */
import { type ActorId, type Hash, keyOf } from '../brand.ts'
import type { Seal } from './deed.ts'
import { sharedChange } from './fraud.ts'
import { type Sight, dossierOf, isActive, placeOf, rootOf, seen, standing } from './place.ts'
import type { DeedOf } from './register.ts'
import { writes } from './roles.ts'

/** The last change of a stream that counts. At seq 0 none does, and the hash is the volume's. */
export type SealPoint = { readonly seq: number; readonly hash: Hash }

/** Answers where a stream ends in a volume; undefined when it goes on. */
export function sealer(sight: Sight): (actor: ActorId, volume: Hash) => SealPoint | undefined {
  const forks = forksOf(sight)
  return (actor, volume) => {
    const points = [takenAt(sight, actor, volume), forks.get(actor + volume)]
    return points.filter(point => point !== undefined).sort(lowest)[0]
  }
}

/**
 * Of several seals on a stream the longest counts: work that anyone had seen is kept. A stream
 * that no seal lists ends before it began, unless its author may write now: then it is a life of
 * the author's after it came back.
 */
function takenAt(sight: Sight, actor: ActorId, volume: Hash): SealPoint | undefined {
  const key = keyOf(actor)
  const root = rootOf(sight, key)
  const dossier = dossierOf(sight, root)
  if (dossier === undefined) return undefined

  const takers = standing(sight, [...dossier.removals, ...dossier.roles, ...dossier.rotations])
  const seals = takers.flatMap(({ op }) => sealsOf(op.deed as TakingDeed))
  const own = seals.filter(seal => seal.actor === actor && seal.volume === volume)
  const longest = own.sort((a, b) => lowest(b, a))[0]
  if (longest !== undefined) return { seq: longest.seq, hash: longest.hash }

  const place = placeOf(sight, root)
  return isActive(place, key) && writes(place.role) ? undefined : { seq: 0, hash: volume }
}

type TakingDeed = DeedOf<'remove' | 'role' | 'rotate'>

function sealsOf(deed: TakingDeed): readonly Seal[] {
  // Who still writes has lost no stream, whatever the op lists.
  return deed.kind === 'role' && writes(deed.role) ? [] : deed.seals
}

function forksOf(sight: Sight): Map<string, SealPoint> {
  const forks = new Map<string, SealPoint>()
  for (const { op } of seen(sight, sight.register.ops)) {
    if (op.deed.kind !== 'fraud') continue
    const stream = op.deed.actor + op.deed.volume
    const points = [sharedChange(op.deed), forks.get(stream)].filter(point => point !== undefined)
    forks.set(stream, points.sort(lowest)[0] as SealPoint)
  }
  return forks
}

function lowest(a: SealPoint, b: SealPoint): number {
  return a.seq - b.seq || (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0)
}
