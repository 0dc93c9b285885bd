/** Who may write under given auth heads, remembered: the answer for known heads never changes. */
import type { Hash, PublicKey } from '../brand.ts'
import { AUTH_HEADS_REMEMBERED_MAX } from '../limits.ts'
import type { AuthLog } from './log.ts'
import { type Sight, placeOf, rootsOf } from './place.ts'
import { register } from './register.ts'
import { writes } from './roles.ts'
import { rule } from './ruling.ts'

type Writers = ReadonlySet<PublicKey>

// A memo, not state: what it holds for some heads is a function of those heads.
const remembered = new WeakMap<AuthLog, Map<string, Writers>>()

/** Judges a key by the past of the heads alone. */
export function mayWriteUnder(
  log: AuthLog,
  key: PublicKey,
  heads: readonly Hash[],
): 'may' | 'may-not' | 'unknown' {
  if (!heads.every(head => log.has(head))) return 'unknown'
  return writersAt(log, heads).has(key) ? 'may' : 'may-not'
}

function writersAt(log: AuthLog, heads: readonly Hash[]): Writers {
  const known = remembered.get(log) ?? new Map<string, Writers>()
  remembered.set(log, known)
  const name = [...heads].sort().join('')
  const found = known.get(name) ?? findWriters(log, heads)
  known.set(name, found)
  const [oldest] = known.keys()
  if (known.size > AUTH_HEADS_REMEMBERED_MAX && oldest !== undefined) known.delete(oldest)
  return found
}

function findWriters(log: AuthLog, heads: readonly Hash[]): Writers {
  const within = register(log, log.closure(heads))
  if (within === undefined) return new Set()

  const sight: Sight = { register: within, ruling: rule(within), past: 'all' }
  const keys = rootsOf(sight).flatMap(root => {
    const place = placeOf(sight, root)
    return place !== undefined && !place.waits && writes(place.role) ? [...place.valid] : []
  })
  return new Set(keys)
}
