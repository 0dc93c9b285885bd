/**
 * The links between simulated peers.
 *
 * A session delivers its frames in order or dies, and is made anew while the link stands, as TCP
 * does. Frames are also lost, duplicated and overtaken at times, which a session never does: what
 * peers promise must not depend on it. A link can be cut, deaf in one direction (which ends its
 * session after a while, as missing signs of life do), or slow.
 */
import { CATCH_UP_BYTES, SILENCE_MS } from '../../../src/core/limits.ts'
import type { Chance } from './chance.ts'
import type { Faults, Tally } from './faults.ts'
import type { Schedule } from './schedule.ts'

/** What a peer is told by the network. */
export type Word =
  | { kind: 'up'; from: number }
  | { kind: 'down'; from: number }
  | { kind: 'frame'; from: number; bytes: Uint8Array }
  | { kind: 'drained'; from: number }

export type Peers = {
  size(): number
  isAlive(peer: number): boolean
  /** Whether the two would keep a session: of two daemons of one key, one at a time. */
  mayJoin(a: number, b: number): boolean
  tell(peer: number, word: Word): void
}

/** One direction of a session: when the last byte handed in has left, and has arrived. */
type Way = { left: number; arrived: number; latency: number; rate: number }

type Session = { readonly number: number; readonly ways: Map<string, Way> }

export class Network {
  readonly faults: Faults
  readonly #chance: Chance
  readonly #schedule: Schedule
  readonly #peers: Peers
  readonly #tally: Tally
  readonly #cut = new Set<string>()
  /** Directions in which nothing arrives. */
  readonly #deaf = new Set<string>()
  readonly #sessions = new Map<string, Session>()
  /** The session that each side was told is up; what is on the way in it arrives until `down`. */
  readonly #heard = new Map<string, Session>()
  #numbers = 0

  constructor(given: {
    faults: Faults
    chance: Chance
    schedule: Schedule
    peers: Peers
    tally: Tally
  }) {
    this.faults = given.faults
    this.#chance = given.chance
    this.#schedule = given.schedule
    this.#peers = given.peers
    this.#tally = given.tally
  }

  /** Whether a session stands between two peers. */
  joins(a: number, b: number): boolean {
    return this.#sessions.has(pair(a, b))
  }

  /** Carries a frame, if a session stands and nothing goes wrong. */
  send(from: number, to: number, bytes: Uint8Array): void {
    const session = this.#sessions.get(pair(from, to))
    const way = session?.ways.get(`${from}>${to}`)
    if (session === undefined || way === undefined) return
    way.left = Math.max(way.left, this.#schedule.now) + bytes.length / way.rate
    if (this.#lost(from, to)) return
    const { reorder, duplicate } = this.faults
    const due = way.left + way.latency
    const slow = this.#happens('reorder', reorder) ? this.#chance.below(400) : 0
    if (slow === 0) way.arrived = Math.max(way.arrived, due)
    this.#deliver(session, { from, to, bytes }, slow === 0 ? way.arrived : due + slow)
    if (!this.#happens('duplicate', duplicate)) return
    this.#deliver(session, { from, to, bytes }, due + this.#chance.below(300))
  }

  /** Says when the outbox towards a peer is empty. */
  pace(from: number, to: number): void {
    const session = this.#sessions.get(pair(from, to))
    const way = session?.ways.get(`${from}>${to}`)
    if (session === undefined || way === undefined) return
    this.#tally.paced++
    this.#schedule.later(Math.max(0, way.left - this.#schedule.now), () => {
      if (this.#sessions.get(pair(from, to)) !== session || !this.#peers.isAlive(from)) return
      this.#peers.tell(from, { kind: 'drained', from: to })
    })
  }

  /** Cuts a pair or heals it, or makes one direction deaf. */
  shuffle(a: number, b: number): void {
    if (a === b) return
    const link = pair(a, b)
    this.#deaf.delete(`${a}>${b}`)
    this.#deaf.delete(`${b}>${a}`)
    if (this.#cut.delete(link)) return this.relink()
    if (this.#happens('cut', this.faults.cut)) {
      this.#cut.add(link)
      this.end(a, b, SILENCE_MS)
    } else if (this.#happens('deaf', this.faults.deaf)) {
      this.#deaf.add(`${a}>${b}`)
      this.#schedule.later(SILENCE_MS, () => this.end(a, b, this.#chance.below(500)))
    }
    this.relink()
  }

  /** Cuts every link between some peers and the others, for a while. */
  split(some: ReadonlySet<number>, ms: number): void {
    for (let a = 0; a < this.#peers.size(); a++) {
      for (let b = a + 1; b < this.#peers.size(); b++) {
        const link = pair(a, b)
        if (some.has(a) === some.has(b) || this.#cut.has(link)) continue
        this.#cut.add(link)
        this.end(a, b, SILENCE_MS)
        this.#schedule.later(ms, () => {
          this.#cut.delete(link)
          this.relink()
        })
      }
    }
  }

  /** Every link stands, and every session begins anew: what was lost in one is made up for. */
  heal(): void {
    this.#cut.clear()
    this.#deaf.clear()
    for (const link of [...this.#sessions.keys()]) {
      const [a, b] = link.split('-').map(Number) as [number, number]
      this.end(a, b, 0)
    }
    this.relink()
  }

  /** Ends a session; both sides hear of it after a while. */
  end(a: number, b: number, delay: number): void {
    const session = this.#sessions.get(pair(a, b))
    if (session === undefined) return
    this.#sessions.delete(pair(a, b))
    for (const [peer, other] of [[a, b], [b, a]] as const) {
      this.#schedule.later(delay, () => {
        if (this.#heard.get(`${other}>${peer}`) !== session) return
        this.#heard.delete(`${other}>${peer}`)
        if (!this.#peers.isAlive(peer)) return
        this.#peers.tell(peer, { kind: 'down', from: other })
        this.relink()
      })
    }
  }

  /** A peer died: so do its sessions, at once for itself. */
  lose(peer: number): void {
    for (const way of this.#heard.keys()) if (way.endsWith(`>${peer}`)) this.#heard.delete(way)
    for (let other = 0; other < this.#peers.size(); other++) this.end(peer, other, 100)
  }

  /** Makes a session wherever one can stand. */
  relink(): void {
    for (let a = 0; a < this.#peers.size(); a++) {
      for (let b = a + 1; b < this.#peers.size(); b++) this.#join(a, b)
    }
  }

  #join(a: number, b: number): void {
    const link = pair(a, b)
    const both = this.#peers.isAlive(a) && this.#peers.isAlive(b)
    if (!both || this.#cut.has(link) || this.#sessions.has(link)) return
    if (!this.#peers.mayJoin(a, b)) return
    const slow = this.#happens('slow', this.faults.slow)
    // Some links are longer than a candidate's patience.
    const latency = 2 + this.#chance.below(this.#happens('far', this.faults.far) ? 1_500 : 40)
    const rate = slow ? CATCH_UP_BYTES / 2_000 : 10_000
    const way = (): Way => ({ left: 0, arrived: 0, latency, rate })
    const ways = new Map([[`${a}>${b}`, way()], [`${b}>${a}`, way()]])
    const session = { number: ++this.#numbers, ways }
    this.#sessions.set(link, session)
    for (const [peer, other] of [[a, b], [b, a]] as const) {
      const wait = this.#chance.below(50)
      // Nothing of a session arrives before it is up.
      const incoming = ways.get(`${other}>${peer}`) as Way
      incoming.arrived = this.#schedule.now + wait
      this.#schedule.later(wait, () => {
        if (this.#sessions.get(link) !== session || !this.#peers.isAlive(peer)) return
        this.#heard.set(`${other}>${peer}`, session)
        this.#peers.tell(peer, { kind: 'up', from: other })
      })
    }
  }

  #lost(from: number, to: number): boolean {
    return this.#deaf.has(`${from}>${to}`) || this.#happens('drop', this.faults.drop)
  }

  #happens(fault: keyof Faults, p: number): boolean {
    if (!this.#chance.happens(p)) return false
    this.#tally[fault]++
    return true
  }

  #deliver(
    session: Session,
    { from, to, bytes }: { from: number; to: number; bytes: Uint8Array },
    when: number,
  ): void {
    this.#schedule.later(when - this.#schedule.now, () => {
      if (this.#heard.get(`${from}>${to}`) !== session || !this.#peers.isAlive(to)) return
      this.#peers.tell(to, { kind: 'frame', from, bytes })
    })
  }
}

function pair(a: number, b: number): string {
  return a < b ? `${a}-${b}` : `${b}-${a}`
}
