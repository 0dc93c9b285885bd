/**
 * A simulated room: peers, links and time, all from one seed.
 *
 * Links delay, cut and heal; a session delivers its frames in order or dies, and is made anew while
 * the link stands, as TCP does. Frames are also duplicated and overtaken at times, which a session
 * never does, because the engine must not depend on it. Peers crash between any two effects and come
 * back with what reached their disks; clocks are wrong by up to an hour.
 */
import { makeAdmit, makeGenesis, makeInvite } from '../../../src/core/auth/author.ts'
import { makeJoinRequest } from '../../../src/core/auth/join.ts'
import type { Name } from '../../../src/core/auth/name.ts'
import { actorOf, type Hash, type Instant, type Oid, type PublicKey, type RoomId } from '../../../src/core/brand.ts'
import { hex } from '../../../src/core/bytes/text.ts'
import type { Signer, Verify } from '../../../src/core/crypto.ts'
import type { Call } from '../../../src/core/engine/call.ts'
import type { Job } from '../../../src/core/engine/effect.ts'
import type { Input } from '../../../src/core/engine/input.ts'
import { TICK_MS } from '../../../src/core/limits.ts'
import { signerFrom, verifyFast } from '../../../src/store/ed25519.ts'
import { Chance } from './chance.ts'
import { type Files, SimGit } from './git.ts'
import { at, type Disk, SimPeer } from './peer.ts'

export type Faults = { cuts: number; crashes: number; duplicates: number; reorders: number }

type Happening = { when: number; order: number; run: () => void }
type Session = { a: number; b: number; number: number }

export class World {
  readonly chance: Chance
  readonly git = new SimGit()
  readonly base: Oid
  readonly peers: SimPeer[] = []
  readonly acknowledged: { peer: number; id: string; request: Call }[] = []
  now = 0
  readonly #alive: boolean[] = []
  readonly #skews: number[] = []
  readonly #cut = new Set<string>()
  readonly #sessions = new Map<string, Session>()
  readonly #happenings: Happening[] = []
  readonly #faults: Faults
  #order = 0
  #sessionNumber = 0
  #calls = 0

  constructor(seed: number, size: number, faults: Faults) {
    this.chance = new Chance(seed)
    this.#faults = faults
    this.base = this.git.commit({ 'a.js': '0', 'b.js': '0', 'c.js': '0' }, [])
    for (const identity of identities(this.chance, size)) {
      const { ops, ...who } = identity
      const log = ops.map((bytes) => ({ kind: 'auth' as const, bytes }))
      const disk: Disk = { log, commits: new Set([this.base]), pushes: new Set(), integration: undefined }
      this.peers.push(new SimPeer({ ...who, verify: remembering(verifyFast) }, disk))
      this.#alive.push(true)
      this.#skews.push(this.chance.below(7_200_000) - 3_600_000)
    }
    this.call(0, { kind: 'base', commit: this.base })
    for (const peer of this.peers.keys()) this.#tick(peer, this.chance.below(TICK_MS))
    this.#relink()
  }

  /** Runs until the given moment, telling `after` every happening. */
  run(until: number, after: () => void): void {
    for (;;) {
      const next = this.#next()
      if (next === undefined || next.when > until) break
      this.#happenings.splice(this.#happenings.indexOf(next), 1)
      this.now = next.when
      next.run()
      after()
    }
    this.now = until
  }

  /** Asks a live peer; what it answers is acknowledged, and must never be lost. */
  call(peer: number, request: Call): void {
    if (this.#alive[peer] !== true) return
    const call = ++this.#calls
    this.#step(peer, { kind: 'call', call, request })
    const answer = this.peers[peer]?.answers.get(call)
    if (answer?.kind === 'made') this.acknowledged.push({ peer, id: answer.id, request })
  }

  /** Commits files on top of what a peer takes for the integration, and pushes. */
  push(peer: number, files: Files): void {
    const one = this.peers[peer] as SimPeer
    const parent = one.disk.integration ?? this.base
    const commit = this.git.commit({ ...this.git.files(parent), ...files }, [parent])
    one.disk.commits.add(commit)
    this.call(peer, { kind: 'push', commit, files: Object.keys(files), fileCount: 1 })
    const last = this.acknowledged.at(-1)
    if (last?.peer === peer && last.request.kind === 'push' && last.request.commit === commit) {
      one.disk.pushes.add(last.id as never)
    }
  }

  /** Cuts a random pair, or heals one that is cut. */
  shuffleLinks(): void {
    const a = this.chance.below(this.peers.length)
    const b = this.chance.below(this.peers.length)
    if (a === b) return
    const link = pair(a, b)
    if (this.#cut.has(link) || !this.chance.happens(this.#faults.cuts)) this.#cut.delete(link)
    else this.#cut.add(link)
    const session = this.#sessions.get(link)
    if (this.#cut.has(link) && session !== undefined) this.#end(session, 3_000)
    this.#relink()
  }

  /** Crashes a random peer now; it comes back a while later. */
  crashSomebody(): void {
    if (!this.chance.happens(this.#faults.crashes)) return
    this.#crash(this.chance.below(this.peers.length))
  }

  /** Ends all faults: every link stands, every peer comes back. */
  heal(): void {
    this.#faults.cuts = 0
    this.#faults.crashes = 0
    this.#faults.duplicates = 0
    this.#faults.reorders = 0
    this.#cut.clear()
    // Whatever overtook something on the way is repaired by the new sessions' hellos.
    for (const session of [...this.#sessions.values()]) this.#end(session, 0)
    this.#relink()
  }

  #next(): Happening | undefined {
    let best: Happening | undefined
    for (const one of this.#happenings) {
      const sooner = best === undefined || one.when < best.when
      if (sooner || (one.when === best?.when && one.order < best.order)) best = one
    }
    return best
  }

  #later(delay: number, run: () => void): void {
    this.#happenings.push({ when: this.now + delay, order: this.#order++, run })
  }

  #tick(peer: number, delay: number): void {
    this.#later(delay, () => {
      if (this.#alive[peer] === true) this.#step(peer, { kind: 'tick' })
      this.#tick(peer, TICK_MS)
    })
  }

  #step(peer: number, input: Input): void {
    const one = this.peers[peer] as SimPeer
    const dies = this.chance.happens(this.#faults.crashes / 400)
    let left = dies ? this.chance.below(6) : Number.POSITIVE_INFINITY
    const survived = one.step(at(this.now, this.#skews[peer]), input, this.#outside(peer), () => left-- > 0)
    if (!survived) this.#crash(peer)
  }

  #outside(peer: number) {
    return {
      send: (to: PublicKey, frame: Uint8Array) => this.#send(peer, to, frame),
      reset: (other: PublicKey) => {
        const session = this.#sessions.get(pair(peer, this.#indexOf(other)))
        if (session !== undefined) this.#end(session, 0)
      },
      work: (job: Job) => this.#work(peer, job),
    }
  }

  #send(from: number, to: PublicKey, frame: Uint8Array): void {
    const target = this.#indexOf(to)
    const session = this.#sessions.get(pair(from, target))
    if (session === undefined) return
    const { number } = session
    const arrive = () => {
      if (this.#sessions.get(pair(from, target))?.number !== number) return
      if (this.#alive[target] !== true) return
      this.#step(target, { kind: 'frame', peer: (this.peers[from] as SimPeer).key, bytes: frame })
    }
    const slow = this.chance.happens(this.#faults.reorders) ? this.chance.below(400) : 0
    this.#later(5 + slow, arrive)
    if (this.chance.happens(this.#faults.duplicates)) this.#later(5 + this.chance.below(300), arrive)
  }

  #work(peer: number, job: Job): void {
    this.#later(job.kind === 'check' ? 500 + this.chance.below(1_500) : 20, () => {
      if (this.#alive[peer] !== true) return
      const one = this.peers[peer] as SimPeer
      const result = one.work(this.git, job, (key) => {
        const holder = this.#indexOf(key)
        return this.#sessions.has(pair(peer, holder)) ? this.peers[holder]?.disk.commits : undefined
      })
      this.#step(peer, { kind: 'worked', result })
    })
  }

  #crash(peer: number): void {
    if (this.#alive[peer] !== true) return
    this.#alive[peer] = false
    for (const session of [...this.#sessions.values()]) {
      if (session.a === peer || session.b === peer) this.#end(session, 100)
    }
    this.#later(500 + this.chance.below(15_000), () => {
      this.#alive[peer] = true
      this.peers[peer]?.restart(at(this.now, this.#skews[peer]), this.#outside(peer))
      this.#relink()
    })
  }

  #end(session: Session, delay: number): void {
    const { a, b } = session
    this.#sessions.delete(pair(a, b))
    for (const [peer, other] of [[a, b], [b, a]] as const) {
      this.#later(delay, () => {
        if (this.#alive[peer] !== true || this.#sessions.has(pair(a, b))) return
        this.#step(peer, { kind: 'down', peer: (this.peers[other] as SimPeer).key, why: 'cut' })
        this.#relink()
      })
    }
  }

  #relink(): void {
    for (let a = 0; a < this.peers.length; a++) {
      for (let b = a + 1; b < this.peers.length; b++) {
        const link = pair(a, b)
        const both = this.#alive[a] === true && this.#alive[b] === true
        if (!both || this.#cut.has(link) || this.#sessions.has(link)) continue
        const number = ++this.#sessionNumber
        this.#sessions.set(link, { a, b, number })
        for (const [peer, other] of [[a, b], [b, a]] as const) {
          this.#later(this.chance.below(50), () => this.#up(peer, other, number))
        }
      }
    }
  }

  #up(peer: number, other: number, number: number): void {
    if (this.#sessions.get(pair(peer, other))?.number !== number) return
    if (this.#alive[peer] !== true) return
    const key = (this.peers[other] as SimPeer).key
    this.#step(peer, { kind: 'up', peer: key, path: 'lan', address: `sim:${other}` })
  }

  #indexOf(key: PublicKey): number {
    return this.peers.findIndex((peer) => peer.key === key)
  }
}

function pair(a: number, b: number): string {
  return a < b ? `${a}-${b}` : `${b}-${a}`
}

/** A founder and the members that it admitted, before the simulation begins. */
function identities(chance: Chance, size: number) {
  const signers: Signer[] = Array.from({ length: size }, () => signerFrom(chance.bytes(32)))
  const incarnations = signers.map(() => hex(chance.bytes(8)))
  const [founder] = signers as [Signer]
  const time = 1_700_000_000_000 as Instant
  const genesis = makeGenesis(founder, {
    incarnation: incarnations[0] as string,
    founder: 'peer-0' as Name,
    name: 'sim' as Name,
    secret: chance.bytes(32),
    approve: false,
    at: time,
  })
  const room = genesis.id as string as RoomId
  const ops = [genesis.bytes]
  let parent: Hash = genesis.id
  const invite = signerFrom(chance.bytes(32))
  const grow = (op: { id: Hash; bytes: Uint8Array }) => {
    ops.push(op.bytes)
    parent = op.id
  }
  const spot = () => ({ room, parents: [parent], at: time })
  const invited = { key: invite.key, role: 'member' as const, uses: 100, expires: undefined }
  const made = makeInvite(founder, spot(), invited)
  grow(made)
  for (const [n, member] of signers.slice(1).entries()) {
    const name = `peer-${n + 1}` as Name
    const request = makeJoinRequest({ room, invite, member, name })
    grow(makeAdmit(founder, spot(), { invite: made.id, request, name }))
  }
  return signers.map((signer, n) => ({
    signer,
    room,
    actor: actorOf(signer.key, incarnations[n] as string),
    ops,
  }))
}

/** Signatures are checked once each: the simulator delivers the same bytes many times. */
function remembering(verify: Verify): Verify {
  const known = new Map<string, boolean>()
  return (key, message, signature) => {
    const name = `${key}${hex(signature)}${hex(message.slice(-40))}${message.length}`
    const found = known.get(name) ?? verify(key, message, signature)
    known.set(name, found)
    return found
  }
}
