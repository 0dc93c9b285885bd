/**
 * A seeded world of leases: a network that delays, drops, doubles, reorders and parts; agents that
 * crash in the middle of their effects, restart, lose their disks, and whose clocks leap.
 */
import { keyOf, type ActorId, type Monotonic, type PublicKey } from '../../../src/core/brand.ts'
import {
  confirmedSeq,
  stepLease,
  votersOf,
  type Lease,
  type LeaseInput,
} from '../../../src/core/lease/lease.ts'
import type { Member } from '../../../src/core/lease/members.ts'
import { decodeMessage, encodeMessage, type LeaseMessage } from '../../../src/core/lease/message.ts'
import { comparePositions } from '../../../src/core/lease/position.ts'
import { position } from '../../../src/core/lease/queries.ts'
import type { Rules } from '../../../src/core/lease/rules.ts'
import {
  actorNamed,
  actors,
  emptyDisk,
  fact,
  selfNamed,
  start,
  type Disk,
} from '../../core/lease/cast.ts'
import { dice } from './dice.ts'
import { Oracle, Violation } from './oracle.ts'

export type Faults = {
  readonly drop: number
  readonly double: number
  readonly slow: number
  readonly part: number
  readonly crash: number
  readonly wipe: number
  readonly leap: number
  /** How often several lose faith in the leader without a reason that a test could name. */
  readonly doubt: number
  readonly reshape: number
  /** How often somebody proposes a fact. */
  readonly work: number
  /** How often somebody gives the lead up, or begins or ends to be one who only votes. */
  readonly resign?: number
}

export const CALM: Faults = {
  drop: 0,
  double: 0,
  slow: 0,
  part: 0,
  crash: 0,
  wipe: 0,
  leap: 0,
  doubt: 0,
  reshape: 0,
  work: 0,
}

type Agent = {
  readonly name: string
  readonly key: PublicKey
  life: number
  actor: ActorId
  disk: Disk
  lease: Lease | undefined
  skew: number
  upAt: number
  confirmed: number
  tail: { term: number; seq: number }
}

type Event =
  | { at: number; kind: 'letter'; from: Agent; to: Agent; life: number; bytes: Uint8Array }
  | { at: number; kind: 'tick'; agent: Agent }
  | { at: number; kind: 'chaos' }

export type Options = {
  readonly seed: number
  readonly names: string
  readonly first: string
  readonly rules?: Rules
  readonly mode?: 'strict' | 'harm'
}

const TICK_MS = 250

export class World {
  readonly oracle: Oracle
  readonly agents: Agent[]
  readonly #random: () => number
  readonly #options: Options
  readonly #first: ActorId[]
  readonly #queue: Event[] = []
  readonly #members: Set<Agent>
  /** Those who only vote. */
  readonly #shy = new Set<Agent>()
  #parted = new Set<Agent>()
  #faults: Faults = CALM
  now = 0
  steps = 0
  readonly trail: string[] = []

  constructor(options: Options) {
    this.#options = options
    this.#random = dice(options.seed)
    this.#first = actors(options.first)
    this.oracle = new Oracle(this.#first)
    this.agents = [...options.names].map((name) => ({
      name,
      key: keyOf(actorNamed(name)),
      life: 1,
      actor: actorNamed(name),
      disk: emptyDisk(),
      lease: undefined,
      skew: Math.floor(this.#random() * 5_000),
      upAt: 0,
      confirmed: 0,
      tail: { term: 0, seq: 0 },
    }))
    this.#members = new Set(this.agents.filter(({ name }) => options.first.includes(name)))
    for (const agent of this.agents) this.#up(agent)
    this.#at({ at: 300, kind: 'chaos' })
  }

  /** Lets the world run for a while under these faults. */
  run(ms: number, faults: Faults): void {
    this.#faults = faults
    const until = this.now + ms
    for (;;) {
      const event = this.#next(until)
      if (event === undefined) break
      this.now = event.at
      this.#happen(event)
    }
    this.now = until
  }

  /** Ends all trouble: everybody runs, reaches everybody, and is a member. */
  heal(): void {
    this.#faults = CALM
    this.#parted = new Set()
    this.#shy.clear()
    for (const agent of this.agents) {
      this.#members.add(agent)
      if (agent.lease === undefined) this.#up(agent)
    }
    this.#reconnect()
  }

  leaders(): Agent[] {
    return this.agents.filter(
      ({ lease }) => lease?.role.kind === 'leader' && lease.role.lapsed === false,
    )
  }

  propose(agent: Agent, value: string): void {
    this.#step(agent, { kind: 'propose', payload: fact(value) })
  }

  #happen(event: Event): void {
    this.steps++
    switch (event.kind) {
      case 'letter': {
        const { from, to, life, bytes } = event
        if (to.lease === undefined || to.life !== life || this.#cut(from, to)) return
        const message = decodeMessage(bytes)
        if (message.kind === 'malformed') throw new Violation(message.why)
        return this.#step(to, { kind: 'heard', from: from.key, message: message.value })
      }
      case 'tick':
        this.#at({ at: this.now + TICK_MS, kind: 'tick', agent: event.agent })
        if (event.agent.lease !== undefined) this.#step(event.agent, { kind: 'tick' })
        else if (this.now >= event.agent.upAt) this.#up(event.agent)
        return
      case 'chaos':
        this.#at({ at: this.now + 100 + this.#random() * 200, kind: 'chaos' })
        return this.#chaos()
    }
  }

  #chaos(): void {
    const { part, crash, wipe, leap, doubt, reshape, work, resign = 0 } = this.#faults
    const agent = this.#any(this.agents)
    if (this.#random() < work) this.propose(agent, `${this.now}`)
    if (this.#random() < crash) this.#crash(agent)
    else if (this.#random() < wipe) this.#wipe(agent)
    if (this.#random() < leap) agent.skew += Math.floor(this.#random() * 20_000)
    if (this.#random() < doubt) this.#sowDoubt()
    if (this.#random() < part) {
      const isPart = this.#random() < 0.6
      this.#parted = new Set(isPart ? this.agents.filter(() => this.#random() < 0.5) : [])
      this.#reconnect()
    }
    if (this.#random() < reshape) {
      const other = this.#any(this.agents)
      if (!this.#members.has(other)) this.#members.add(other)
      else if (this.#members.size > 1) this.#members.delete(other)
    }
    if (resign > 0) this.#resign(resign)
    for (const one of this.agents) if (this.#random() < 0.3) this.#tellMembers(one)
  }

  #resign(chance: number): void {
    const leader = this.agents.find(({ lease }) => lease?.role.kind === 'leader')
    if (leader !== undefined && this.#random() < chance) this.#step(leader, { kind: 'step-down' })
    if (this.#random() >= chance) return
    const agent = this.#any(this.agents)
    if (!this.#shy.delete(agent)) this.#shy.add(agent)
    // It knows of itself at once; others hear of it some time.
    this.#tellMembers(agent)
  }

  #sowDoubt(): void {
    for (const { lease } of this.agents) {
      if (lease === undefined || this.#random() < 0.3) continue
      lease.heardAt = undefined
      lease.restingSince = -1e9 as Monotonic
    }
  }

  #step(agent: Agent, input: LeaseInput): void {
    const { lease } = agent
    if (lease === undefined) return
    const effects = stepLease(lease, (this.now + agent.skew) as Monotonic, input)
    const strict = (this.#options.mode ?? 'strict') === 'strict'
    const isFatal = effects.length > 0 && this.#random() < this.#faults.crash / 20
    const survives = isFatal ? Math.floor(this.#random() * effects.length) : effects.length
    for (const effect of effects.slice(0, survives)) {
      switch (effect.kind) {
        case 'persist':
          if (strict && effect.what === 'journal') this.oracle.journal(agent.actor, effect.bytes)
          if (strict && effect.what === 'record') this.oracle.record(effect.bytes)
          agent.disk[effect.what].push(effect.bytes)
          break
        case 'send':
          for (const to of this.agents) {
            if (to.key === effect.to) this.#post(agent, to, effect.message)
          }
          break
        case 'broadcast':
          for (const to of this.agents) if (to !== agent) this.#post(agent, to, effect.message)
          break
        case 'confirmed':
          this.oracle.told(agent.actor, effect.records, strict ? 'strict' : 'harm')
          if (effect.records[0]?.seq !== agent.confirmed + 1) throw new Violation('told in leaps')
          agent.confirmed += effect.records.length
          break
        case 'rolled-back':
        case 'contradiction':
          throw new Violation(`${agent.name}: ${effect.kind}`)
        case 'unfit':
          // Everybody here is honest: a record that anybody refuses should not have been written.
          if (strict) throw new Violation(`${agent.name} refuses a record: ${effect.why}`)
          break
        case 'changed':
        case 'proposed':
          break
      }
    }
    if (isFatal) return this.#crash(agent)
    this.#checkTail(agent, lease)
  }

  #checkTail(agent: Agent, lease: Lease): void {
    if (this.#shy.has(agent) && lease.role.kind !== 'follower') {
      throw new Violation(`${agent.name} only votes, and is ${lease.role.kind}`)
    }
    const { term, seq } = position(lease)
    if (comparePositions({ term, seq }, agent.tail) < 0) throw new Violation('a tail ranks lower')
    agent.tail = { term, seq }
    if (confirmedSeq(lease) < agent.confirmed) throw new Violation('confirmed went back')
  }

  #post(from: Agent, to: Agent, message: LeaseMessage): void {
    const { drop, double, slow } = this.#faults
    const bytes = encodeMessage(message)
    const copies = this.#random() < double ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      if (this.#random() < drop || this.#cut(from, to)) continue
      const wait = this.#random() < slow ? this.#random() * 8_000 : 1 + this.#random() * 60
      this.#at({ at: this.now + wait, kind: 'letter', from, to, life: to.life, bytes })
    }
  }

  #crash(agent: Agent): void {
    agent.lease = undefined
    agent.upAt = this.now + this.#random() * 6_000
    this.#reconnect()
  }

  /** The disk is gone: the next start is another incarnation, which knows nothing. */
  #wipe(agent: Agent): void {
    this.#crash(agent)
    agent.life++
    agent.actor = actorNamed(agent.name, agent.life)
    agent.disk = emptyDisk()
    agent.confirmed = 0
    agent.tail = { term: 0, seq: 0 }
  }

  #up(agent: Agent): void {
    const isNew = agent.lease === undefined && this.steps === 0
    const me = selfNamed(agent.name, agent.life)
    const { rules } = this.#options
    const setting = { me, first: this.#first, disk: agent.disk }
    agent.lease = start(rules === undefined ? setting : { ...setting, rules })
    const told = confirmedSeq(agent.lease)
    if (told < agent.confirmed) throw new Violation(`${agent.name} forgot what was confirmed`)
    agent.confirmed = told
    this.#tellMembers(agent)
    if (isNew) this.#at({ at: this.now + this.#random() * TICK_MS, kind: 'tick', agent })
    this.#reconnect()
  }

  #tellMembers(agent: Agent): void {
    const members: Member[] = this.agents
      .filter((other) => this.#members.has(other))
      .map((other) => ({
        actor: other.actor,
        stands: !this.#shy.has(other),
        online: other === agent || (other.lease !== undefined && !this.#cut(agent, other)),
      }))
    if (agent.lease !== undefined) this.#step(agent, { kind: 'eligible', members })
  }

  #reconnect(): void {
    for (const agent of this.agents) {
      for (const other of this.agents) {
        if (agent === other || agent.lease === undefined) continue
        const reaches = other.lease !== undefined && !this.#cut(agent, other)
        if (reaches === agent.lease.connected.has(other.key)) continue
        this.#step(agent, { kind: reaches ? 'connected' : 'disconnected', key: other.key })
      }
    }
  }

  #cut(a: Agent, b: Agent): boolean {
    return this.#parted.has(a) !== this.#parted.has(b)
  }

  #any<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)] as T
  }

  #at(event: Event): void {
    let low = 0
    let high = this.#queue.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#queue[middle] as Event).at > event.at) low = middle + 1
      else high = middle
    }
    this.#queue.splice(low, 0, event)
  }

  #next(until: number): Event | undefined {
    const event = this.#queue.at(-1)
    return event !== undefined && event.at <= until ? this.#queue.pop() : undefined
  }
}

/** Everything that two runs of one seed must agree on. */
export function fingerprint({ agents, steps, oracle }: World): string {
  const tails = agents.map(({ lease, disk }) => [
    lease === undefined ? '' : position(lease).id,
    lease === undefined ? '' : votersOf(lease).voters,
    disk.journal.length,
  ])
  return JSON.stringify([steps, oracle.terms, oracle.confirmations, tails])
}
