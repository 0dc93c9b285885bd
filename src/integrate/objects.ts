/** Getting commits here: from peers, or from the checkout when it has them anyway. */
import { join } from 'node:path'
import type { Oid } from '../core/brand.ts'
import type { FactId } from '../core/room/facts.ts'
import { resolveRev } from '../git/checkout.ts'
import { fetchFrom } from '../git/fetch.ts'
import { whileBusy } from '../git/again.ts'
import { clearLeftovers } from '../git/leftovers.ts'
import { bringRefs, hasCommit, publish } from '../git/mirror.ts'
import { readRef, updateRef } from '../git/moves.ts'
import { pinRef, pushRef } from '../git/refs.ts'
import type { Checkout } from '../git/repository.ts'
import type { Got, Holders, Repositories } from './repositories.ts'

/**
 * Brings a push's commit into the mirror under its own ref, from the first that has it: its author
 * if it is connected, then the shared remote, then the other peers.
 */
export async function getPush(
  at: Repositories,
  job: { push: FactId; commit: Oid; holders: Holders },
  signal: AbortSignal,
): Promise<Got> {
  const { push, commit, holders } = job
  const want = { oid: commit, ref: pushRef(push) }
  const isFirst = at.remote?.isFirst(push, holders) === true
  const got = isFirst ? await at.remote?.get(want, signal) : undefined
  if (got?.kind === 'held') return got
  return fetchAny(at, { ...want, holders, remote: isFirst ? 'asked' : 'last' }, signal)
}

/**
 * Has a commit in the mirror and pinned: it is there, or the checkout has it (a base is older than
 * the room, so most clones do), or a peer that pinned it gives it.
 */
export async function getPinned(
  at: Repositories,
  { commit, holders }: { commit: Oid; holders: Holders },
  signal: AbortSignal,
): Promise<Got> {
  const { checkout, mirror } = at
  const ref = pinRef(commit)
  if (await hasCommit(mirror, commit, signal)) {
    if ((await readRef(mirror, ref, signal)) === undefined) {
      await updateRef(mirror, { ref, to: commit }, signal)
    }
    return { kind: 'held' }
  }
  if ((await resolveRev(checkout, commit, signal)) === commit) {
    const published = await publish({ checkout, mirror, rev: commit, refs: [ref] }, signal)
    if (published.kind === 'published') return { kind: 'held' }
  }
  return fetchAny(at, { oid: commit, ref, holders, remote: 'last' }, signal)
}

/** Brings every ref of the mirror into the checkout's `refs/knot/`. */
export function bring(at: Repositories, signal: AbortSignal): Promise<Got> {
  // `knot sync` and the worker both bring: two at once would find each other's locks.
  const before = bringing.get(at.checkout) ?? Promise.resolve()
  const brought = before.then(() => bringAlone(at, signal))
  bringing.set(
    at.checkout,
    brought.catch(() => undefined),
  )
  return brought
}

const bringing = new WeakMap<Checkout, Promise<unknown>>()

async function bringAlone({ checkout, mirror }: Repositories, signal: AbortSignal): Promise<Got> {
  const brought = await whileBusy(async () => {
    const outcome = await bringRefs({ checkout, mirror }, signal)
    // A git that was killed in the checkout leaves its lock there, among our own refs only.
    if (outcome.kind === 'refused') {
      await clearLeftovers(join(checkout.commonDir, 'refs', 'knot'), signal)
    }
    return outcome
  }, signal)
  if (brought.kind === 'brought') return { kind: 'held' }
  const why = brought.kind === 'shallow' ? 'the checkout is shallow' : brought.why
  return { kind: 'failed', why }
}

async function fetchAny(
  { mirror, route, remote }: Repositories,
  want: { oid: Oid; ref: string; holders: Holders; remote: 'asked' | 'last' },
  signal: AbortSignal,
): Promise<Got> {
  const { oid, ref, holders } = want
  const reasons: string[] = []
  for (const peer of holders) {
    const fetched = await fetchFrom({ mirror, peer, route, want: [{ oid, ref }] }, signal)
    if (fetched.kind === 'failed') {
      reasons.push(`${peer.slice(0, 8)}: ${fetched.why}`)
      continue
    }
    const [answer] = fetched.refs
    if (answer?.kind === 'fetched' || answer?.kind === 'present') return { kind: 'held' }
    const what = answer?.kind === 'refused' ? `has ${answer.found} there` : 'does not have it'
    reasons.push(`${peer.slice(0, 8)}: ${what}`)
  }
  if (remote !== undefined && want.remote === 'last') {
    const got = await remote.get({ oid, ref }, signal)
    if (got.kind === 'held') return got
    reasons.push(got.why)
  }
  const why = reasons.length === 0 ? 'no peer to ask' : reasons.join('; ')
  return { kind: 'failed', why: `${ref} at ${oid.slice(0, 8)}: ${why}` }
}
