/**
 * A stage for engines: people with real keys, disks that are lists, and frames that arrive when the
 * test says so. Nothing happens by itself, so a test is a time line.
 */
import { makeAdmit, makeGenesis, makeInvite } from '../../../src/core/auth/author.ts'
import { evaluate } from '../../../src/core/auth/evaluate.ts'
import { agentIdOf } from '../../../src/core/auth/identity.ts'
import { encodeJoinRequest, makeJoinRequest } from '../../../src/core/auth/join.ts'
import { AuthLog } from '../../../src/core/auth/log.ts'
import type { Name } from '../../../src/core/auth/name.ts'
import {
  type ActorId,
  actorOf,
  type Hash,
  type Instant,
  type Monotonic,
  type PublicKey,
  type RoomId,
} from '../../../src/core/brand.ts'
import type { Signer, Verify } from '../../../src/core/crypto.ts'
import { restoreOps } from '../../../src/core/engine/authority.ts'
import type { Answer, Call } from '../../../src/core/engine/call.ts'
import type { Effect, Job, Now, StoreEntry } from '../../../src/core/engine/effect.ts'
import type { Input } from '../../../src/core/engine/input.ts'
import { type Engine, openState } from '../../../src/core/engine/state.ts'
import { wake } from '../../../src/core/engine/lives.ts'
import { step } from '../../../src/core/engine/step.ts'
import { decodeSigned, type Signed, type Witness } from '../../../src/core/engine/witness.ts'
import { fromHex, hex } from '../../../src/core/bytes/text.ts'
import { keptOf, restoreKept, volumeKept } from '../../../src/core/engine/kept.ts'
import { author, type Draft } from '../../../src/core/engine/streams.ts'
import { openLease } from '../../../src/core/lease/lease.ts'
import { decodeFrame, encodeFrame, type Frame } from '../../../src/core/sync/wire.ts'
import { signerFrom, verifyFast } from '../../../src/store/ed25519.ts'

export const START = 1_700_000_000_000

/** One member, what it did, and what is on its disk. */
export type Person = {
  name: string
  /** Begins the next incarnations: a clone's is another. */
  seed: Uint8Array
  signer: Signer
  key: PublicKey
  actor: ActorId
  engine: Engine
  disk: StoreEntry[]
  /** Every effect, in order. */
  did: Effect[]
}

const names = ['alice', 'bob', 'carol', 'dave']
const signers = names.map((_, n) => signerFrom(new Uint8Array(32).fill(n + 1)))
export const invite = signerFrom(new Uint8Array(32).fill(77))

/** A room on a stage, at a moment. */
export class Stage {
  readonly room: RoomId
  readonly people: Person[] = []
  readonly inviteId: Hash
  now = 1_000
  readonly #ops: Uint8Array[]
  readonly #links = new Set<string>()
  readonly #mail: { from: Person; to: Person; bytes: Uint8Array }[] = []
  #calls = 0

  /** A room with so many members, the first its founder; nobody is connected. */
  constructor(
    size: number,
    { uses = 100, approve = false, expires, secret = 0 }: {
      uses?: number
      approve?: boolean
      expires?: number
      secret?: number
    } = {},
  ) {
    const at = START as Instant
    const [founder] = signers as [Signer]
    const genesis = makeGenesis(founder, {
      incarnation: '0'.repeat(16),
      founder: 'alice' as Name,
      name: 'stage' as Name,
      secret: new Uint8Array(32).fill(secret),
      approve,
      at,
    })
    this.room = genesis.id as string as RoomId
    const asked = { key: invite.key, role: 'member' as const, uses, expires: expires as Instant | undefined }
    const made = makeInvite(founder, { room: this.room, parents: [genesis.id], at }, asked)
    this.inviteId = made.id
    this.#ops = [genesis.bytes, made.bytes]
    let parent = made.id
    for (let n = 1; n < size; n++) {
      const request = this.request(n)
      const name = names[n] as Name
      const spot = { room: this.room, parents: [parent], at }
      const admit = makeAdmit(founder, spot, { invite: made.id, request, name })
      parent = admit.id
      this.#ops.push(admit.bytes)
    }
    for (let n = 0; n < size; n++) this.enter(n, this.#ops)
  }

  /** How the n-th person asks to be let in. */
  request(n: number) {
    const member = signers[n] as Signer
    return makeJoinRequest({ room: this.room, invite, member, name: names[n] as Name })
  }

  /** The same as the question that a sponsor is asked. */
  question(n: number): Uint8Array {
    return encodeJoinRequest(this.request(n))
  }

  /** Puts a person on the stage with nothing but these ops. */
  enter(n: number, ops: readonly Uint8Array[]): Person {
    const signer = signers[n] as Signer
    const actor = actorOf(signer.key, String(n).padStart(16, '0'))
    const disk: StoreEntry[] = ops.map((bytes) => ({ kind: 'auth', bytes }))
    const seed = new Uint8Array(32).fill(n)
    // A disk names the life that it is of, in both logs.
    const life = fromHex(actor.slice(64)) as Uint8Array
    disk.push({ kind: 'incarnation', bytes: life }, { kind: 'life', bytes: life })
    const { engine } = openEngine(this.room, { signer, seed, disk })
    const name = names[n] as string
    const person = { name, seed, signer, key: signer.key, actor, engine, disk, did: [] }
    this.people.push(person)
    return person
  }

  /** A second daemon on a copy of a person's disk: nobody can tell it from the first. */
  clone(person: Person, name: string, disk: readonly StoreEntry[] = person.disk): Person {
    const seed = new Uint8Array(32).fill(100 + this.people.length)
    const copy: Person = { ...person, name, seed, disk: [...disk], did: [] }
    this.people.push(copy)
    this.restart(copy)
    return copy
  }

  /** Gives an input, and performs what follows. */
  give(person: Person, input: Input): Effect[] {
    const effects = step(person.engine, this.clock, input)
    this.perform(person, effects)
    return effects
  }

  perform(person: Person, effects: readonly Effect[]): void {
    person.actor = person.engine.me.actor
    for (const effect of effects) {
      person.did.push(effect)
      if (effect.kind === 'persist') person.disk.push(effect.entry)
      if (effect.kind === 'reset' || effect.kind === 'forget') this.#end(person, effect.peer)
      if (effect.kind !== 'send') continue
      const to = this.people.find(({ key, name }) => {
        return key === effect.to && this.#links.has(`${person.name}>${name}`)
      })
      if (to !== undefined) {
        this.#mail.push({ from: person, to, bytes: effect.frame })
      }
    }
  }

  #end(person: Person, key: PublicKey): void {
    for (const other of this.people) if (other.key === key) this.cut(person, other)
  }

  get clock(): Now {
    return { mono: this.now as Monotonic, wall: (START + this.now) as Instant }
  }

  of(key: PublicKey): Person {
    return this.people.find((person) => person.key === key) as Person
  }

  /** Makes a session between two, and lets them greet. */
  meet(a: Person, b: Person): void {
    for (const [one, other] of [[a, b], [b, a]] as const) this.#links.add(`${one.name}>${other.name}`)
    for (const [one, other] of [[a, b], [b, a]] as const) {
      this.give(one, { kind: 'up', peer: other.key, path: 'lan', address: 'stage' })
    }
    this.deliver()
  }

  /** Everybody meets everybody. */
  meetAll(): void {
    for (const [n, a] of this.people.entries()) {
      for (const b of this.people.slice(n + 1)) this.meet(a, b)
    }
  }

  /** Ends the session of two, with everything on its way. */
  cut(a: Person, b: Person): void {
    for (const [one, other] of [[a, b], [b, a]] as const) {
      if (!this.#links.delete(`${one.name}>${other.name}`)) continue
      this.give(one, { kind: 'down', peer: other.key, why: 'cut' })
    }
  }

  /** Lets a frame arrive, as if the peer had sent it. */
  frame(to: Person, from: Person, frame: Frame): Effect[] {
    return this.give(to, { kind: 'frame', peer: from.key, bytes: encodeFrame(frame) })
  }

  /** Everything that is on its way arrives, and what follows from it. */
  deliver(): void {
    for (let mail = this.#mail.shift(); mail !== undefined; mail = this.#mail.shift()) {
      if (!this.#links.has(`${mail.from.name}>${mail.to.name}`)) continue
      this.give(mail.to, { kind: 'frame', peer: mail.from.key, bytes: mail.bytes })
    }
  }

  /** Time passes for everybody, or for some. */
  pass(ms: number, people: readonly Person[] = this.people): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 100
      for (const person of people) this.give(person, { kind: 'tick' })
      this.deliver()
    }
  }

  /** Asks a person's engine, and answers what it said. */
  ask(person: Person, request: Call): Answer {
    const call = ++this.#calls
    const effects = this.give(person, { kind: 'call', call, request })
    const answer = effects.find((effect) => effect.kind === 'answer')
    if (answer === undefined) throw new Error('no answer')
    return answer.answer
  }

  /** Writes facts in somebody's name that its engine would not write by itself. */
  write(person: Person, facts: Draft): void {
    const effects: Effect[] = []
    author(person.engine, this.clock, effects, facts)
    this.perform(person, effects)
  }

  /** Ends a person's process and starts it again from its disk. */
  restart(person: Person): void {
    for (const other of this.people) this.cut(person, other)
    const { engine, witness } = openEngine(this.room, person)
    person.engine = engine
    this.perform(person, wake(engine, this.clock, witness))
    person.actor = engine.me.actor
  }

  /** Does the jobs that a person was given since last time. */
  jobsOf(person: Person): Job[] {
    const jobs = person.did.flatMap((effect) => (effect.kind === 'work' ? [effect.job] : []))
    person.did.length = 0
    return jobs
  }
}

/** Checks each signature once: everybody gets the same ones. */
const known = new Map<string, boolean>()
export const verify: Verify = (key, message, signature) => {
  const name = [key, message, signature].map((part) => Buffer.from(part).toString('latin1')).join()
  const sound = known.get(name) ?? verifyFast(key, message, signature)
  known.set(name, sound)
  return sound
}

/** An engine as a disk leaves it. */
export function openEngine(
  room: RoomId,
  { signer, seed, disk }: { signer: Signer; seed: Uint8Array; disk: readonly StoreEntry[] },
): { engine: Engine; witness: Witness } {
  const auth = new AuthLog(room, () => true)
  const of = (kind: StoreEntry['kind']) =>
    disk.filter((entry) => entry.kind === kind).map(({ bytes }) => bytes)
  const incarnation = hexOf(of('incarnation').at(-1)) as string
  const actor = actorOf(signer.key, incarnation)
  for (const bytes of of('auth')) auth.add(bytes, verify)
  const membership = evaluate(auth)
  if (membership === undefined) throw new Error('no genesis')
  const lease = (journal: Uint8Array[], by: ActorId) => openLease({
    room,
    me: { ...signer, actor: by },
    first: [membership.founder],
    verify,
    journal,
    records: of('record'),
    certificates: of('certificate'),
  })
  const first = lease(wordsOf(disk), actor)
  const rolledBack = first.kind === 'rolled-back' ? first.why : undefined
  const opened = rolledBack === undefined ? first : lease([], actorOf(signer.key, 'f'.repeat(16)))
  if (opened.kind !== 'open') throw new Error(opened.why)
  const me = { signer, actor, agent: agentIdOf(signer.key), integrates: 'yes' as const, seed }
  const kept = keptOf(disk)
  const volume = volumeKept(room, kept)
  const engine = openState({ me, verify, volume, auth, membership, lease: opened.lease })
  restoreOps(engine)
  restoreKept(engine, kept)
  const life = hexOf(of('life').at(-1))
  return { engine, witness: { incarnation, life, signed: signedOf(disk), rolledBack } }
}

/** The entries of the journal since its last incarnation. */
function ofThisLife(disk: readonly StoreEntry[]): readonly StoreEntry[] {
  return disk.slice(disk.findLastIndex(({ kind }) => kind === 'incarnation') + 1)
}

function wordsOf(disk: readonly StoreEntry[]): Uint8Array[] {
  return ofThisLife(disk).filter(({ kind }) => kind === 'journal').map(({ bytes }) => bytes)
}

function signedOf(disk: readonly StoreEntry[]): Signed | undefined {
  const last = ofThisLife(disk).findLast(({ kind }) => kind === 'signed')
  const read = last === undefined ? undefined : decodeSigned(last.bytes)
  return read?.kind === 'ok' ? read.value : undefined
}

function hexOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : hex(bytes)
}

/** The frames among some effects, read. */
export function framesIn(effects: readonly Effect[]): { to: PublicKey; frame: Frame }[] {
  return effects.flatMap((effect) => {
    if (effect.kind !== 'send') return []
    const read = decodeFrame(effect.frame)
    return read.kind === 'ok' ? [{ to: effect.to, frame: read.value }] : []
  })
}

/** The kinds of the frames to one peer, in order. */
export function kindsTo(to: Person, effects: readonly Effect[]): Frame['kind'][] {
  return framesIn(effects).filter((sent) => sent.to === to.key).map(({ frame }) => frame.kind)
}

/** Why a session was reset, if one was. */
export function resetIn(effects: readonly Effect[]): string | undefined {
  return effects.find((effect) => effect.kind === 'reset')?.why
}
