/**
 * The mirror, `.knot/repo.git`: what this agent has published and what it holds of others.
 *
 * Only the mirror is served. Protocol v2 of git gives out any object that a client can name, so
 * the user's own repository, with its private branches, never meets the network.
 */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Oid } from '../core/brand.ts'
import { GIT_COPY_MS } from '../core/limits.ts'
import { isShallow, resolveRev } from './checkout.ts'
import { run } from './door.ts'
import { clearLeftovers } from './leftovers.ts'
import { type GitProgress, readProgress, withoutProgress } from './percent.ts'
import { INCOMING, INTEGRATION_REF, isImmutable, isKnotRef, wordRef } from './refs.ts'
import { inside, type Checkout, type Mirror } from './repository.ts'
import { clearIncoming, listRefs } from './moves.ts'
import { holdsKnot } from './tree.ts'

/** Makes the mirror, or mends what a killed process left in it. Only the daemon may call this. */
export async function initMirror(path: string, signal: AbortSignal): Promise<Mirror> {
  const mirror: Mirror = { kind: 'mirror', path }
  await mkdir(path, { recursive: true })
  await clearLeftovers(path, signal)
  const init = ['init', '--quiet', '--bare', '--template=', '--initial-branch=main']
  await run(init, { at: inside(mirror), signal })
  // Written whole instead of by `git config`: one rename, and no setting of an older knot stays.
  const draft = join(path, 'config.knot')
  await writeFile(draft, MIRROR_CONFIG, { mode: 0o600 })
  await rename(draft, join(path, 'config'))
  await mkdir(join(path, 'info'), { recursive: true })
  await writeFile(draft, BYTE_FOR_BYTE, { mode: 0o600 })
  await rename(draft, join(path, 'info', 'attributes'))
  await rm(join(path, 'hooks'), { recursive: true, force: true })
  await clearIncoming(mirror)
  return mirror
}

export type Published =
  | { kind: 'published'; oid: Oid; refs: string[] }
  | { kind: 'no-such-commit'; rev: string }
  /** `git fetch --unshallow` mends it. */
  | { kind: 'shallow' }
  /** `.knot/` was committed: whoever merges that loses the keys of his own agent. */
  | { kind: 'holds-knot'; oid: Oid }
  /** A ref that never moves is at another commit. */
  | { kind: 'immutable'; ref: string; found: Oid }
  /** Git refused the objects or a ref moved meanwhile; its own words. */
  | { kind: 'refused'; why: string }

/** Copies a commit of the checkout into the mirror under all the refs, or under none. */
export async function publish(
  { checkout, mirror, rev, refs }: {
    checkout: Checkout
    mirror: Mirror
    rev: string
    refs: readonly string[]
  },
  signal: AbortSignal,
  progress: (step: GitProgress) => void = () => {},
): Promise<Published> {
  for (const ref of refs) if (!isKnotRef(ref)) throw new Error(`bug: "${ref}" is not a knot ref`)
  if (await isShallow(checkout, signal)) return { kind: 'shallow' }
  const oid = await resolveRev(checkout, rev, signal)
  if (oid === undefined) return { kind: 'no-such-commit', rev }
  const [holds, there] = await Promise.all([
    holdsKnot(checkout, oid, signal),
    listRefs(mirror, signal),
  ])
  if (holds) return { kind: 'holds-knot', oid }
  const present = new Map(there.map(({ ref, oid }) => [ref, oid]))
  for (const ref of refs) {
    const found = present.get(ref)
    if (isImmutable(ref) && found !== undefined && found !== oid) {
      return { kind: 'immutable', ref, found }
    }
  }
  const leases = refs.map((ref) => `--force-with-lease=${ref}:${present.get(ref) ?? ''}`)
  const push = ['push', '--quiet', '--progress', '--atomic', '--no-verify', '--no-signed',
    '--no-follow-tags', '--recurse-submodules=no', ...leases, mirror.path]
  const at = inside(checkout)
  const { code, stderr } = await run(
    [...push, ...refs.map((ref) => `${oid}:${ref}`)],
    // A push option of the user's configuration would be refused by the mirror.
    {
      at: { ...at, config: [...at.config, 'push.pushOption='] },
      signal,
      timeoutMs: GIT_COPY_MS,
      okCodes: [0, 1, 128],
      onStderr: (text) => readProgress(text).forEach(progress),
    },
  )
  if (code !== 0) return { kind: 'refused', why: withoutProgress(stderr) }
  return { kind: 'published', oid, refs: [...refs] }
}

/** True when the mirror has the commit with all its history and every file of it. */
export async function hasCommit(
  mirror: Mirror,
  oid: Oid,
  signal: AbortSignal,
): Promise<boolean> {
  // The same walk that a fetch ends with: whatever a ref reaches is known to be whole. What is not
  // there, or is no commit, fails before it.
  const walk = ['rev-list', '--objects', '--quiet', `${oid}^{commit}`, '--not', '--all']
  const at = inside(mirror)
  const walked = await run(walk, { at, signal, timeoutMs: GIT_COPY_MS, okCodes: [0, 1, 128] })
  return walked.code === 0
}

/** True when the commit is, or comes before, one that was published or has landed. */
export async function isPublished(
  mirror: Mirror,
  oid: Oid,
  signal: AbortSignal,
): Promise<boolean> {
  const kept = [INTEGRATION_REF, 'refs/knot/push/', 'refs/knot/pin/']
  const list = ['for-each-ref', '--count=1', '--format=%(refname)', `--contains=${oid}`, ...kept]
  // A commit that the mirror does not know is an error to git.
  const { code, stdout } = await run(list, { at: inside(mirror), signal, okCodes: [0, 128, 129] })
  return code === 0 && stdout.length > 0
}


export type Brought =
  | { kind: 'brought'; changed: { ref: string; from?: Oid; to: Oid }[] }
  | { kind: 'shallow' }
  | { kind: 'refused'; why: string }

/**
 * Brings the refs of the mirror into the checkout under the same names. Refs that the mirror lost
 * stay: another worktree of the same repository may have brought them for its own agent.
 */
export async function bringRefs(
  { checkout, mirror }: { checkout: Checkout; mirror: Mirror },
  signal: AbortSignal,
): Promise<Brought> {
  if (await isShallow(checkout, signal)) return { kind: 'shallow' }
  const [here, there] = await Promise.all([listRefs(checkout, signal), listRefs(mirror, signal)])
  const before = new Map(here.map(({ ref, oid }) => [ref, oid]))
  const changed = there.filter(({ ref }) => isBrought(ref)).flatMap(({ ref, oid: to }) => {
    const from = before.get(ref)
    if (from === to) return []
    return from === undefined ? [{ ref, to }] : [{ ref, from, to }]
  })
  // Most of the time they are all there: two lists cost a tenth of a fetch that finds that out.
  if (changed.length === 0) return { kind: 'brought', changed }
  const fetch = ['fetch', '--quiet', '--no-write-fetch-head', '--no-tags', '--no-prune',
    '--no-auto-maintenance', '--no-write-commit-graph', '--recurse-submodules=no', '--refmap=',
    mirror.path, '+refs/knot/*:refs/knot/*', `^${INCOMING}*`, `^${wordRef('*')}`]
  const at = inside(checkout)
  const { code, stderr } = await run(fetch, {
    at,
    signal,
    timeoutMs: GIT_COPY_MS,
    okCodes: [0, 1, 128],
  })
  if (code !== 0) return { kind: 'refused', why: stderr.trim() }
  return { kind: 'brought', changed }
}

function isBrought(ref: string): boolean {
  return !ref.startsWith(INCOMING) && !ref.startsWith(wordRef(''))
}

// These win over the attributes in a tree. A tree may have files that its own attributes rewrite (a
// CRLF file that is `text`): checked out under those, it would never equal itself, nor be tested.
const BYTE_FOR_BYTE = '* -text -eol -ident -filter -working-tree-encoding\n'

// Objects are flushed before a ref names them: what was acknowledged survives a power cut.
// Old tools wrote commits and trees with these flaws, and they are harmless; everything else that
// fsck finds is refused, when it is published as much as when it is fetched.
const OLD_FLAWS = ['badDateOverflow', 'badEmail', 'badFilemode', 'badName', 'badTimezone',
  'missingEmail', 'missingNameBeforeEmail', 'missingSpaceBeforeDate', 'missingSpaceBeforeEmail',
  'nullSha1', 'zeroPaddedDate', 'zeroPaddedFilemode']
  .map((flaw) => `\t${flaw} = warn\n`)
  .join('')

const MIRROR_CONFIG = `# Written by knot at every start; changes are lost.
[core]
\trepositoryFormatVersion = 0
\tbare = true
\tfileMode = true
\thooksPath = /dev/null
\tattributesFile = /dev/null
\tautocrlf = false
\tfsync = committed
\tfilesRefLockTimeout = 2000
\tlogAllRefUpdates = false
[gc]
\tauto = 0
\tpruneExpire = never
[maintenance]
\tauto = false
[receive]
\tfsckObjects = true
\tautoGC = false
\tdenyNonFastForwards = false
\tdenyDeletes = true
[fetch]
\tfsckObjects = true
\trecurseSubmodules = false
[receive "fsck"]
${OLD_FLAWS}[fetch "fsck"]
${OLD_FLAWS}[uploadpack]
\thideRefs = refs
\thideRefs = !refs/knot
\thideRefs = ${INCOMING.slice(0, -1)}
\tallowTipSHA1InWant = false
\tallowReachableSHA1InWant = false
\tallowAnySHA1InWant = false
\tallowFilter = false
[protocol]
\tversion = 0
`
