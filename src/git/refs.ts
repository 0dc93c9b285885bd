/** The names of refs that knot writes. All of them are below `refs/knot/`. */
import type { AgentId, Oid } from '../core/brand.ts'

/** The known-good ref: only the leader's landings move it. */
export const INTEGRATION_REF = 'refs/knot/integration'

/** The last work that an agent published. */
export function agentRef(agent: AgentId): string {
  return `refs/knot/${agent}`
}

/** What a listing of every agent's ref asks for. */
export const AGENT_REFS = 'refs/knot/ag_*'

/** One push, for ever the same commit. */
export function pushRef(push: string): string {
  return `refs/knot/push/${push}`
}

/** Keeps a commit whose push or landing ref is gone. */
export function pinRef(commit: Oid): string {
  return `refs/knot/pin/${commit}`
}

/** What an agent says of its last push, signed: see `core/sync/word.ts`. */
export function wordRef(agent: string): string {
  return `refs/knot/word/${agent}`
}

/** Where a fetch puts what it has not verified; never served, never brought to the checkout. */
export const INCOMING = 'refs/knot/incoming/'

/** Refs that never change their commit once they exist. */
export function isImmutable(ref: string): boolean {
  return ref.startsWith('refs/knot/push/') || ref.startsWith('refs/knot/pin/')
}

/**
 * True for the names that knot gives and takes: narrower than git's own rule, so that a name can
 * stand in a refspec, a command and a path without quoting.
 */
export function isKnotRef(ref: string): boolean {
  return (
    ref.length <= 200 &&
    /^refs\/knot(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$/.test(ref) &&
    !ref.includes('..') &&
    !/\.(lock)?(\/|$)/.test(ref)
  )
}

/** Reads a git object name; undefined when it is not 40 lower-case hex digits. */
export function parseOid(text: string): Oid | undefined {
  return /^[0-9a-f]{40}$/.test(text) ? (text as Oid) : undefined
}

/** Forty zeros, by which git says "no object". */
export const NO_OID = '0'.repeat(40) as Oid
/** The tree without entries, which every repository knows. */
export const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904' as Oid
