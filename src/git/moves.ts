/** Moving refs: compare-and-swap, several at once or none. */
import type { Oid } from '../core/brand.ts'
import { GIT_COMMAND_MS } from '../core/limits.ts'
import { GitError, nulls, run } from './door.ts'
import { INCOMING, isKnotRef, NO_OID, parseOid } from './refs.ts'
import { inside, type Checkout, type Mirror } from './repository.ts'

/** One move; without `from` the ref must not exist yet, without `to` it is deleted. */
export type RefMove = { ref: string; from?: Oid; to?: Oid }

export type RefsMoved =
  | { kind: 'moved' }
  /** Nothing moved: this ref was not where the move begins. */
  | { kind: 'moved-by-other'; ref: string; found?: Oid }

/**
 * Makes all the moves in one transaction, or none. Git only looks whether a commit is there, not
 * whether its history is: a killed push can leave a commit without its parents, which no ref names
 * yet. So ask `hasCommit` before naming a commit that did not come from a ref.
 */
export async function moveRefs(
  mirror: Mirror,
  moves: readonly RefMove[],
  signal: AbortSignal,
): Promise<RefsMoved> {
  for (const { ref } of moves) {
    if (!isKnotRef(ref)) throw new Error(`bug: "${ref}" is not a knot ref`)
  }
  const input = ['start', ...moves.map(command), 'prepare', 'commit', ''].join('\0')
  const output = await run(['update-ref', '--no-deref', '--stdin', '-z'], {
    at: inside(mirror),
    signal,
    input,
    okCodes: [0, 128],
  })
  if (output.code === 0) return { kind: 'moved' }

  const now = new Map((await listRefs(mirror, signal)).map(({ ref, oid }) => [ref, oid]))
  for (const { ref, from } of moves) {
    const found = now.get(ref)
    if (found === from) continue
    return { kind: 'moved-by-other', ref, ...(found === undefined ? {} : { found }) }
  }
  throw new GitError(['update-ref'], output)
}

/** Moves one ref if it is still where the caller saw it. */
export async function updateRef(
  mirror: Mirror,
  move: RefMove,
  signal: AbortSignal,
): Promise<RefsMoved> {
  return moveRefs(mirror, [move], signal)
}

/** Every ref below `refs/knot/`, or those of some names and below them, sorted by name. */
export async function listRefs(
  repository: Checkout | Mirror,
  signal: AbortSignal,
  ...names: string[]
): Promise<{ ref: string; oid: Oid }[]> {
  const wanted = names.length === 0 ? ['refs/knot'] : names
  const list = ['for-each-ref', '--format=%(refname)%00%(objectname)%00', ...wanted]
  const { stdout } = await run(list, { at: inside(repository), signal })
  const parts = nulls(stdout)
  const refs = []
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const ref = parts[i]?.trimStart() ?? ''
    const oid = parseOid(parts[i + 1] ?? '')
    if (oid !== undefined) refs.push({ ref, oid })
  }
  return refs
}

/** A ref of the mirror; undefined when there is none of that name. */
export async function readRef(
  mirror: Mirror,
  ref: string,
  signal: AbortSignal,
): Promise<Oid | undefined> {
  const read = ['rev-parse', '--verify', '--quiet', ref]
  const { stdout } = await run(read, { at: inside(mirror), signal, okCodes: [0, 1, 128] })
  return parseOid(stdout.toString('utf8').trim())
}

/** Forgets unverified refs, all of them or those of one fetch. */
export async function clearIncoming(mirror: Mirror, prefix = INCOMING.slice(0, -1)): Promise<void> {
  // Not the caller's signal: an aborted fetch must not leave its refs behind.
  const signal = AbortSignal.timeout(GIT_COMMAND_MS)
  const left = await listRefs(mirror, signal, prefix)
  if (left.length === 0) return
  await moveRefs(mirror, left.map(({ ref, oid }) => ({ ref, from: oid })), signal)
}

function command({ ref, from = NO_OID, to }: RefMove): string {
  return to === undefined ? `delete ${ref}\0${from}` : `update ${ref}\0${to}\0${from}`
}
