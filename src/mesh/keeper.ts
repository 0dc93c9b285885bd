/**
 * Keeps a session with every wanted peer: dials, waits, dials again, for ever. Of a pair, the peer
 * with the smaller key dials at once and the other a moment later, so that one dial is the rule.
 *
 * It knows nothing of libp2p; `attempt` makes one session or says why not.
 */
import type { PublicKey } from '../core/brand.ts'
import {
  ADDRESSES_MAX,
  DIAL_GRACE_MS,
  REDIAL_MAX_MS,
  REFUSED_MAX_MS,
  SESSION_SHORT_MS,
} from '../core/limits.ts'

/** `refused`: the peer is there and does not want us, at least not yet. */
export type Attempt = 'up' | 'unreachable' | 'refused'

export type Keeper = {
  want(key: PublicKey, addresses: readonly string[]): void
  forget(key: PublicKey): void
  forgotten(key: PublicKey): boolean
  /** Everybody that is wanted, in the order of their keys, with the addresses to dial. */
  wanted(): { key: PublicKey; addresses: readonly string[] }[]
  /** Adds what a wanted peer said of itself, or what was heard of it just now. */
  learn(key: PublicKey, addresses: readonly string[]): void
  /** The address that worked goes first from now on. */
  worked(key: PublicKey, address: string): void
  /** The session is over; dial again, with less haste when it lived for a moment only. */
  lost(key: PublicKey, livedMs: number): void
  /** Something changed that may make unreachable peers reachable: dial them all at once. */
  hurry(): void
  stop(): void
}

export type KeeperOptions = {
  me: PublicKey
  isUp(key: PublicKey): boolean
  attempt(key: PublicKey, addresses: string[], signal: AbortSignal): Promise<Attempt>
}

type Peer = {
  addresses: string[]
  failures: number
  refusals: number
  timer: NodeJS.Timeout | undefined
  dialling: AbortController | undefined
}

const FIRST_PAUSE_MS = 200

/** The pause before the next dial, given a number in [0, 1) for the jitter. */
export function pauseAfter(
  { failures, refusals }: { failures: number; refusals: number },
  chance: number,
): number {
  if (failures === 0 && refusals === 0) return 0
  const most = refusals > 0 ? REFUSED_MAX_MS : REDIAL_MAX_MS
  const full = Math.min(most, FIRST_PAUSE_MS * 2 ** (Math.min(failures + refusals, 16) - 1))
  return full * (0.5 + chance / 2)
}

/** Keeps dialling whoever is wanted and has no session. */
export function createKeeper(options: KeeperOptions): Keeper {
  const loop = new RedialLoop(options)
  const { peers } = loop
  const shunned = new Set<PublicKey>()
  return {
    want(key, addresses) {
      if (key === options.me) return
      shunned.delete(key)
      const standing = peers.get(key)
      const peer = standing ?? loop.add(key)
      const fresh = addTo(peer.addresses, addresses)
      if (standing === undefined || fresh) loop.afresh(key, peer)
    },
    forget(key) {
      loop.drop(key)
      shunned.add(key)
    },
    forgotten: (key) => shunned.has(key),
    wanted: () =>
      [...peers]
        .map(([key, { addresses }]) => ({ key, addresses: [...addresses] }))
        .sort((a, b) => (a.key < b.key ? -1 : 1)),
    learn(key, addresses) {
      const peer = peers.get(key)
      if (peer === undefined) return
      const fresh = addTo(peer.addresses, addresses)
      // A dial that is under way knows only the old addresses, and may hang there for seconds.
      if (fresh && !options.isUp(key)) stopDialling(peer)
      // It was seen just now: whatever kept us apart may be over. A refusal it stands by.
      if (fresh || peer.refusals === 0) loop.afresh(key, peer)
    },
    worked(key, address) {
      const list = peers.get(key)?.addresses
      const at = list?.indexOf(address) ?? -1
      if (list !== undefined && at > 0) list.unshift(...list.splice(at, 1))
    },
    lost(key, livedMs) {
      const peer = peers.get(key)
      if (peer === undefined) return
      // Whoever takes our sessions only to drop them refuses us, in effect.
      peer.failures = 0
      peer.refusals = livedMs < SESSION_SHORT_MS ? peer.refusals + 1 : 0
      loop.schedule(key, peer)
    },
    hurry() {
      for (const [key, peer] of peers) loop.afresh(key, peer)
    },
    stop: () => loop.stop(),
  }
}

/** Dials each of its peers until a session is up, one dial of each at a time. */
class RedialLoop {
  readonly peers = new Map<PublicKey, Peer>()
  readonly #options: KeeperOptions

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  add(key: PublicKey): Peer {
    const idle = { failures: 0, refusals: 0, timer: undefined, dialling: undefined }
    const peer: Peer = { addresses: [], ...idle }
    this.peers.set(key, peer)
    return peer
  }

  drop(key: PublicKey): void {
    const peer = this.peers.get(key)
    if (peer !== undefined) stopDialling(peer)
    this.peers.delete(key)
  }

  /** Dials as if it had never failed. */
  afresh(key: PublicKey, peer: Peer): void {
    peer.failures = 0
    peer.refusals = 0
    if (!this.#options.isUp(key)) this.schedule(key, peer)
  }

  schedule(key: PublicKey, peer: Peer): void {
    clearTimeout(peer.timer)
    if (peer.dialling !== undefined) return
    const pause = pauseAfter(peer, Math.random())
    const grace = pause === 0 && this.#options.me > key ? DIAL_GRACE_MS : 0
    peer.timer = setTimeout(() => {
      this.#dial(key, peer).catch(() => this.schedule(key, peer))
    }, pause + grace)
  }

  stop(): void {
    for (const key of [...this.peers.keys()]) this.drop(key)
  }

  async #dial(key: PublicKey, peer: Peer): Promise<void> {
    const { isUp, attempt } = this.#options
    if (isUp(key) || peer.addresses.length === 0) return
    const dialling = new AbortController()
    peer.dialling = dialling
    const outcome = await attempt(key, [...peer.addresses], dialling.signal).finally(() => {
      if (peer.dialling === dialling) peer.dialling = undefined
    })
    if (dialling.signal.aborted) return
    if (outcome === 'unreachable') peer.failures++
    if (outcome === 'refused') {
      peer.failures = 0
      peer.refusals++
    }
    if (!isUp(key)) this.schedule(key, peer)
  }
}

function stopDialling(peer: Peer): void {
  clearTimeout(peer.timer)
  peer.dialling?.abort()
  peer.dialling = undefined
}

/** Whether something was new. The first stays first: it may be the one that worked. */
function addTo(list: string[], addresses: readonly string[]): boolean {
  const fresh = [...new Set(addresses)].filter((address) => !list.includes(address))
  list.splice(1, 0, ...fresh.slice(0, ADDRESSES_MAX - 1))
  list.length = Math.min(list.length, ADDRESSES_MAX)
  return fresh.length > 0
}
