/**
 * A simulated room: the real engines of some peers, their disks, a network, clocks that are wrong
 * and work that breaks off, all from one seed. What goes wrong, and how often, is in `faults.ts`.
 */
import { decodeJoinAnswer, encodeJoinRequest } from '../../../src/core/auth/join.ts'
import type { Instant, Monotonic, Oid, PublicKey } from '../../../src/core/brand.ts'
import type { Answer, Call } from '../../../src/core/engine/call.ts'
import type { Effect, Job, Now } from '../../../src/core/engine/effect.ts'
import type { Input } from '../../../src/core/engine/input.ts'
import { cutNow } from '../../../src/core/engine/cutting.ts'
import { isMember } from '../../../src/core/engine/names.ts'
import { author, type Draft } from '../../../src/core/engine/streams.ts'
import type { FactId } from '../../../src/core/room/facts.ts'
import { integrationOf } from '../../../src/core/room/views/board.ts'
import { undoneOf } from '../../../src/core/room/views/undo.ts'
import { votersOf } from '../../../src/core/lease/lease.ts'
import { LEASE_MS, SILENCE_MS, TICK_MS } from '../../../src/core/limits.ts'
import { Chance } from './chance.ts'
import { CALM, emptyTally, type Faults, type Tally } from './faults.ts'
import { EPOCH, found, type Founding } from './founding.ts'
import { type Files, SimGit } from './git.ts'
import { knows, Watch } from './invariants.ts'
import type { Mutant } from './mutants.ts'
import { Network, type Word } from './network.ts'
import { type Outside, type Performing, SimPeer } from './peer.ts'
import { Schedule } from './schedule.ts'
import { brokenOff, work } from './work.ts'

/** What a peer is besides its engine. */
type State = {
  alive: boolean
  /** Inputs that wait for one turn. */
  inbox: Input[]
  /** Stands still until then. */
  stillUntil: number
  /** How wrong the clock is, and how much of the time its monotonic one did not see. */
  skew: number
  missed: number
  /** Which of the daemons of a key a session is with. */
  with: Map<PublicKey, number>
}

/** How long one of two daemons of a key is reached, before the other is. */
const TURNS_MS = 1_500

/** What was promised to somebody at a peer. */
export type Acknowledged = { peer: number; id: string; request: Call }

export class World {
  readonly chance: Chance
  readonly git = new SimGit()
  readonly base: Oid
  readonly peers: SimPeer[] = []
  readonly acknowledged: Acknowledged[] = []
  readonly tally: Tally = emptyTally()
  readonly faults: Faults
  readonly watch: Watch
  /** Keys of those whose disk was restored or cloned. */
  readonly misled = new Set<PublicKey>()
  readonly #founding: Founding
  readonly #states: State[] = []
  readonly #schedule = new Schedule()
  readonly #network: Network
  readonly #requests = new Map<number, { peer: number; request: Call }>()
  readonly #mutant: Mutant | undefined
  #calls = 0
  #turns = 0

  constructor(given: { seed: number; size: number; faults: Faults; mutant?: Mutant }) {
    const { seed, size, faults, mutant } = given
    this.chance = new Chance(seed)
    this.faults = { ...faults }
    this.#mutant = mutant
    this.base = this.git.commit({ 'a.js': '0', 'b.js': '0', 'c.js': '0' }, [])
    this.#founding = found(this.chance, size)
    this.#network = new Network({
      faults: this.faults,
      chance: this.chance,
      schedule: this.#schedule,
      tally: this.tally,
      peers: {
        size: () => this.peers.length,
        isAlive: (peer) => this.#states[peer]?.alive === true,
        mayJoin: (a, b) => this.#mayJoin(a, b) && this.#mayJoin(b, a),
        tell: (peer, word) => this.#hear(peer, word),
      },
    })
    this.watch = new Watch(this)
    for (let peer = 0; peer < size - 1; peer++) this.#start(this.#founding.ops)
    this.call(0, { kind: 'base', commit: this.base })
    this.#network.relink()
  }

  get now(): number {
    return this.#schedule.now
  }

  /** Lets time pass. */
  run(ms: number): void {
    this.#schedule.run(this.now + ms)
  }

  /** Asks a live peer; what it answers is acknowledged, and must never be lost. */
  call(peer: number, request: Call): void {
    const call = ++this.#calls
    this.#requests.set(call, { peer, request })
    this.#give(peer, { kind: 'call', call, request })
  }

  /** Commits files on top of what a peer takes for the integration, and pushes. */
  push(peer: number, files: Files): void {
    const { disk } = this.peers[peer] as SimPeer
    const parent = disk.integration ?? this.base
    const commit = this.git.commit({ ...this.git.files(parent), ...files }, [parent])
    disk.commits.add(commit)
    this.call(peer, { kind: 'push', commit, files: Object.keys(files), fileCount: 1 })
  }

  /** Asks to undo what a peer takes for the last landing, if there is one. */
  undo(peer: number): void {
    const { board } = (this.peers[peer] as SimPeer).engine
    const [top, head] = [board.stack.at(-1), integrationOf(board)]
    if (top === undefined || head === undefined || !this.#takes(peer)) return
    this.call(peer, { kind: 'undo', landing: top.id, head })
  }

  /**
   * Whoever has undone pushes, looked for from one peer on, pushes the newest of them again, as
   * `knot sync` does; false when nobody has any.
   */
  again(from: number): boolean {
    const own = ({ engine }: SimPeer) =>
      undoneOf(engine.board, (actor) => actor === engine.me.actor)
    const turns = this.peers.map((_, n) => (from + n) % this.peers.length)
    const peer = turns.find((n) => own(this.peers[n] as SimPeer).length > 0)
    if (peer === undefined) return false
    const { engine } = this.peers[peer] as SimPeer
    const undone = own(this.peers[peer] as SimPeer)
    const newest = undone.at(-1)?.undoes.fact.push
    const commit = newest === undefined ? undefined : engine.board.pushes.get(newest)?.fact.commit
    if (commit === undefined) return false
    const past = this.git.history(commit)
    const pushes = undone.map(({ undoes }) => undoes.fact.push)
    const again = pushes.filter((push) => past.has(engine.board.pushes.get(push)?.fact.commit as Oid))
    this.call(peer, { kind: 'push', commit, files: [], fileCount: 0, again })
    return true
  }

  /** The last peer asks a random one to be let in, until it is. */
  join(): void {
    const { request } = this.#founding
    if (this.peers.some(({ key }) => key === request.member)) return
    const sponsor = this.chance.below(this.peers.length)
    const call = ++this.#calls
    const question = encodeJoinRequest(request)
    this.#give(sponsor, { kind: 'ask', call, peer: request.member, question })
    this.#schedule.later(3_000, () => this.join())
  }

  /** Whoever leads ends the volume, if it may now. */
  cutVolume(): void {
    const peer = this.#leader()
    if (peer === undefined || !this.#takes(peer)) return
    const one = this.peers[peer] as SimPeer
    const effects: Effect[] = []
    if (cutNow(one.engine, this.clockOf(peer), effects).kind === 'proposed') this.tally.cuts++
    this.#perform(peer, (on) => one.perform(effects, on))
  }

  /** Lets one thing go wrong, or none. */
  disturb(): void {
    const { chance, faults } = this
    // Mostly whoever leads: what befalls the others is rarely of consequence.
    const any = () =>
      (chance.happens(0.5) ? this.#leader() : undefined) ?? chance.below(this.peers.length)
    this.#network.shuffle(any(), any())
    if (this.#happens('split', faults.split)) {
      const some = this.peers.map((_, peer) => peer).filter(() => chance.happens(0.4))
      this.#network.split(new Set(chance.happens(0.4) ? [any()] : some), chance.below(30_000))
    }
    if (this.#happens('pause', faults.pause)) this.#pause(any())
    if (this.#happens('clock', faults.clock)) this.#setClock(any())
    if (this.#happens('stop', faults.stop)) this.#crash(any())
    if (this.#happens('lie', faults.lie)) this.#lie(any())
    this.#mislead(chance.below(this.peers.length))
  }

  /** Ends all faults: every link stands, every peer comes back, and nothing more goes wrong. */
  heal(): void {
    Object.assign(this.faults, CALM)
    this.#network.heal()
    this.join()
  }

  /** Which peer has this key, as another reaches it; -1 for one that is not there yet. */
  indexOf(key: PublicKey, from?: number): number {
    const twin = from === undefined ? undefined : this.#states[from]?.with.get(key)
    return twin ?? this.peers.findIndex((peer) => peer.key === key)
  }

  /** Restores somebody's old disk, or clones one: at most one of each in a room. */
  #mislead(peer: number): void {
    const { chance, faults, tally } = this
    const one = this.peers[peer] as SimPeer
    if (this.misled.size > 0 || this.#states[peer]?.alive !== true) return
    const voters = this.peers.map(({ engine }) => votersOf(engine.lease))
    const votes = voters.some((set) => set.voters.includes(one.engine.me.actor))
    // Without a majority of those who may still vote, the room waits for a person.
    const spare = voters.every((set) => set.counts && set.voters.length >= 3)
    const clones = !votes && this.#isSettled() && chance.happens(faults.clone)
    if (!clones && (!votes || spare) && chance.happens(faults.restore)) {
      this.misled.add(one.key)
      tally.restore++
      this.#crash(peer)
      one.rollBack(chance)
      this.#mourn(peer)
      this.watch.forgot(peer)
    } else if (clones) {
      // Two daemons of one voter could vote twice until the room finds out.
      this.misled.add(one.key)
      tally.clone++
      this.peers.push(one.twin(chance.bytes(32)))
      this.#states.push({ ...(this.#states[peer] as State), inbox: [], with: new Map() })
      const twin = this.peers.length - 1
      this.#give(twin, (this.peers[twin] as SimPeer).restart(this.clockOf(twin)))
      this.#tick(twin, chance.below(TICK_MS))
      this.#takeTurns(peer, twin)
    }
  }

  /** Whether an odd number votes and one does not: that one will never be named alone. */
  #isSettled(): boolean {
    const keys = new Set(this.peers.map(({ key }) => key)).size
    const settled = this.peers.every(({ engine }) => {
      const { voters, counts } = votersOf(engine.lease)
      return counts && voters.length % 2 === 1 && voters.length === keys - 1
    })
    return settled && keys === this.#founding.peers.length
  }

  /** What nobody but a restored disk ever had is gone with what that disk held. */
  #mourn(peer: number): void {
    const { key } = this.peers[peer] as SimPeer
    const others = [...this.peers.entries()].filter(([, other]) => other.key !== key)
    const kept = this.acknowledged.filter(({ peer: author, id, request }) => {
      // Of a peer that is down only its disk will come back.
      const known = others.some(([at, other]) => this.#states[at]?.alive === true
        ? knows(other.engine, id as FactId, request) : other.remembers(id))
      return author !== peer || known || (this.peers[peer] as SimPeer).remembers(id)
    })
    this.acknowledged.splice(0, this.acknowledged.length, ...kept)
  }

  /** Whoever meets one of two twins meets the other a while later. */
  #takeTurns(peer: number, twin: number): void {
    this.#turns++
    for (let other = 0; other < this.peers.length; other++) {
      for (const one of [peer, twin]) if (!this.#mayJoin(other, one)) this.#network.end(other, one, 0)
    }
    this.#network.relink()
    this.#schedule.later(TURNS_MS, () => this.#takeTurns(peer, twin))
  }

  #mayJoin(a: number, b: number): boolean {
    const { key } = this.peers[b] as SimPeer
    const twins = this.peers.flatMap((peer, at) => (peer.key === key ? [at] : []))
    if (twins.includes(a)) return false
    return twins[(this.#turns + a) % twins.length] === b
  }

  #start(ops: readonly Uint8Array[]): void {
    const { room, peers } = this.#founding
    const keys = new Set(this.peers.map(({ key }) => key))
    const seed = this.chance.bytes(32)
    const identity = { room, seed, ...(peers[keys.size] as Founding['peers'][number]) }
    const log = ops.map((bytes) => ({ kind: 'auth' as const, bytes }))
    const commits = new Set([this.base])
    const disk = { log, commits, pushes: new Set<never>(), integration: undefined }
    const skew = this.chance.below(7_200_000) - 3_600_000
    this.#states.push({ alive: true, inbox: [], stillUntil: 0, skew, missed: 0, with: new Map() })
    this.peers.push(new SimPeer(identity, disk, this.#mutant))
    this.#tick(this.peers.length - 1, this.chance.below(TICK_MS))
  }

  #tick(peer: number, delay: number): void {
    this.#schedule.later(delay, () => {
      const { inbox } = this.#states[peer] as State
      if (!inbox.some(({ kind }) => kind === 'tick')) this.#give(peer, { kind: 'tick' })
      this.#tick(peer, TICK_MS)
    })
  }

  #hear(peer: number, word: Word): void {
    const other = this.peers[word.from] as SimPeer
    const { engine } = this.peers[peer] as SimPeer
    const { with: talking } = this.#states[peer] as State
    // Of a key one daemon is heard at a time; the end of the other's session is old news.
    if (word.kind === 'up') talking.set(other.key, word.from)
    else if (talking.get(other.key) !== word.from) return
    if (word.kind === 'up') {
      // The mesh lets members in only; whoever is not known yet is let in later.
      if (!isMember(engine.membership, other.key)) return this.#network.end(peer, word.from, 500)
      const address = `sim:${word.from}`
      return this.#give(peer, { kind: 'up', peer: other.key, path: 'lan', address })
    }
    if (word.kind === 'down') return this.#give(peer, { kind: 'down', peer: other.key, why: 'cut' })
    if (word.kind === 'drained') return this.#give(peer, { kind: 'drained', peer: other.key })
    this.#give(peer, { kind: 'frame', peer: other.key, bytes: word.bytes })
  }

  /** Whether a call would be stepped at once, so that what it is about is still so. */
  #takes(peer: number): boolean {
    const { alive, inbox, stillUntil } = this.#states[peer] as State
    return alive && inbox.length === 0 && stillUntil <= this.now
  }

  /** Hands an input in. It is mostly taken at once, else together with what comes meanwhile. */
  #give(peer: number, input: Input): void {
    const state = this.#states[peer] as State
    if (!state.alive) return
    state.inbox.push(input)
    if (state.inbox.length > 1) return
    const busy = this.chance.happens(0.1) ? this.chance.below(30) : 0
    if (busy === 0) return this.#turn(peer)
    this.#schedule.later(busy, () => this.#turn(peer))
  }

  #turn(peer: number): void {
    const state = this.#states[peer] as State
    const one = this.peers[peer] as SimPeer
    const still = state.stillUntil - this.now
    if (still > 0) return this.#schedule.later(still, () => this.#turn(peer))
    const inputs = state.inbox.splice(0)
    if (!state.alive || inputs.length === 0) return
    this.#perform(peer, (on) => one.turn(this.clockOf(peer), inputs, on))
  }

  /** Has a peer do something, in which it may die between any two effects. */
  #perform(peer: number, act: (on: Performing) => 'lives' | 'died'): void {
    const order = this.chance.happens(0.5) ? 'entries first' : 'as told'
    const diesAfter = (effects: readonly Effect[]) => {
      const writes = effects.some(({ kind }) => kind === 'persist')
      const dies = writes && this.#happens('crash', this.faults.crash)
      return dies ? this.chance.below(effects.length) : undefined
    }
    if (act({ outside: this.#outside(peer), order, diesAfter }) === 'died') this.#crash(peer)
    else this.watch.after(peer)
  }

  #outside(peer: number): Outside {
    return {
      send: (to, frame) => this.#network.send(peer, this.indexOf(to, peer), frame),
      pace: (to) => this.#network.pace(peer, this.indexOf(to, peer)),
      reset: (to) => this.#network.end(peer, this.indexOf(to, peer), 0),
      forget: (to) => this.#network.end(peer, this.indexOf(to, peer), 0),
      want: (to) => {
        const other = this.indexOf(to, peer)
        if (other >= 0 && !this.#network.joins(peer, other)) this.#network.relink()
      },
      work: (job) => this.#work(peer, job),
      answer: (call, answer) => this.#onAnswer(peer, call, answer),
    }
  }

  #onAnswer(peer: number, call: number, answer: Answer): void {
    const asked = this.#requests.get(call)
    if (answer.kind === 'made' && asked !== undefined) {
      this.acknowledged.push({ peer, id: answer.id, request: asked.request })
      this.watch.acknowledged(peer, call)
      const { disk } = this.peers[peer] as SimPeer
      if (asked.request.kind === 'push') disk.pushes.add(answer.id)
    }
    if (answer.kind !== 'joined' || this.#isFull()) return
    const read = decodeJoinAnswer(answer.bytes)
    if (read.kind !== 'ok' || read.value.kind !== 'admitted') return
    this.tally.joined++
    this.#start(read.value.ops)
    this.#network.relink()
  }

  #isFull(): boolean {
    return this.peers.some(({ key }) => key === this.#founding.request.member)
  }

  #work(peer: number, job: Job): void {
    const { starts, disk } = this.peers[peer] as SimPeer
    const fails = this.#happens('job', this.faults.job) ? brokenOff(job, disk) : undefined
    this.#schedule.later(job.kind === 'check' ? 500 + this.chance.below(1_500) : 20, () => {
      const one = this.peers[peer] as SimPeer
      if (this.#states[peer]?.alive !== true || one.starts !== starts) return
      const commitsOf = (key: PublicKey) => {
        const holder = this.indexOf(key, peer)
        return this.#network.joins(peer, holder) ? this.peers[holder]?.disk.commits : undefined
      }
      const desk = { git: this.git, disk, commitsOf }
      const result = fails ?? this.#mutant?.works?.(job, desk) ?? work(desk, job)
      this.#give(peer, { kind: 'worked', result })
    })
  }

  #crash(peer: number): void {
    const state = this.#states[peer] as State
    if (!state.alive) return
    state.alive = false
    state.inbox.length = 0
    this.#network.lose(peer)
    this.#schedule.later(500 + this.chance.below(15_000), () => {
      state.alive = true
      const holding = (this.peers[peer] as SimPeer).restart(this.clockOf(peer))
      this.watch.restarted(peer)
      this.#give(peer, holding)
      this.#network.relink()
    })
  }

  /** A peer stands still, mostly for longer than a lease; after a suspend its clock did too. */
  #pause(peer: number): void {
    const state = this.#states[peer] as State
    if (state.stillUntil > this.now) return
    const ms = this.chance.below(2 * LEASE_MS)
    state.stillUntil = this.now + ms
    if (this.chance.happens(0.5)) state.missed += ms
    this.#schedule.later(SILENCE_MS, () => {
      if (state.stillUntil > this.now) this.#network.lose(peer)
    })
  }

  #setClock(peer: number): void {
    const state = this.#states[peer] as State
    state.skew = this.chance.below(7_200_000) - 3_600_000
  }

  /** What a peer's clocks say now. */
  clockOf(peer: number): Now {
    const { skew, missed } = this.#states[peer] as State
    const mono = Math.max(0, this.now - missed)
    return { mono: mono as Monotonic, wall: (EPOCH + Math.floor(this.now) + skew) as Instant }
  }

  /** A member says of a push what only the leader of that term may say. */
  #lie(peer: number): void {
    const { engine } = this.peers[peer] as SimPeer
    const [push] = [...engine.board.unlanded.keys()].sort()
    const term = this.watch.termOfAnother(engine.me.actor)
    const { alive, stillUntil } = this.#states[peer] as State
    if (!alive || stillUntil > this.now || push === undefined || term === undefined) return
    const now = this.clockOf(peer)
    const fact = { at: now.wall, term, push, kind: 'unrelated' }
    const commit = this.base
    const prev = integrationOf(engine.board)
    const landing = { at: now.wall, term, push, prev, commit, tree: this.git.tree(commit), checks: [] }
    const draft: Draft = [
      { topic: 'verdicts', value: JSON.stringify(fact) },
      { topic: 'landings', value: JSON.stringify(landing) },
    ]
    const effects: Effect[] = []
    author(engine, now, effects, draft)
    this.#perform(peer, (on) => (this.peers[peer] as SimPeer).perform(effects, on))
  }

  /** The peer that leads in the highest term, as it believes itself. */
  #leader(): number | undefined {
    const roles = this.peers.map(({ engine }) => engine.lease.role)
    const terms = roles.map((role) => (role.kind === 'leader' ? role.term : 0))
    const highest = Math.max(...terms)
    return highest === 0 ? undefined : terms.indexOf(highest)
  }

  #happens(fault: keyof Faults, p: number): boolean {
    if (!this.chance.happens(p)) return false
    this.tally[fault]++
    return true
  }
}
