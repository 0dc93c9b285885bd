/**
 * A simulated room: the real engines of some peers, their disks, a network, clocks that are wrong
 * and work that breaks off, all from one seed. What goes wrong, and how often, is in `faults.ts`.
 */
import { decodeJoinAnswer, encodeJoinRequest } from '../../../src/core/auth/join.ts'
import type { Instant, Monotonic, Oid, PublicKey } from '../../../src/core/brand.ts'
import type { Answer, Call } from '../../../src/core/engine/call.ts'
import type { Effect, Job, Now } from '../../../src/core/engine/effect.ts'
import type { Input } from '../../../src/core/engine/input.ts'
import { isMember } from '../../../src/core/engine/names.ts'
import { author, type Draft } from '../../../src/core/engine/streams.ts'
import { integrationOf } from '../../../src/core/room/views/board.ts'
import { undoneOf } from '../../../src/core/room/views/undo.ts'
import { LEASE_MS, SILENCE_MS, TICK_MS } from '../../../src/core/limits.ts'
import { Chance } from './chance.ts'
import { CALM, emptyTally, type Faults, type Tally } from './faults.ts'
import { EPOCH, found, type Founding } from './founding.ts'
import { type Files, SimGit } from './git.ts'
import { Watch } from './invariants.ts'
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
}

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
  readonly #founding: Founding
  readonly #states: State[] = []
  readonly #schedule = new Schedule()
  readonly #network: Network
  readonly #requests = new Map<number, { peer: number; request: Call }>()
  readonly #mutant: Mutant | undefined
  #calls = 0

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
  }

  /** Ends all faults: every link stands, every peer comes back, and nothing more goes wrong. */
  heal(): void {
    Object.assign(this.faults, CALM)
    this.#network.heal()
    this.join()
  }

  /** Which peer has this key; -1 for one that is not there yet. */
  indexOf(key: PublicKey): number {
    return this.peers.findIndex((peer) => peer.key === key)
  }

  #start(ops: readonly Uint8Array[]): void {
    const { room, peers } = this.#founding
    const seed = this.chance.bytes(32)
    const identity = { room, seed, ...(peers[this.peers.length] as Founding['peers'][number]) }
    const log = ops.map((bytes) => ({ kind: 'auth' as const, bytes }))
    const commits = new Set([this.base])
    const disk = { log, commits, pushes: new Set<never>(), integration: undefined }
    const skew = this.chance.below(7_200_000) - 3_600_000
    this.#states.push({ alive: true, inbox: [], stillUntil: 0, skew, missed: 0 })
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
      send: (to, frame) => this.#network.send(peer, this.indexOf(to), frame),
      pace: (to) => this.#network.pace(peer, this.indexOf(to)),
      reset: (to) => this.#network.end(peer, this.indexOf(to), 0),
      forget: (to) => this.#network.end(peer, this.indexOf(to), 0),
      want: (to) => {
        const other = this.indexOf(to)
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
    if (answer.kind !== 'joined' || this.peers.length === this.#founding.peers.length) return
    const read = decodeJoinAnswer(answer.bytes)
    if (read.kind !== 'ok' || read.value.kind !== 'admitted') return
    this.tally.joined++
    this.#start(read.value.ops)
    this.#network.relink()
  }

  #work(peer: number, job: Job): void {
    const { starts, disk } = this.peers[peer] as SimPeer
    const fails = this.#happens('job', this.faults.job) ? brokenOff(job, disk) : undefined
    this.#schedule.later(job.kind === 'check' ? 500 + this.chance.below(1_500) : 20, () => {
      const one = this.peers[peer] as SimPeer
      if (this.#states[peer]?.alive !== true || one.starts !== starts) return
      const commitsOf = (key: PublicKey) => {
        const holder = this.indexOf(key)
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
