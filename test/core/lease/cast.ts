/** The cast of the lease's tests: agents with cheap signatures, a disk, and a wire between them. */
import {
  actorOf,
  type ActorId,
  type Hash,
  type Monotonic,
  type PublicKey,
  type RoomId,
} from '../../../src/core/brand.ts'
import { hashOf, sha256 } from '../../../src/core/bytes/hash.ts'
import { fromHex, utf8 } from '../../../src/core/bytes/text.ts'
import type { Verify } from '../../../src/core/crypto.ts'
import {
  openLease,
  stepLease,
  type Lease,
  type LeaseEffect,
  type LeaseInput,
  type Self,
} from '../../../src/core/lease/lease.ts'
import { decodeMessage, encodeMessage, type LeaseMessage } from '../../../src/core/lease/message.ts'
import type { FactPayload } from '../../../src/core/lease/record.ts'
import type { Rules } from '../../../src/core/lease/rules.ts'

export const ROOM = hashOf(utf8('a room')) as RoomId

/** The key of an agent that is called by a letter. */
export function keyNamed(name: string): PublicKey {
  return hashOf(utf8(`agent ${name}`)) as string as PublicKey
}

/** The n-th incarnation of an agent. */
export function actorNamed(name: string, life = 1): ActorId {
  return actorOf(keyNamed(name), life.toString(16).padStart(16, '0'))
}

export function actors(names: string): ActorId[] {
  return [...names].map((name) => actorNamed(name)).sort()
}

/** A signature that only tells who signed what: nobody in these tests forges one by chance. */
export function sign(key: PublicKey, message: Uint8Array): Uint8Array {
  const signature = new Uint8Array(64)
  signature.set(sha256(fromHex(key) as Uint8Array, message))
  return signature
}

export const verify: Verify = (key, message, signature) => {
  const expected = sign(key, message)
  return signature.length === 64 && expected.every((byte, at) => byte === signature[at])
}

export function selfNamed(name: string, life = 1): Self {
  const key = keyNamed(name)
  return { key, actor: actorNamed(name, life), sign: (message) => sign(key, message) }
}

/** What `persist` effects wrote. */
export type Disk = { journal: Uint8Array[]; record: Uint8Array[]; certificate: Uint8Array[] }

export function emptyDisk(): Disk {
  return { journal: [], record: [], certificate: [] }
}

export type Setting = {
  readonly me: Self
  readonly first: readonly ActorId[]
  readonly disk: Disk
  readonly rules?: Rules
  readonly era?: number
}

/** Opens a lease from a disk that must be sound. */
export function start({ me, first, disk, rules, era }: Setting): Lease {
  const opening = openLease({
    room: ROOM,
    me,
    first,
    verify,
    journal: disk.journal,
    records: disk.record,
    certificates: disk.certificate,
    ...(rules === undefined ? {} : { rules }),
    ...(era === undefined ? {} : { era }),
  })
  if (opening.kind !== 'open') throw new Error(`${opening.kind}: ${opening.why}`)
  return opening.lease
}

export function fact(value: string): FactPayload {
  return { kind: 'fact', topic: 'claims', actor: actorNamed('A'), n: 0, value }
}

type Letter = { readonly from: string; readonly to: string; readonly message: LeaseMessage }

export type Cast = {
  readonly names: string
  readonly first?: string
  readonly rules?: Rules
  /** Sees every effect in order, just before it is performed. */
  readonly watch?: (name: string, effect: LeaseEffect) => void
}

/** Agents on a wire that only carries what the test delivers, each with a clock of its own. */
export class Lab {
  readonly wire: Letter[] = []
  readonly effects = new Map<string, LeaseEffect[]>()
  readonly disks = new Map<string, Disk>()
  readonly leases = new Map<string, Lease>()
  readonly clocks = new Map<string, number>()
  readonly told = new Map<string, Map<number, Hash>>()
  readonly #first: readonly ActorId[]
  readonly #rules: Rules | undefined
  readonly #watch: ((name: string, effect: LeaseEffect) => void) | undefined

  constructor({ names, first = names, rules, watch }: Cast) {
    this.#first = actors(first)
    this.#rules = rules
    this.#watch = watch
    for (const name of names) {
      this.disks.set(name, emptyDisk())
      this.restart(name)
    }
    for (const name of names) for (const other of names) this.connect(name, other)
    this.lose({})
  }

  lease(name: string): Lease {
    const lease = this.leases.get(name)
    if (lease === undefined) throw new Error(`no agent ${name}`)
    return lease
  }

  now(name: string): Monotonic {
    return (this.clocks.get(name) ?? 0) as Monotonic
  }

  /** Starts an agent again from its disk. */
  restart(name: string): void {
    const disk = this.disks.get(name) as Disk
    const rules = this.#rules === undefined ? {} : { rules: this.#rules }
    this.leases.set(name, start({ me: selfNamed(name), first: this.#first, disk, ...rules }))
  }

  /** Starts an agent with an empty disk, as the same incarnation: what must never be. */
  wipe(name: string): void {
    this.disks.set(name, emptyDisk())
    this.restart(name)
  }

  /** Starts an agent with an empty disk, as the incarnation that it must then be. */
  reborn(name: string, life: number): void {
    const disk = emptyDisk()
    this.disks.set(name, disk)
    this.leases.set(name, start({ me: selfNamed(name, life), first: this.#first, disk }))
  }

  connect(name: string, other: string): void {
    if (name !== other) this.step(name, { kind: 'connected', key: keyNamed(other) })
  }

  step(name: string, input: LeaseInput): LeaseEffect[] {
    const effects = stepLease(this.lease(name), this.now(name), input)
    this.effects.set(name, [...(this.effects.get(name) ?? []), ...effects])
    for (const effect of effects) this.#perform(name, effect)
    return effects
  }

  /** Lets an agent's clock run, with a tick four times a second. */
  wait(name: string, ms: number): void {
    const until = this.now(name) + ms
    while (this.now(name) < until) {
      this.clocks.set(name, this.now(name) + 250)
      this.step(name, { kind: 'tick' })
    }
  }

  /** Lets time pass for these agents, who talk to each other and to nobody else. */
  pass(names: string, ms: number): void {
    for (let gone = 0; gone < ms; gone += 250) {
      for (const name of names) this.wait(name, 250)
      this.talk(names)
    }
  }

  /** Those of these agents who lead and are answered. */
  leaders(names: string): string[] {
    return [...names].filter((name) => {
      const { role } = this.lease(name)
      return role.kind === 'leader' && !role.lapsed
    })
  }

  /** Cuts the connections between two agents, on both sides. */
  cut(name: string, other: string): void {
    this.step(name, { kind: 'disconnected', key: keyNamed(other) })
    this.step(other, { kind: 'disconnected', key: keyNamed(name) })
  }

  /** Puts clocks forward without a tick: for them, whoever they heard has been silent since. */
  doze(names: string, ms = 30_000): void {
    for (const name of names) this.clocks.set(name, this.now(name) + ms)
  }

  /** Lets a second pass between these agents, then has them talk. */
  settle(names: string): void {
    this.doze(names, 1_100)
    this.talk(names)
  }

  /** Delivers what is on the wire between these agents and what follows from it; loses the rest. */
  talk(names: string): void {
    for (let rounds = 0; rounds < 50; rounds++) {
      const letters = this.wire
        .splice(0)
        .filter(({ from, to }) => names.includes(from) && names.includes(to))
      if (letters.length === 0) return
      for (const letter of letters) this.hand(letter)
    }
    throw new Error('the agents never fall silent')
  }

  /** Delivers, once, what matches; the rest stays on the wire. */
  deliver(which: { from?: string; to?: string; kind?: LeaseMessage['kind'] }): number {
    const letters = this.take(which)
    for (const letter of letters) this.hand(letter)
    return letters.length
  }

  lose(which: { from?: string; to?: string; kind?: LeaseMessage['kind'] }): void {
    this.take(which)
  }

  hand({ from, to, message }: Letter): void {
    this.step(to, { kind: 'heard', from: keyNamed(from), message })
  }

  /** Has an agent ask and stand before these, whom nobody leads; its `open` stays on the wire. */
  elect(name: string, by: string): boolean {
    // A refusal tells the candidate of a higher term; it tries again above that.
    for (let tries = 0; tries < 4; tries++) {
      this.lose({})
      for (const one of new Set(name + by)) this.doubt(one)
      this.lease(name).role = { kind: 'follower' }
      this.doze(name)
      this.step(name, { kind: 'tick' })
      for (const kind of ['pre-grant', 'grant'] as const) {
        for (const voter of by) {
          this.deliver({ from: name, to: voter, kind: 'stand' })
          this.deliver({ from: voter, to: name, kind })
          this.deliver({ from: voter, to: name, kind: 'refuse' })
        }
      }
      if (this.lease(name).role.kind === 'leader') return true
    }
    return false
  }

  /** Clocks leap: this agent doubts every leader, itself included. */
  doubt(name: string): void {
    const lease = this.lease(name)
    lease.heardAt = undefined
    lease.restingSince = -1e9 as Monotonic
    if (lease.role.kind === 'leader') lease.role.lapsed = true
    if (lease.role.kind === 'asking') lease.role = { kind: 'follower' }
  }

  /** Clocks stand still: a leader has all the time in the world. */
  faith(name: string): void {
    const { role } = this.lease(name)
    if (role.kind === 'leader') role.lapsed = false
  }

  /** Tells an agent who the members are, all of them able to lead. */
  members(name: string, names: string): void {
    const members = [...names].map((one) => ({
      actor: actorNamed(one),
      stands: true,
      online: true,
    }))
    this.step(name, { kind: 'eligible', members })
  }

  propose(name: string, value: string): string {
    const effects = this.step(name, { kind: 'propose', payload: fact(value) })
    const answer = effects.find((effect) => effect.kind === 'proposed')
    return answer === undefined ? 'nothing' : answer.outcome.kind
  }

  /** The places at which two agents were told that different records are confirmed. */
  lies(): number[] {
    const seqs = new Set([...this.told.values()].flatMap((told) => [...told.keys()]))
    return [...seqs].filter((seq) => {
      const ids = new Set([...this.told.values()].map((told) => told.get(seq)))
      ids.delete(undefined)
      return ids.size > 1
    })
  }

  take(which: { from?: string; to?: string; kind?: LeaseMessage['kind'] }): Letter[] {
    const matches = ({ from, to, message }: Letter) =>
      (which.from ?? from) === from &&
      (which.to ?? to) === to &&
      (which.kind ?? message.kind) === message.kind
    const taken = this.wire.filter(matches)
    this.wire.splice(0, this.wire.length, ...this.wire.filter((letter) => !matches(letter)))
    return taken
  }

  #perform(name: string, effect: LeaseEffect): void {
    this.#watch?.(name, effect)
    if (effect.kind === 'persist') this.disks.get(name)?.[effect.what].push(effect.bytes)
    if (effect.kind === 'send') {
      const to = [...this.leases.keys()].find((other) => keyNamed(other) === effect.to)
      if (to !== undefined) this.wire.push({ from: name, to, message: copy(effect.message) })
    }
    if (effect.kind === 'broadcast') {
      for (const to of this.leases.keys()) {
        if (to !== name) this.wire.push({ from: name, to, message: copy(effect.message) })
      }
    }
    if (effect.kind === 'confirmed') {
      const told = this.told.get(name) ?? new Map<number, Hash>()
      this.told.set(name, told)
      const { held } = this.lease(name).chain
      for (const { seq } of effect.records) told.set(seq, held[seq - 1]?.id as Hash)
    }
  }
}

/** A message as the other side reads it. */
export function copy(message: LeaseMessage): LeaseMessage {
  const decoded = decodeMessage(encodeMessage(message))
  if (decoded.kind === 'malformed') throw new Error(`bug: ${decoded.why}`)
  return decoded.value
}
