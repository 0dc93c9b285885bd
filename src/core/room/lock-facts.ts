/**
 * Facts about locks on paths, and about what somebody is doing. As with tasks, a member asks and
 * the leader's confirmed word decides; what somebody is doing is its own word alone.
 */
import { GLOB_MAX_BYTES, GLOBS_MAX, TITLE_MAX_BYTES } from '../limits.ts'
import { readWithdrawn, type Withdrawn } from './claim-facts.ts'
import { isCount, isText, type Json } from './json.ts'
import { type FactId, isFactId, isAskPlace, type AskPlace, type Stamp } from './place.ts'

/** How a lock goes with others on the same paths: shared ones go together. */
export type LockMode = 'shared' | 'exclusive'

/** What a lock covers, and why. */
export type LockTerms = { globs: string[]; mode: LockMode; reason: string }

/** A member asks for a lock on all of some globs. */
export type LockAsked = Stamp &
  LockTerms & {
    kind: 'ask'
    /** The last place of the term chain that the asker knew to be confirmed: what it had seen. */
    after: number
    /** Stays in the queue while others have what it asks for. */
    wait?: true
  }

/** The leader gives a lock, word for word as it was asked for. */
export type LockGranted = Stamp & LockTerms & { kind: 'grant'; ask: AskPlace }

/** The leader ends a lock. */
export type LockFreed = Stamp & {
  kind: 'free'
  lock: FactId
  why: 'unlocked' | 'silent' | 'removed'
}

export type LockFact = LockAsked | Withdrawn | LockGranted | LockFreed

/** What its author is doing, until it says something else; an empty text ends it. */
export type Doing = Stamp & {
  kind: 'doing'
  text: string
  /** The lock that was asked for with it. */
  lock?: FactId
}

/** Reads a fact of the topic `locks`; undefined when it is none. */
export function readLockFact(json: Json & Stamp): LockFact | undefined {
  const { at, term, kind } = json
  switch (kind) {
    case 'ask': {
      const terms = readTerms(json)
      const { after, wait } = json as Json
      if (wait !== undefined && wait !== true) return undefined
      const waits = wait === undefined ? {} : { wait: true as const }
      return terms && isCount(after) ? { at, term, kind, ...terms, after, ...waits } : undefined
    }
    case 'withdraw':
      return readWithdrawn(json)
    case 'grant': {
      const terms = readTerms(json)
      const ask = json['ask']
      if (terms === undefined || !isAskPlace(ask)) return undefined
      return { at, term, kind, ...terms, ask: { actor: ask.actor, n: ask.n } }
    }
    case 'free': {
      const { lock, why } = json
      if (!isFactId(lock)) return undefined
      if (why !== 'unlocked' && why !== 'silent' && why !== 'removed') return undefined
      return { at, term, kind, lock, why }
    }
    default:
      return undefined
  }
}

/** Reads a fact of the topic `plans`; undefined when it is none. */
export function readDoing({ at, term, kind, text, lock }: Json & Stamp): Doing | undefined {
  if (kind !== 'doing' || !isText(text, TITLE_MAX_BYTES)) return undefined
  if (lock !== undefined && !isFactId(lock)) return undefined
  return { at, term, kind, text, ...(lock === undefined ? {} : { lock }) }
}

function readTerms({ globs, mode, reason }: Json): LockTerms | undefined {
  if (!Array.isArray(globs) || globs.length === 0 || globs.length > GLOBS_MAX) return undefined
  if (!globs.every((glob): glob is string => isText(glob, GLOB_MAX_BYTES))) return undefined
  if (mode !== 'shared' && mode !== 'exclusive') return undefined
  return isText(reason, TITLE_MAX_BYTES) ? { globs, mode, reason } : undefined
}
